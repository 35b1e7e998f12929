"""Federation 1 subgraphs, rewritten to mean the same in Federation 2.

Federation 1 had no `@shareable`: whatever several subgraphs define is shared. It allowed marks of
`@external` that say nothing, keys on interfaces that did nothing, and type extensions as the usual
way to contribute fields. None of that is a mistake of the author today; all of it would be an error
in Federation 2.
"""

from __future__ import annotations

from collections.abc import Iterable

from graphql import StringValueNode

from supergraph.definitions import AppliedDirective, TypeDefinition, TypeKind, base_name
from supergraph.errors import CompositionError, ErrorCode
from supergraph.federation.field_set import field_names
from supergraph.subgraph.field_sets import fields_text, parsed_fields
from supergraph.subgraph.model import Subgraph
from supergraph.subgraph.usage import field_usage


def upgrade_federation_1(
    subgraph: Subgraph, others: Iterable[Subgraph] = ()
) -> list[CompositionError]:
    """Rewrite a Federation 1 subgraph in place; `others` are those it is composed with."""
    _plain_field_sets(subgraph)
    for other in others:
        if other is not subgraph:
            _take_keys(subgraph, other)
    for definition in subgraph.types.values():
        if definition.kind is TypeKind.INTERFACE:
            _drop(definition, "key")
            for field in definition.fields.values():
                for feature in ("external", "requires", "provides"):
                    field.directives = [d for d in field.directives if d.feature != feature]
        elif definition.kind is TypeKind.OBJECT:
            _drop_type_level_external(definition)
            _drop_idle_provides(subgraph, definition)
    errors = _drop_unused_external(subgraph)
    for definition in subgraph.types.values():
        if definition.kind is TypeKind.OBJECT:
            _share(definition)
        # `extend type` was the ordinary way to add fields to another subgraph's entity.
        if not definition.has("extends"):
            definition.has_base = True
    return errors


def _take_keys(subgraph: Subgraph, other: Subgraph) -> None:
    """An extension without a key has the fields of the extended type's key, external or not."""
    for definition in subgraph.types.values():
        extended = other.types.get(definition.name)
        is_extension = definition.has_extensions and not definition.has_base
        if extended is None or not is_extension or definition.has("key"):
            continue
        for key in extended.applied("key"):
            for name in field_names(parsed_fields(key) or ()):
                field = definition.fields.get(name)
                if field is not None:
                    field.directives = [d for d in field.directives if d.feature != "external"]


def _drop(definition: TypeDefinition, feature: str) -> None:
    definition.directives = [d for d in definition.directives if d.feature != feature]


def _plain_field_sets(subgraph: Subgraph) -> None:
    """`fields:` could also be a bare name or a list of strings."""
    for definition in subgraph.types.values():
        directives = [*definition.directives]
        for field in definition.fields.values():
            directives += field.directives
        for directive in directives:
            if directive.feature not in ("key", "requires", "provides"):
                continue
            text = fields_text(directive)
            if text is not None:
                directive.arguments["fields"] = StringValueNode(value=text, block=False)


def _drop_type_level_external(definition: TypeDefinition) -> None:
    on_type = {id(item.node) for item in definition.applied("external")}
    if not on_type:
        return
    _drop(definition, "external")
    for field in definition.fields.values():
        field.directives = [d for d in field.directives if id(d.node) not in on_type]


def _drop_idle_provides(subgraph: Subgraph, definition: TypeDefinition) -> None:
    for field in definition.fields.values():
        target = subgraph.types.get(base_name(field.type))
        if target is None or not target.is_composite:
            field.directives = [d for d in field.directives if d.feature != "provides"]


def _drop_unused_external(subgraph: Subgraph) -> list[CompositionError]:
    """An external field that nothing refers to was never asked of the subgraph."""
    usage = field_usage(subgraph)
    emptied: list[str] = []
    for definition in subgraph.types.values():
        if definition.kind is not TypeKind.OBJECT:
            continue
        unused = [
            field.name
            for field in definition.fields.values()
            if field.has("external") and not usage.is_used((definition.name, field.name))
        ]
        for name in unused:
            del definition.fields[name]
        if unused and not definition.fields:
            emptied.append(definition.name)
    referenced = {
        base_name(field.type)
        for definition in subgraph.types.values()
        for field in definition.fields.values()
    } | {member for definition in subgraph.types.values() for member in definition.members}
    errors = []
    for name in emptied:
        if name not in referenced:
            del subgraph.types[name]
        else:
            errors.append(
                subgraph.error(
                    ErrorCode.TYPE_WITH_ONLY_UNUSED_EXTERNAL,
                    f'Type "{name}" contains only external fields and all those fields are all '
                    "unused (they do not appear in any @key, @provides or @requires).",
                    *subgraph.types[name].nodes,
                    coordinate=name,
                )
            )
    return errors


def _share(definition: TypeDefinition) -> None:
    for field in definition.fields.values():
        if field.has("external"):
            # What is external here carries no directives of its own into the supergraph.
            field.directives = [d for d in field.directives if d.feature != "tag"]
        elif not field.has("shareable"):
            field.directives.append(AppliedDirective("shareable", {}, "shareable"))
