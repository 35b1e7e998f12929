"""What each subgraph says about its types and fields, read from a supergraph or from itself.

A supergraph tells it by join directives, a subgraph's SDL by federation's own. The comparisons of
this package read facts, so that each idea is written down once.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from supergraph.checks.supergraph_text import SupergraphSide
from supergraph.definitions import (
    AppliedDirective,
    Element,
    FieldDefinition,
    SchemaDefinitions,
    TypeDefinition,
    TypeKind,
)
from supergraph.federation.field_set import (
    FieldSet,
    FieldSetError,
    FieldSetField,
    field_names,
    parse_field_set,
    print_field_set,
)
from supergraph.model import JoinField, JoinType, SupergraphType
from supergraph.model import TypeKind as ModelKind


@dataclass(frozen=True, slots=True)
class FieldFact:
    """What one subgraph says about a field. `requires` and `provides` are field sets, as text.

    `resolves` is also False for a field of an interface, which is only declared. `shareable` is
    None where nobody can know: a supergraph does not say.
    """

    resolves: bool = True
    external: bool = False
    requires: str | None = None
    provides: str | None = None
    override: str | None = None
    override_label: str | None = None
    shareable: bool | None = None
    context_arguments: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class TypeFact:
    """What one subgraph says about a type: `keys` maps a field set to whether it is resolvable."""

    keys: Mapping[str, bool] = field(default_factory=dict)
    interface_object: bool = False
    fields: Mapping[str, FieldFact] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Facts:
    """All that subgraphs say: `types[type][subgraph]`. `elements` are for places, by coordinate."""

    urls: Mapping[str, str]
    types: Mapping[str, Mapping[str, TypeFact]]
    elements: SchemaDefinitions

    def element(self, coordinate: str) -> Element | None:
        """The type or field of a coordinate."""
        name, _, member = coordinate.partition(".")
        found = self.elements.types.get(name)
        if found is None or not member:
            return found
        return found.fields.get(member) or found.input_fields.get(member)

    def key_fields(self, name: str) -> set[str]:
        """The outermost fields of all keys of a type."""
        return {
            member
            for fact in self.types.get(name, {}).values()
            for key in fact.keys
            for member in _outermost(key)
        }

    def fields(self, name: str) -> dict[str, dict[str, FieldFact]]:
        """The facts of a type's fields by field and subgraph."""
        found: dict[str, dict[str, FieldFact]] = {}
        for subgraph, fact in self.types.get(name, {}).items():
            for member, about in fact.fields.items():
                found.setdefault(member, {})[subgraph] = about
        return found


def field_pairs(old: Facts, new: Facts) -> Iterator[tuple[str, str, FieldFact, FieldFact]]:
    """What each subgraph said and says of each field that is on both sides."""
    nothing = FieldFact(resolves=False)
    for name in old.types:
        before, after = old.fields(name), new.fields(name)
        for member in before:
            if member not in after:
                continue
            for subgraph in dict.fromkeys((*before[member], *after[member])):
                yield (
                    f"{name}.{member}",
                    subgraph,
                    before[member].get(subgraph, nothing),
                    after[member].get(subgraph, nothing),
                )


def _outermost(text: str) -> list[str]:
    try:
        return list(field_names(parse_field_set(text)))
    except FieldSetError:
        return []


def canonical(field_set: FieldSet) -> str:
    """The text of a field set that all field sets of the same meaning have."""
    ordered = (
        FieldSetField(item.name, item.arguments, _ordered(item.selections))
        if isinstance(item, FieldSetField)
        else type(item)(item.type_condition, _ordered(item.selections))
        for item in field_set
    )
    return print_field_set(tuple(sorted(ordered, key=lambda item: print_field_set((item,)))))


def _ordered(field_set: FieldSet) -> FieldSet:
    return parse_field_set(canonical(field_set)) if field_set else ()


def canonical_text(text: str | None) -> str | None:
    """The same for a text; one that is no field set stays as it is."""
    if text is None:
        return None
    try:
        return canonical(parse_field_set(text))
    except FieldSetError:
        return text


# --- Of a supergraph -----------------------------------------------------------------------------


def facts_of_supergraph(side: SupergraphSide) -> Facts:
    """The facts of the types that `side` holds."""
    return Facts(
        urls={str(graph.name): graph.url for graph in side.graphs.values()},
        types={str(name): _type_facts(definition) for name, definition in side.types.items()},
        elements=side.definitions,
    )


def _type_facts(definition: SupergraphType) -> dict[str, TypeFact]:
    found: dict[str, TypeFact] = {}
    for graph in definition.graphs:
        joins = [join for join in definition.joins if join.graph == graph]
        fields = {
            item.name: _field_fact(join, definition)
            for item in definition.fields.values()
            for join in item.joins
            if join.graph == graph
        }
        found[str(graph)] = TypeFact(
            keys=_keys(joins),
            interface_object=any(join.is_interface_object for join in joins),
            fields=fields,
        )
    return found


def _keys(joins: Iterable[JoinType]) -> dict[str, bool]:
    return {canonical(join.key): join.resolvable for join in joins if join.key is not None}


def _field_fact(join: JoinField, definition: SupergraphType) -> FieldFact:
    of_object = definition.kind is ModelKind.OBJECT or definition.is_interface_object(join.graph)
    return FieldFact(
        resolves=of_object and not join.external and not join.used_overridden,
        external=join.external or join.used_overridden,
        requires=canonical(join.requires) if join.requires else None,
        provides=canonical(join.provides) if join.provides else None,
        override=join.override,
        override_label=join.override_label if join.override else None,
        context_arguments=tuple(
            (item.name, f"${item.context.rpartition('__')[2]} {item.selection}")
            for item in join.context_arguments
        ),
    )


# --- Of a subgraph -------------------------------------------------------------------------------


def facts_of_subgraph(
    name: str, definitions: SchemaDefinitions, *, all_shareable: bool = False
) -> Facts:
    """The facts of one subgraph; directives of `definitions` carry their plain names.

    `all_shareable` holds for Federation 1, which shares every field of types without a key that
    are no root types.
    """
    roots = set(definitions.roots.values())
    return Facts(
        urls={name: ""},
        types={
            item.name: {
                name: _subgraph_fact(item, all_shareable=all_shareable and item.name not in roots)
            }
            for item in definitions.types.values()
            if item.kind in (TypeKind.OBJECT, TypeKind.INTERFACE)
        },
        elements=definitions,
    )


def _subgraph_fact(definition: TypeDefinition, *, all_shareable: bool) -> TypeFact:
    keys = {
        canonical_text(key.text("fields")) or "": key.flag("resolvable", default=True)
        for key in definition.applied("key")
    }
    # Every subgraph of an entity has the fields of its keys: they need not say it.
    shared = {member for key in keys for member in _outermost(key)}
    if all_shareable and not keys:
        shared = set(definition.fields)
    return TypeFact(
        keys=keys,
        interface_object=definition.has("interfaceObject"),
        fields={
            item.name: _subgraph_field(
                item,
                of_object=definition.kind is TypeKind.OBJECT,
                shareable=item.name in shared or item.has("shareable"),
            )
            for item in definition.fields.values()
        },
    )


def _subgraph_field(definition: FieldDefinition, *, of_object: bool, shareable: bool) -> FieldFact:
    override = _first(definition, "override")
    return FieldFact(
        resolves=of_object and not definition.has("external"),
        external=definition.has("external"),
        requires=_field_set(definition, "requires"),
        provides=_field_set(definition, "provides"),
        override=override.text("from") if override else None,
        override_label=override.text("label") if override else None,
        shareable=shareable,
        context_arguments=tuple(
            (argument.name, applied.text("field") or "")
            for argument in definition.arguments.values()
            for applied in argument.applied("fromContext")
        ),
    )


def _first(element: Element, feature: str) -> AppliedDirective | None:
    return next(iter(element.applied(feature)), None)


def _field_set(element: Element, feature: str) -> str | None:
    applied = _first(element, feature)
    return canonical_text(applied.text("fields")) if applied else None
