"""Data for any supergraph, subgraphs that serve it strictly, and the answer one schema would give.

Every value follows from the object's type and number, the field and its arguments, so all
subgraphs agree without sharing anything. A subgraph refuses what a real one could not do: fields
it does not resolve at the node where it is asked, requirements that were not sent or are wrong,
documents that its schema does not allow.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from graphql import (
    GraphQLError,
    GraphQLResolveInfo,
    GraphQLSchema,
    ListTypeNode,
    NonNullTypeNode,
    OperationType,
    TypeNode,
    build_schema,
    graphql_sync,
    is_enum_type,
    print_ast,
)

from gateway.transport.base import SubgraphRequest, SubgraphResponse
from supergraph.api_schema import type_name as named_type
from supergraph.federation.field_set import FieldSet, FieldSetFragment
from supergraph.model import SubgraphName, Supergraph, SupergraphType, TypeKind, TypeName
from supergraph.query_graph import Node, QueryGraph, build_query_graph

BUILT_IN = frozenset({"Int", "Float", "String", "Boolean", "ID"})


@dataclass(frozen=True)
class Thing:
    """An object; `node` says where a subgraph stands with it, `sent` is its representation."""

    type_name: str
    number: int
    node: Node | None = None
    sent: Mapping[str, Any] | None = None


def _hash(*parts: object) -> int:
    text = json.dumps(parts, sort_keys=True, default=str)
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=6).digest(), "big")


class Universe:
    """The data of one supergraph."""

    def __init__(self, supergraph: Supergraph, seed: int = 0) -> None:
        self.supergraph = supergraph
        self.graph: QueryGraph = build_query_graph(supergraph)
        self.seed = seed
        self.keys = {
            owned
            for name, definition in supergraph.types.items()
            for join in definition.joins
            for owned in self._fields_of(name, join.key or ())
        }
        self.interface_of: dict[str, list[str]] = {}
        for name, definition in sorted(supergraph.types.items()):
            if any(join.is_interface_object for join in definition.joins):
                possible: list[str] = sorted(self.graph.possible_types(name))
                self.interface_of |= dict.fromkeys([*possible, name], possible)

    def _fields_of(self, name: TypeName, field_set: FieldSet) -> set[tuple[TypeName, str]]:
        found: set[tuple[TypeName, str]] = set()
        for selection in field_set:
            if isinstance(selection, FieldSetFragment):
                found |= self._fields_of(
                    TypeName(selection.type_condition or name), selection.selections
                )
                continue
            for owner in {name, *self.graph.possible_types(name)}:
                found.add((owner, selection.name))
            if selection.selections:
                target = self.supergraph.types[name].fields[selection.name].type
                found |= self._fields_of(TypeName(named_type(target)), selection.selections)
        return found

    # --- Values ------------------------------------------------------------------------------

    def value(self, thing: Thing, field: str, arguments: Mapping[str, Any]) -> Any:
        """A leaf, a `Thing`, or a list of them."""
        type_name = TypeName(thing.type_name)
        definition = self.supergraph.types[type_name].fields[field]
        is_key = (type_name, field) in self.keys
        visible = self._visible_arguments(type_name, field)
        known = {name: value for name, value in arguments.items() if name in visible}
        seed = _hash(self.seed, thing.type_name, thing.number, field, known)
        types = [join.type for join in self._declarations(type_name, field)] or [definition.type]
        may_be_null = not any(isinstance(node, NonNullTypeNode) for node in types)
        if may_be_null and not is_key and seed % 7 == 0:
            return None
        return self._of_type(definition.type, types, thing, field, seed, is_key=is_key)

    def _visible_arguments(self, type_name: TypeName, field: str) -> Mapping[str, Any]:
        """Arguments clients may know; the others always have their defaults."""
        fields = getattr(self.supergraph.api_schema.get_type(type_name), "fields", {})
        return fields[field].args if field in fields else {}

    def _declarations(self, type_name: TypeName, field: str) -> list[Any]:
        """Where the field is resolved: by the type itself, or by interface objects."""
        definition = self.supergraph.types[type_name]
        found = [join for join in definition.fields[field].joins if not join.external]
        for item in definition.implements:
            inherited = self.supergraph.types[item.interface].fields.get(field)
            found += inherited.joins if inherited is not None else ()
        return found

    def _of_type(
        self,
        node: TypeNode,
        declared: list[TypeNode],
        thing: Thing,
        field: str,
        seed: int,
        *,
        is_key: bool,
    ) -> Any:
        if isinstance(node, NonNullTypeNode):
            return self._of_type(node.type, declared, thing, field, seed, is_key=is_key)
        if isinstance(node, ListTypeNode):
            return [
                self._of_type(node.type, declared, thing, field, _hash(seed, index), is_key=is_key)
                for index in range(1 if is_key else seed % 3)
            ]
        name = TypeName(named_type(node))
        definition = self.supergraph.types.get(name)
        if definition is None or definition.kind in (TypeKind.SCALAR, TypeKind.ENUM):
            return self._leaf(name, definition, thing, field, seed, is_key=is_key)
        possible = set(self.graph.possible_types(name))
        for join in self._declarations(TypeName(thing.type_name), field):
            target = self.graph.node(join.graph, TypeName(named_type(join.type)))
            if target is not None:
                possible &= self.graph.facts(target).possible_types
        possible = {p for p in possible if not self.supergraph.types[p].inaccessible}
        if not possible:
            return None
        chosen = sorted(possible)[seed % len(possible)]
        number = thing.number if is_key else (seed // 7) % 5
        if chosen in self.interface_of and not is_key:
            siblings = self.interface_of[chosen]
            number = number * len(siblings) + siblings.index(chosen)
        elif not self._is_entity(chosen) and not is_key:
            number = seed % 1_000_000
        if chosen == self.supergraph.root_types.get("query"):
            number = 0  # there is one, wherever it is reached
        return Thing(chosen, number)

    def _is_entity(self, name: str) -> bool:
        return any(owner == name for owner, _ in self.keys)

    def _leaf(
        self,
        name: str,
        definition: SupergraphType | None,
        thing: Thing,
        field: str,
        seed: int,
        *,
        is_key: bool,
    ) -> Any:
        number = thing.number if is_key else seed % 1000
        if name == "Int":
            return number
        if name == "Float":
            return float(number)
        if name == "Boolean":
            return bool(number % 2)
        if definition is not None and definition.kind is TypeKind.ENUM:
            graphs = set(definition.graphs)
            visible = self.supergraph.api_schema.get_type(name)
            values = [
                value
                for value, joins in sorted(definition.enum_values.items())
                if {join.graph for join in joins} == graphs
                and is_enum_type(visible)
                and value in visible.values
            ]
            return values[seed % len(values)] if values else None
        return f"{field}-{number}" if is_key else f"{thing.type_name}.{field}-{number}"

    def number_of(self, representation: Mapping[str, Any]) -> int:
        """The number of the entity that a representation stands for."""
        type_name = TypeName(str(representation["__typename"]))
        numbers = set(self._numbers(type_name, representation))
        if len(numbers) != 1:
            raise GraphQLError(f"The representation {representation} identifies nothing.")
        return numbers.pop()

    def _numbers(self, type_name: TypeName, value: Mapping[str, Any]) -> list[int]:
        found: list[int] = []
        definition = self.supergraph.types[type_name]
        for name, part in value.items():
            if (type_name, name) not in self.keys:
                continue
            for item in part if isinstance(part, list) else [part]:
                if isinstance(item, Mapping):
                    target = TypeName(named_type(definition.fields[name].type))
                    target = TypeName(str(item.get("__typename", target)))
                    found += self._numbers(target, item)
                elif isinstance(item, str) and "-" in item:
                    found.append(int(item.rpartition("-")[2]))
                elif isinstance(item, int | float) and not isinstance(item, bool):
                    found.append(int(item))
        return found

    # --- One schema over everything ------------------------------------------------------------

    def answer(self, query: str, variables: Mapping[str, Any]) -> dict[str, Any]:
        """What one schema over the same data answers."""
        schema = self.supergraph.api_schema

        def resolve(parent: Any, info: GraphQLResolveInfo[Any], /, **arguments: Any) -> Any:
            thing = parent if isinstance(parent, Thing) else Thing(info.parent_type.name, 0)
            return self.value(thing, info.field_name, arguments)

        result = graphql_sync(
            schema,
            query,
            variable_values=dict(variables),
            field_resolver=resolve,
            type_resolver=lambda value, *_: value.type_name,
        )
        formatted: dict[str, Any] = json.loads(json.dumps(result.formatted))
        return formatted


class StrictSubgraphs:
    """A `SubgraphClient` over all subgraphs of a universe.

    With `labels` a subgraph resolves no field that these give to another.
    """

    def __init__(self, universe: Universe, labels: frozenset[str] | None = None) -> None:
        self.universe = universe
        self._labels = labels
        self.requests: list[SubgraphRequest] = []
        self._schemas = {
            name: subgraph_schema(universe.supergraph, universe.graph, name)
            for name in universe.supergraph.graphs
        }

    async def execute(self, request: SubgraphRequest) -> SubgraphResponse:
        """Answer one request."""
        self.requests.append(request)
        result = graphql_sync(
            self._schemas[SubgraphName(request.subgraph)],
            request.operation,
            variable_values=json.loads(json.dumps(dict(request.variables))),
            field_resolver=lambda parent, info, **arguments: self._resolve(
                SubgraphName(request.subgraph), parent, info, arguments
            ),
            type_resolver=self._type_of,
        )
        formatted = json.loads(json.dumps(result.formatted))
        return SubgraphResponse(formatted.get("data"), formatted.get("errors", ()))

    def _type_of(self, thing: Thing, *_: object) -> str:
        node = thing.node
        if node is not None and self.universe.graph.facts(node).is_interface_object:
            return node.type_name
        return thing.type_name

    async def close(self) -> None:
        """Nothing is open."""

    def _resolve(
        self,
        subgraph: SubgraphName,
        parent: Any,
        info: GraphQLResolveInfo[Any],
        arguments: Mapping[str, Any],
    ) -> Any:
        universe = self.universe
        if info.field_name == "_entities":
            return [self._entity(subgraph, item) for item in arguments["representations"]]
        parent_type = TypeName(info.parent_type.name)
        thing = parent if isinstance(parent, Thing) else Thing(parent_type, 0)
        node = thing.node or universe.graph.node(subgraph, parent_type)
        if node is not None and node.type_name != parent_type:
            downcast = universe.graph.downcast_edge(node, parent_type)
            node = downcast.head if downcast else None
        edge = universe.graph.field_edge(node, info.field_name) if node else None
        if edge is None:
            raise GraphQLError(f"{subgraph} does not resolve {parent_type}.{info.field_name} here.")
        if self._labels is not None and edge.override and not edge.override.holds(self._labels):
            raise GraphQLError(f"{parent_type}.{info.field_name} is not {subgraph}'s to resolve.")
        if edge.conditions:
            self._check_sent(thing, edge.conditions, thing.sent)
        value = universe.value(thing, info.field_name, arguments)
        return _at(edge.head, value)

    def _entity(self, subgraph: SubgraphName, representation: dict[str, Any]) -> Thing:
        type_name = TypeName(representation["__typename"])
        number = self.universe.number_of(representation)
        node = self.universe.graph.node(subgraph, type_name)
        if node is None:
            raise GraphQLError(f"{subgraph} knows no entity type {type_name}.")
        if not any(entry.node == node for entry in self.universe.graph.entries(type_name)):
            raise GraphQLError(f"{subgraph} resolves no entity {type_name}.")
        real = type_name
        definition = self.universe.supergraph.types[type_name]
        if definition.kind is not TypeKind.OBJECT:
            siblings = self.universe.interface_of[type_name]
            real = TypeName(siblings[number % len(siblings)])
        return Thing(real, number, node, representation)

    def _check_sent(
        self, thing: Thing, field_set: FieldSet, sent: Mapping[str, Any] | None
    ) -> None:
        if sent is None:
            raise GraphQLError("A requirement was not sent: the object was not entered by key.")
        for selection in field_set:
            if isinstance(selection, FieldSetFragment):
                possible = self.universe.graph.possible_types(
                    TypeName(selection.type_condition or thing.type_name)
                )
                if thing.type_name in possible:
                    self._check_sent(thing, selection.selections, sent)
                continue
            arguments = {name: _literal(node) for name, node in selection.arguments}
            value = self.universe.value(thing, selection.name, arguments)
            if selection.name not in sent:
                raise GraphQLError(f"The requirement {selection.name} was not sent.")
            self._compare(value, sent[selection.name], selection.selections, selection.name)

    def _compare(self, value: Any, sent: Any, below: FieldSet, name: str) -> None:
        if isinstance(value, list):
            if not isinstance(sent, list) or len(sent) != len(value):
                raise GraphQLError(f"The requirement {name} has the wrong length.")
            for one, other in zip(value, sent, strict=True):
                self._compare(one, other, below, name)
        elif isinstance(value, Thing):
            if not isinstance(sent, dict):
                raise GraphQLError(f"The requirement {name} is no object.")
            self._check_sent(value, below, sent)
        elif value != sent:
            raise GraphQLError(f"The requirement {name} is {sent!r} instead of {value!r}.")


def _at(node: Node, value: Any) -> Any:
    if isinstance(value, list):
        return [_at(node, item) for item in value]
    return Thing(value.type_name, value.number, node) if isinstance(value, Thing) else value


def _literal(node: Any) -> Any:
    from graphql import value_from_ast_untyped

    return value_from_ast_untyped(node)


def subgraph_schema(
    supergraph: Supergraph, graph: QueryGraph, subgraph: SubgraphName
) -> GraphQLSchema:
    """The schema of one subgraph, as far as the supergraph tells it."""
    parts: list[str] = ["scalar _Any"]
    entities: list[str] = []
    has_query = False
    for name, definition in sorted(supergraph.types.items()):
        if subgraph not in definition.graphs or name in BUILT_IN:
            continue
        is_interface_object = definition.is_interface_object(subgraph)
        fields = _field_lines(supergraph, definition, subgraph)
        if name == supergraph.root_types.get("query"):
            has_query = True
            fields.append("_entities(representations: [_Any!]!): [_Entity]!")
        match definition.kind:
            case TypeKind.SCALAR:
                parts.append(f"scalar {name}")
            case TypeKind.ENUM:
                values = [
                    value
                    for value, joins in definition.enum_values.items()
                    if any(join.graph == subgraph for join in joins)
                ]
                parts.append(f"enum {name} {{ {' '.join(values)} }}")
            case TypeKind.UNION:
                members = [item.member for item in definition.members if item.graph == subgraph]
                parts.append(f"union {name} = {' | '.join(members)}")
            case TypeKind.INPUT_OBJECT:
                parts.append(f"input {name} {{ {' '.join(fields)} }}")
            case TypeKind.OBJECT | TypeKind.INTERFACE if fields:
                interfaces = [i.interface for i in definition.implements if i.graph == subgraph]
                suffix = f" implements {' & '.join(interfaces)}" if interfaces else ""
                is_object = definition.kind is TypeKind.OBJECT or is_interface_object
                kind = "type" if is_object else "interface"
                parts.append(f"{kind} {name}{suffix} {{ {' '.join(fields)} }}")
                if is_object and definition.keys(subgraph):
                    entities.append(name)
            case _:
                pass
    if entities:
        parts.append(f"union _Entity = {' | '.join(entities)}")
    else:
        parts.append("type _Nothing { nothing: Int } union _Entity = _Nothing")
    if not has_query:
        parts.append("type Query { _entities(representations: [_Any!]!): [_Entity]! }")
    roots = dict(supergraph.root_types)
    roots = {
        kind: name
        for kind, name in roots.items()
        if any(edge.head.subgraph == subgraph for edge in graph.root_edges(OperationType(kind)))
    }
    roots.setdefault("query", supergraph.root_types["query"] if has_query else TypeName("Query"))
    parts.append(f"schema {{ {' '.join(f'{k}: {v}' for k, v in roots.items())} }}")
    # Interfaces and their types may disagree about fields that only other subgraphs resolve.
    return build_schema("\n".join(parts), assume_valid=True, assume_valid_sdl=True)


def _field_lines(
    supergraph: Supergraph, definition: SupergraphType, subgraph: SubgraphName
) -> list[str]:
    lines: list[str] = []
    full = supergraph.schema.get_type(definition.name)
    for name, field in definition.fields.items():
        join = field.join(subgraph)
        if join is None:
            continue
        arguments: list[str] = []
        declared = getattr(full, "fields", {}).get(name)
        for argument, details in getattr(declared, "args", {}).items():
            text = f"{argument}: {details.type}"
            node = getattr(details, "ast_node", None)
            if node is not None and node.default_value is not None:
                text += f" = {print_ast(node.default_value)}"
            arguments.append(text)
        suffix = f"({', '.join(arguments)})" if arguments else ""
        lines.append(f"{name}{suffix}: {print_ast(join.type)}")
    return lines


__all__ = [
    "StrictSubgraphs",
    "Thing",
    "Universe",
    "subgraph_schema",
]
