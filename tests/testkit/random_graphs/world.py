"""The data behind a random graph: one value for each field of each object, whoever is asked.

A value follows from the object's type and number, the field, its arguments and the seed, so that
subgraphs agree without sharing anything. Numbers travel in keys: `id: "id-3"` is number 3. What a
value may be follows from all subgraphs that resolve the field: null only where none of them
promises a value, types and enum values that all of them know.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, TypeAlias

from graphql import (
    FieldDefinitionNode,
    FieldNode,
    GraphQLError,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLResolveInfo,
    GraphQLSchema,
    InlineFragmentNode,
    ListTypeNode,
    NonNullTypeNode,
    SelectionSetNode,
    TypeNode,
    execute,
    is_non_null_type,
    parse,
    value_from_ast_untyped,
)

from tests.testkit.random_graphs.declared import (
    DeclaredSubgraph,
    applied,
    argument,
    field_set,
    named,
)

_POISON = 29
"""One value in so many fails, where failures are wanted."""


@dataclass(frozen=True)
class Thing:
    """An object: its type and number, what was promised with it, and its representation.

    `above` is the object it was reached from, where contexts are looked for.
    """

    type_name: str
    number: int
    provided: tuple[SelectionSetNode, ...] = ()
    sent: Mapping[str, Any] | None = None
    above: Thing | None = None


Path: TypeAlias = tuple[str | int, ...]


@dataclass(frozen=True)
class Answer:
    """What the unsplit schema answers; `types` by path, where failures are wanted."""

    data: Any
    errors: list[dict[str, Any]]
    mutations: list[str]
    types: Mapping[Path, GraphQLOutputType]


def _hash(*parts: object) -> int:
    return zlib.crc32(repr(parts).encode()) * 2654435761 % 2**32 >> 4


class World:
    """The data of one graph."""

    def __init__(self, subgraphs: Mapping[str, str], unsplit: GraphQLSchema) -> None:
        self.unsplit = unsplit
        self.subgraphs = {name: DeclaredSubgraph(name, sdl) for name, sdl in subgraphs.items()}
        self.implementers: dict[str, set[str]] = {}
        for subgraph in self.subgraphs.values():
            for declared in subgraph.types.values():
                if declared.kind == "object":
                    for interface in declared.interfaces:
                        self.implementers.setdefault(interface, set()).add(declared.name)
        self.keys: set[tuple[str, str]] = set()
        self.siblings: dict[str, list[str]] = {}
        for subgraph in self.subgraphs.values():
            for declared in subgraph.types.values():
                for selections, _ in declared.own_keys():
                    self._add_key(subgraph, declared.name, selections)
                    if declared.kind == "interface" or declared.is_interface_object:
                        types = sorted(self.implementers.get(declared.name, ()))
                        self.siblings |= dict.fromkeys([declared.name, *types], types)
        self.entities = {
            declared.name
            for subgraph in self.subgraphs.values()
            for declared in subgraph.types.values()
            if any(True for _ in declared.own_keys())
        }
        self._declarations: dict[
            tuple[str, str], list[tuple[DeclaredSubgraph, FieldDefinitionNode]]
        ] = {}

    def _add_key(
        self, subgraph: DeclaredSubgraph, type_name: str, selections: SelectionSetNode
    ) -> None:
        for selection in selections.selections:
            if isinstance(selection, FieldNode):
                name = selection.name.value
                for owner in (type_name, *self.implementers.get(type_name, ())):
                    self.keys.add((owner, name))
                if selection.selection_set is not None:
                    node = subgraph.types[type_name].fields[name]
                    self._add_key(subgraph, named(node.type), selection.selection_set)

    def overridden(self, subgraph: str, type_name: str, field: str) -> tuple[bool, str | None]:
        """Whether another subgraph overrides the field, and the label under which it does."""
        for other in self.subgraphs.values():
            declared = other.types.get(type_name)
            node = declared.fields.get(field) if declared else None
            for directive in applied(node.directives, "override") if node else ():
                if argument(directive, "from") == subgraph:
                    return True, argument(directive, "label")
        return False, None

    def declarations(
        self, type_name: str, field: str
    ) -> list[tuple[DeclaredSubgraph, FieldDefinitionNode]]:
        """Where the field of an object type is resolved, by itself or by interface objects."""
        key = (type_name, field)
        found = self._declarations.get(key)
        if found is None:
            found = self._declarations[key] = self._find_declarations(type_name, field)
        return found

    def _find_declarations(
        self, type_name: str, field: str
    ) -> list[tuple[DeclaredSubgraph, FieldDefinitionNode]]:
        found = []
        interfaces = [name for name, types in self.implementers.items() if type_name in types]
        for subgraph in self.subgraphs.values():
            for name in (type_name, *interfaces):
                if not subgraph.resolves(name, field):
                    continue
                is_overridden, label = self.overridden(subgraph.name, name, field)
                if not is_overridden or label is not None:
                    found.append((subgraph, subgraph.types[name].fields[field]))
        return found

    # --- Values ------------------------------------------------------------------------------

    def value(self, seed: int, thing: Thing, field: str, arguments: Mapping[str, Any]) -> Any:
        """A leaf, a `Thing`, or a list of them."""
        declarations = self.declarations(thing.type_name, field)
        if not declarations:
            raise AssertionError(f"nobody resolves {thing.type_name}.{field}")
        is_key = (thing.type_name, field) in self.keys
        given = {}
        if arguments:
            known = set.intersection(
                *(
                    {
                        item.name.value
                        for item in node.arguments or ()
                        if not applied(item.directives, "inaccessible")
                    }
                    for _, node in declarations
                )
            )
            given = {name: arguments[name] for name in sorted(arguments) if name in known}
        number = _hash(
            seed, thing.type_name, thing.number, field, json.dumps(given, sort_keys=True)
        )
        types: list[tuple[DeclaredSubgraph, TypeNode]] = [
            (subgraph, node.type) for subgraph, node in declarations
        ]
        return self._of_types(types, thing, field, number, is_key=is_key)

    def value_below(self, seed: int, thing: Thing, field: str, arguments: Mapping[str, Any]) -> Any:
        """A value that knows where it was reached from, contexts above it taken into account."""
        arguments = {**arguments, **self.contextual(seed, thing, field)}
        return _below(thing, self.value(seed, thing, field, arguments))

    def fails(self, seed: int, thing: Thing, field: str) -> bool:
        """Whether resolving the field fails, where failures are wanted."""
        if (thing.type_name, field) in self.keys:
            return False
        return _hash(seed, "fails", thing.type_name, thing.number, field) % _POISON == 0

    def _of_types(
        self,
        types: list[tuple[DeclaredSubgraph, TypeNode]],
        thing: Thing,
        field: str,
        number: int,
        *,
        is_key: bool,
    ) -> Any:
        nullable = [
            (subgraph, node.type if isinstance(node, NonNullTypeNode) else node)
            for subgraph, node in types
        ]
        may_be_null = not any(isinstance(node, NonNullTypeNode) for _, node in types)
        if may_be_null and not is_key and number % 6 == 0:
            return None
        if isinstance(nullable[0][1], ListTypeNode):
            items = [
                (subgraph, node.type)
                for subgraph, node in nullable
                if isinstance(node, ListTypeNode)
            ]
            return [
                self._of_types(items, thing, field, _hash(number, index), is_key=is_key)
                for index in range(1 if is_key else number // 6 % 4)
            ]
        names = [(subgraph, named(node)) for subgraph, node in nullable]
        subgraph, name = names[0]
        declared = subgraph.types.get(name)
        if declared is None or declared.kind in ("scalar", "enum"):
            return self._leaf(names, thing, field, number, is_key=is_key)
        return self._object(names, thing, number, is_key=is_key)

    def _object(
        self,
        names: list[tuple[DeclaredSubgraph, str]],
        thing: Thing,
        number: int,
        *,
        is_key: bool,
    ) -> Thing | None:
        possible = set.intersection(*(self._possible(subgraph, name) for subgraph, name in names))
        if not possible:
            return None
        chosen = sorted(possible)[number % len(possible)]
        if is_key:
            return Thing(chosen, thing.number)
        if self.unsplit.query_type is not None and chosen == self.unsplit.query_type.name:
            return Thing(chosen, 0)  # there is one, wherever it is reached
        if chosen in self.siblings:
            siblings = self.siblings[chosen]
            return Thing(chosen, number // 7 % 3 * len(siblings) + siblings.index(chosen))
        return Thing(chosen, number // 7 % 4 if chosen in self.entities else number)

    def _possible(self, subgraph: DeclaredSubgraph, name: str) -> set[str]:
        """The object types of what a subgraph returns where it says `name`."""
        is_hidden = subgraph.types[name].is_interface_object
        return {
            type_name
            for member in ({name} if is_hidden else subgraph.possible_types(name))
            for type_name in (
                self.siblings[member] if subgraph.types[member].is_interface_object else (member,)
            )
        }

    def _leaf(
        self,
        names: list[tuple[DeclaredSubgraph, str]],
        thing: Thing,
        field: str,
        number: int,
        *,
        is_key: bool,
    ) -> Any:
        if is_key:
            number = thing.number
        subgraph, name = names[0]
        match name:
            case "Int":
                return number % 100_000
            case "Float":
                return number % 100 + 0.5
            case "Boolean":
                return bool(number % 2)
            case _:
                pass
        declared = subgraph.types.get(name)
        if declared is not None and declared.kind == "enum":
            values = set.intersection(
                *(
                    set(other.types[name].values)
                    for other in self.subgraphs.values()
                    if name in other.types and self._declares(other, thing.type_name, field)
                )
            )
            return sorted(values)[number % len(values)] if values else None
        return f"{field}-{number}" if is_key else f"{thing.type_name}.{field}-{number % 1000}"

    def defaults(self, type_name: str, field: str) -> dict[str, Any]:
        """Arguments that a field has where nothing is given for them."""
        return {
            item.name.value: value_from_ast_untyped(item.default_value)
            for _, node in self.declarations(type_name, field)
            for item in node.arguments or ()
            if item.default_value is not None
        }

    def _declares(self, subgraph: DeclaredSubgraph, type_name: str, field: str) -> bool:
        """Whether the subgraph has the field at all: as external it may be provided."""
        return any(
            field in declared.fields
            for declared in subgraph.types.values()
            if self.is_a(type_name, declared.name)
        )

    def number_of(self, type_name: str, representation: Mapping[str, Any]) -> int | None:
        """The number of the entity that a representation stands for; None if its keys disagree."""
        numbers = set(self._numbers(type_name, representation))
        return numbers.pop() if len(numbers) == 1 else None

    def _numbers(self, type_name: str, value: Mapping[str, Any]) -> list[int]:
        found: list[int] = []
        for name, part in value.items():
            if (type_name, name) not in self.keys:
                continue
            for item in part if isinstance(part, list) else [part]:
                if isinstance(item, Mapping):
                    target = self._target(type_name, name)
                    found += self._numbers(str(item.get("__typename", target)), item)
                elif isinstance(item, str) and item.startswith(f"{name}-"):
                    found.append(int(item.rpartition("-")[2]))
                elif isinstance(item, int) and not isinstance(item, bool):
                    found.append(item)
        return found

    def _target(self, type_name: str, field: str) -> str:
        for subgraph in self.subgraphs.values():
            declared = subgraph.types.get(type_name)
            if declared is not None and field in declared.fields:
                return named(declared.fields[field].type)
        raise AssertionError(f"{type_name}.{field}")

    def is_a(self, type_name: str, condition: str) -> bool:
        """Whether objects of a type meet a type condition."""
        return type_name == condition or type_name in self.implementers.get(condition, ())

    def selected(
        self, sets: tuple[SelectionSetNode, ...], type_name: str, field: str
    ) -> tuple[bool, tuple[SelectionSetNode, ...]]:
        """Whether field sets name a field of an object, and what they name below it."""
        found = False
        below: list[SelectionSetNode] = []
        for selections in sets:
            for selection in selections.selections:
                if isinstance(selection, FieldNode):
                    if selection.name.value == field:
                        found = True
                        if selection.selection_set is not None:
                            below.append(selection.selection_set)
                elif isinstance(selection, InlineFragmentNode):
                    condition = selection.type_condition
                    if condition is None or self.is_a(type_name, condition.name.value):
                        inside, deeper = self.selected((selection.selection_set,), type_name, field)
                        found = found or inside
                        below += deeper
        return found, tuple(below)

    # --- Contexts ----------------------------------------------------------------------------

    def contextual(self, seed: int, thing: Thing, field: str) -> dict[str, Any]:
        """The arguments that a field takes from above."""
        found: dict[str, Any] = {}
        for subgraph, node in self.declarations(thing.type_name, field):
            for item in node.arguments or ():
                for directive in applied(item.directives, "fromContext"):
                    context, selections = _context_value(argument(directive, "field") or "")
                    setter = thing.above
                    while setter and not subgraph.sets(context, setter.type_name):
                        setter = setter.above
                    if setter is None:
                        raise AssertionError(f"nothing above {thing} sets {context}")
                    found[item.name.value] = self._selected_value(seed, setter, selections)
        return found

    @cached_property
    def read_of_mutations(self) -> frozenset[str]:
        """Root fields of mutations that contexts select: they are read for fields further down."""
        return frozenset(
            name
            for subgraph in self.subgraphs.values()
            for declared in subgraph.types.values()
            for node in declared.fields.values()
            for item in node.arguments or ()
            for directive in applied(item.directives, "fromContext")
            for name in _fields_of(_context_value(argument(directive, "field") or "")[1])
        )

    def _selected_value(self, seed: int, value: Any, selections: SelectionSetNode | None) -> Any:
        """The one leaf that is selected of a value."""
        if isinstance(value, list):
            return [self._selected_value(seed, item, selections) for item in value]
        if not isinstance(value, Thing) or selections is None:
            return value
        for selection in selections.selections:
            if isinstance(selection, FieldNode):
                inner = self.value_below(seed, value, selection.name.value, {})
                return self._selected_value(seed, inner, selection.selection_set)
            if isinstance(selection, InlineFragmentNode):
                condition = selection.type_condition
                if condition is None or self.is_a(value.type_name, condition.name.value):
                    return self._selected_value(seed, value, selection.selection_set)
        raise AssertionError(f"nothing is selected of {value}")

    def _promised(self, parent: GraphQLObjectType, field: str) -> GraphQLOutputType:
        """The type that even an answer in part must have.

        Where the call that would tell an interface object's own type failed, only the interface's
        fields are known.
        """
        own: GraphQLOutputType = parent.fields[field].type
        known: list[GraphQLOutputType] = [
            interface.fields[field].type
            for interface in parent.interfaces
            if interface.name in self.siblings and field in interface.fields
        ]
        return next((type_ for type_ in known if not is_non_null_type(type_)), own)

    # --- One schema over everything ------------------------------------------------------------

    def answer(
        self, query: str, variables: Mapping[str, Any], seed: int, *, failing: bool = False
    ) -> Answer:
        """What the unsplit schema answers over this data."""
        mutations: list[str] = []
        types: dict[Path, GraphQLOutputType] = {}

        def resolve(parent: Any, info: GraphQLResolveInfo[Any], /, **arguments: Any) -> Any:
            thing = parent if isinstance(parent, Thing) else Thing(info.parent_type.name, 0)
            if info.parent_type.name == "Mutation":
                mutations.append(f"{info.field_name} {json.dumps(arguments, sort_keys=True)}")
            if failing:
                path = tuple(info.path.as_list())
                types[path] = self._promised(info.parent_type, info.field_name)
                if self.fails(seed, thing, info.field_name):
                    raise GraphQLError("failed")
            return self.value_below(seed, thing, info.field_name, arguments)

        result = execute(
            self.unsplit,
            parse(query, no_location=True),
            variable_values=dict(variables),
            field_resolver=resolve,
            type_resolver=lambda value, *_: value.type_name,
        )
        formatted: dict[str, Any] = json.loads(json.dumps(result.formatted))  # type: ignore[union-attr]  # all is synchronous
        return Answer(formatted["data"], formatted.get("errors", []), mutations, types)


def _below(thing: Thing, value: Any) -> Any:
    """A value with the object it was reached from."""
    if isinstance(value, list):
        return [_below(thing, item) for item in value]
    return replace(value, above=thing) if isinstance(value, Thing) else value


def _fields_of(selections: SelectionSetNode) -> Iterator[str]:
    """The fields that are selected of a mutation, by whatever name it is selected."""
    for selection in selections.selections:
        if isinstance(selection, FieldNode):
            yield selection.name.value
        elif isinstance(selection, InlineFragmentNode):
            condition = selection.type_condition
            if condition is None or condition.name.value == "Mutation":
                yield from _fields_of(selection.selection_set)


def _context_value(text: str) -> tuple[str, SelectionSetNode]:
    """`$context { field }` as the context's name and the selection."""
    name, _, rest = text.strip().removeprefix("$").partition(" ")
    rest = rest.strip()
    return name, field_set(rest[1:-1] if rest.startswith("{") else rest)
