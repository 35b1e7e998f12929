"""Fields of object and interface types: who resolves them, and what the supergraph says of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from supergraph.definitions import (
    AppliedDirective,
    FieldDefinition,
    TypeDefinition,
    TypeKind,
    quoted_list,
    type_text,
)
from supergraph.errors import ErrorCode
from supergraph.merge.access import with_access_rules
from supergraph.merge.applied import merge_applied
from supergraph.merge.context import MergeContext, Source, names
from supergraph.merge.description import merge_description
from supergraph.merge.external import check_external_declarations
from supergraph.merge.input_value import merge_arguments
from supergraph.merge.join import join_field
from supergraph.merge.overrides import Overrides, resolve_overrides
from supergraph.merge.type_ref import merge_types
from supergraph.subgraph.contexts import context_reference, supergraph_context
from supergraph.subgraph.field_sets import fields_text
from supergraph.subgraph.usage import is_external


@dataclass(frozen=True, slots=True)
class _FieldSources:
    """The sources of one field by role; `all` is in subgraph order."""

    all: list[Source[FieldDefinition]]
    external: list[Source[FieldDefinition]]
    overrides: Overrides

    @property
    def resolving(self) -> list[Source[FieldDefinition]]:
        external = {id(source.element) for source in self.external}
        return [source for source in self.all if id(source.element) not in external]


def merge_field(
    context: MergeContext, name: str, parents: Sequence[Source[TypeDefinition]]
) -> FieldDefinition:
    """One field of all subgraphs that define its type; `parents` are those types."""
    type_name = parents[0].element.name
    coordinate = f"{type_name}.{name}"
    having = [source for source in parents if name in source.element.fields]
    is_interface = any(source.element.kind is TypeKind.INTERFACE for source in parents)
    kind = TypeKind.INTERFACE if is_interface else TypeKind.OBJECT
    sources = _sources(context, coordinate, name, having)
    resolving = sources.resolving or [
        source for source, _ in _through_interface_objects(context, type_name, name)
    ]
    is_resolved = bool(resolving)
    if not is_resolved:
        context.error(
            ErrorCode.EXTERNAL_MISSING_ON_BASE,
            f'Field "{coordinate}" is marked @external on all the subgraphs in which it is listed '
            f"({names(sources.external)}).",
            sources.external,
            coordinate,
        )
        resolving = sources.all
    merged = FieldDefinition(
        name=name,
        description=merge_description(context, coordinate, sources.all),
        directives=merge_applied(
            context, coordinate, with_access_rules(context, kind, resolving, type_name, name)
        ),
        nodes=[node for source in sources.all for node in source.element.nodes],
        type=merge_types(context, coordinate, resolving, is_input=False),
        arguments=merge_arguments(context, coordinate, resolving),
    )
    if sources.external and is_resolved:
        check_external_declarations(context, coordinate, merged, resolving, sources.external)
    if having[0].element.kind is TypeKind.OBJECT and not having[0].element.has("interfaceObject"):
        _check_sharing(context, coordinate, type_name, name, sources)
    joins = list(_join_fields(context, parents, sources))
    merged.directives = [*joins, *merged.directives]
    return merged


def _sources(
    context: MergeContext, coordinate: str, name: str, having: Sequence[Source[TypeDefinition]]
) -> _FieldSources:
    everyone = [Source(source.subgraph, source.element.fields[name]) for source in having]
    external = [
        Source(source.subgraph, source.element.fields[name])
        for source in having
        if is_external(
            source.element, source.element.fields[name], context.usages[source.subgraph.name]
        )
    ]
    kinds = {source.subgraph.name: source.element.kind for source in having}
    objects = {s.subgraph.name for s in having if s.element.has("interfaceObject")}
    overrides = resolve_overrides(context, coordinate, everyone, kinds, objects)
    return _FieldSources(everyone, external, overrides)


def _check_sharing(
    context: MergeContext, coordinate: str, type_name: str, name: str, sources: _FieldSources
) -> None:
    """A field that several subgraphs resolve has to be shareable in each of them.

    A subgraph that provides a field resolves it too, on some paths.
    """
    external = {id(source.element) for source in sources.external}
    resolving = [
        (source, "", (type_name, name))
        for source in sources.all
        if source.subgraph.name not in sources.overrides.overridden
        and not _moves_away(source.subgraph.name, sources)
        and (
            id(source.element) not in external
            or (type_name, name) in context.usages[source.subgraph.name].provided
        )
    ]
    present = {source.subgraph.name for source in sources.all}
    for source, interface in _through_interface_objects(context, type_name, name):
        if source.subgraph.name not in present:
            through = f' (through @interfaceObject field "{interface}.{name}")'
            resolving.append((source, through, (interface, name)))
    if len(resolving) < 2:
        return
    unshared = [
        (source, through)
        for source, through, key in resolving
        if not source.element.has("shareable")
        and id(source.element) not in external
        and key not in context.usages[source.subgraph.name].keys
    ]
    if not unshared:
        return
    by = _and([f'"{source.subgraph.name}"{through}' for source, through, _ in resolving])
    where = (
        "all of them"
        if len(unshared) == len(resolving)
        else quoted_list([source.subgraph.name for source, _ in unshared])
    )
    context.error(
        ErrorCode.INVALID_FIELD_SHARING,
        f'Non-shareable field "{coordinate}" is resolved from multiple subgraphs: it is resolved '
        f"from subgraphs {by} and defined as non-shareable in {where}",
        [source for source, _, _ in resolving],
        coordinate,
    )


def _moves_away(subgraph: str, sources: _FieldSources) -> bool:
    """Whether a progressive override is taking the field from this subgraph."""
    if subgraph not in sources.overrides.labels:
        return False
    own = next(source for source in sources.all if source.subgraph.name == subgraph)
    return not own.element.has("override")


def _and(parts: Sequence[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"


def _through_interface_objects(
    context: MergeContext, type_name: str, name: str
) -> Iterable[tuple[Source[FieldDefinition], str]]:
    for interface in sorted(context.supertypes.get(type_name, ())):
        for source in context.type_sources(interface):
            definition, subgraph = source.element, source.subgraph
            field = definition.fields.get(name)
            if (
                field is not None
                and definition.has("interfaceObject")
                and not is_external(definition, field, context.usages[subgraph.name])
            ):
                yield Source(subgraph, field), interface


def _join_fields(
    context: MergeContext, parents: Sequence[Source[TypeDefinition]], sources: _FieldSources
) -> Iterable[AppliedDirective]:
    """`@join__field` per subgraph, or none where all subgraphs simply have the field."""
    overrides = sources.overrides
    types = {type_text(source.element.type) for source in sources.all}
    external = {id(source.element) for source in sources.external}
    is_plain = (
        len(sources.all) == len(parents)
        and len(types) == 1
        and not external
        and not overrides.overridden
        and not overrides.labels
        and not any(
            source.element.has(feature)
            for source in sources.all
            for feature in ("requires", "provides")
        )
        and not any(
            argument.has("fromContext")
            for source in sources.all
            for argument in source.element.arguments.values()
        )
    )
    if is_plain:
        return
    for source in sources.all:
        name, field = source.subgraph.name, source.element
        is_overridden = name in overrides.overridden
        if is_overridden and name not in overrides.used:
            continue
        override = field.applied("override")
        label = overrides.labels.get(name)
        yield join_field(
            context.graphs[name],
            requires=_fields_argument(field, "requires"),
            provides=_fields_argument(field, "provides"),
            type=type_text(field.type) if len(types) > 1 else None,
            external=id(field) in external,
            override=override[0].text("from") if override else None,
            used_overridden=is_overridden,
            override_label=label,
            context_arguments=list(_context_arguments(source)),
        )


def _context_arguments(source: Source[FieldDefinition]) -> Iterable[dict[str, str]]:
    for argument in source.element.arguments.values():
        for directive in argument.applied("fromContext"):
            reference = context_reference(directive)
            if reference is not None:
                yield {
                    "context": supergraph_context(source.subgraph, reference.context),
                    "name": argument.name,
                    "type": type_text(argument.type),
                    "selection": reference.selection,
                }


def _fields_argument(field: FieldDefinition, feature: str) -> str | None:
    applied = field.applied(feature)
    return fields_text(applied[0]) if applied else None


def interface_object_field(
    context: MergeContext, type_name: str, field: FieldDefinition
) -> FieldDefinition:
    """The copy of an interface's field that an implementation gets through interface objects."""
    none = _FieldSources([], [], Overrides())
    _check_sharing(context, f"{type_name}.{field.name}", type_name, field.name, none)
    kept = [item for item in field.directives if not item.name.startswith("join__")]
    return FieldDefinition(
        name=field.name,
        description=field.description,
        directives=[join_field(), *kept],
        nodes=list(field.nodes),
        type=field.type,
        arguments=dict(field.arguments),
    )


def empty_root(name: str) -> TypeDefinition:
    """A root type without fields: every subgraph has at least `_entities` there."""
    return TypeDefinition(name=name, kind=TypeKind.OBJECT)
