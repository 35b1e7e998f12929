"""Which operations a change of the graph can matter to at all.

Validating and planning thousands of operations takes much longer than anything else of a check, and
most changes touch few of them. Whether an operation is valid depends on the definitions of what it
uses; its plan on these, and on what the planner needs to move between the subgraphs of the types it
uses: keys, `@requires`, `@provides`, and the other types behind interfaces and unions. If all that
is the same in both graphs, so are validity and plan.

The answer is a set of schema coordinates. A whole type is in it if anything but its fields differs,
or a field that field sets speak of, or anything of a type that it is related to so.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from graphql import (
    GraphQLEnumType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    get_named_type,
)

from supergraph.checks.side import GraphSide
from supergraph.definitions import base_name
from supergraph.federation.field_set import FieldSet, FieldSetFragment
from supergraph.model import Supergraph, SupergraphType


def touched_coordinates(old: GraphSide, new: GraphSide) -> frozenset[str] | None:
    """The coordinates that differ in a way that can matter; None if everything may."""
    whole: set[str] = set()
    fields: set[str] = set()
    for before, after in _schemas(old, new):
        if _root_names(before) != _root_names(after):
            return None
        _compare_schemas(before, after, whole, fields)
    if old.supergraph is not None and new.supergraph is not None:
        if old.supergraph.graphs != new.supergraph.graphs:
            return None  # which of several plans is taken may depend on the set of subgraphs
        _compare_joins(old.supergraph, new.supergraph, whole, fields)
    relations = [_Relations(side) for side in (old, new)]
    in_field_sets = set().union(*(relation.field_set_coordinates for relation in relations))
    whole |= {coordinate.partition(".")[0] for coordinate in fields & in_field_sets}
    _spread(whole, relations)
    for relation in relations:
        fields |= set(relation.seen_elsewhere(fields))
    # An enum's value may be named where its type is not.
    for _, schema in _schemas(old, new):
        for name in whole:
            definition = schema.type_map.get(name)
            if isinstance(definition, GraphQLEnumType):
                fields |= {f"{name}.{value}" for value in definition.values}
    return frozenset(whole | fields)


def _schemas(old: GraphSide, new: GraphSide) -> Iterator[tuple[GraphQLSchema, GraphQLSchema]]:
    yield old.api_schema, new.api_schema
    if old.supergraph is not None and new.supergraph is not None:
        yield old.supergraph.schema, new.supergraph.schema


def _root_names(schema: GraphQLSchema) -> tuple[str | None, ...]:
    roots = (schema.query_type, schema.mutation_type, schema.subscription_type)
    return tuple(root.name if root is not None else None for root in roots)


# --- What differs --------------------------------------------------------------------------------


def _compare_schemas(
    old: GraphQLSchema, new: GraphQLSchema, whole: set[str], fields: set[str]
) -> None:
    for name in old.type_map.keys() | new.type_map.keys():
        before, after = old.type_map.get(name), new.type_map.get(name)
        if before is None or after is None or type(before) is not type(after):
            whole.add(name)
            continue
        if before is after or name.startswith("__"):
            continue
        if not isinstance(before, GraphQLObjectType | GraphQLInterfaceType):
            if before.ast_node != after.ast_node:
                whole.add(name)
            continue
        assert isinstance(after, type(before))  # noqa: S101 - compared above
        if [i.name for i in before.interfaces] != [i.name for i in after.interfaces]:
            whole.add(name)
        for field in before.fields.keys() | after.fields.keys():
            left, right = before.fields.get(field), after.fields.get(field)
            if left is None or right is None or left.ast_node != right.ast_node:
                fields.add(f"{name}.{field}")
    left_directives = {item.name: item.ast_node for item in old.directives}
    right_directives = {item.name: item.ast_node for item in new.directives}
    for name in left_directives.keys() | right_directives.keys():
        if left_directives.get(name, 0) != right_directives.get(name, 0):
            whole.add(f"@{name}")


def _compare_joins(old: Supergraph, new: Supergraph, whole: set[str], fields: set[str]) -> None:
    for name in old.types.keys() | new.types.keys():
        before, after = old.types.get(name), new.types.get(name)
        if before is None or after is None:
            whole.add(name)
            continue
        if replace(before, fields={}) != replace(after, fields={}):
            whole.add(name)
        for field in before.fields.keys() | after.fields.keys():
            if before.fields.get(field) != after.fields.get(field):
                fields.add(f"{name}.{field}")


# --- What depends on it --------------------------------------------------------------------------


class _Relations:
    """Which types an operation on each type depends on, in one graph.

    An operation on an interface or union depends on all types behind it, one on an object on its
    interfaces (whose fields another subgraph may resolve), though not on their other types.
    """

    def __init__(self, side: GraphSide) -> None:
        self._schema = side.supergraph.schema if side.supergraph is not None else side.api_schema
        self.field_set_coordinates: set[str] = set()
        self.dependents: dict[str, set[str]] = {}
        self.implementations: dict[str, set[str]] = {}
        self._interfaces: dict[str, set[str]] = {}
        for definition in self._schema.type_map.values():
            if isinstance(definition, GraphQLObjectType | GraphQLInterfaceType):
                for interface in definition.interfaces:
                    self._interfaces.setdefault(definition.name, set()).add(interface.name)
                    self.implementations.setdefault(interface.name, set()).add(definition.name)
                    self._depends(interface.name, definition.name)
            elif isinstance(definition, GraphQLUnionType):
                for member in definition.types:
                    self._depends(definition.name, member.name)
        if side.supergraph is not None:
            for item in side.supergraph.types.values():
                for field_set, at in _field_sets(item, self._schema):
                    for name, field in _selected(field_set, at, self._schema):
                        self.field_set_coordinates.add(f"{name}.{field}")
                        if name != item.name:
                            self._depends(item.name, name)

    def seen_elsewhere(self, fields: Iterable[str]) -> Iterator[str]:
        """The fields of implementations and interfaces that stand for these, and the reverse."""
        for coordinate in fields:
            name, _, field = coordinate.partition(".")
            for others in (self._interfaces, self.implementations):
                yield from (f"{other}.{field}" for other in others.get(name, ()))

    def _depends(self, name: str, other: str) -> None:
        self.dependents.setdefault(other, set()).add(name)


def _field_sets(item: SupergraphType, schema: GraphQLSchema) -> Iterator[tuple[FieldSet, str]]:
    """The field sets that stand at a type, each with the type it selects of."""
    for join in item.joins:
        if join.key is not None:
            yield join.key, item.name
    for field in item.fields.values():
        for join_field in field.joins:
            if join_field.requires is not None:
                yield join_field.requires, item.name
            if join_field.provides is not None:
                yield join_field.provides, base_name(field.type)


def _selected(
    field_set: FieldSet, type_name: str, schema: GraphQLSchema
) -> Iterator[tuple[str, str]]:
    """Every field that a field set selects, with the type it is selected of."""
    for selection in field_set:
        if isinstance(selection, FieldSetFragment):
            yield from _selected(
                selection.selections, selection.type_condition or type_name, schema
            )
            continue
        yield type_name, selection.name
        field = getattr(schema.type_map.get(type_name), "fields", {}).get(selection.name)
        if field is not None and selection.selections:
            yield from _selected(selection.selections, get_named_type(field.type).name, schema)


def _spread(whole: set[str], relations: Iterable[_Relations]) -> None:
    """Add what depends on these types, however indirectly."""
    for relation in relations:
        for name in [*whole]:
            whole |= relation.implementations.get(name, set())
    pending = list(whole)
    while pending:
        current = pending.pop()
        for relation in relations:
            new = relation.dependents.get(current, set()) - whole
            whole |= new
            pending += new
