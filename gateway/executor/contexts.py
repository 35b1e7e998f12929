"""What an entity call takes from objects above those it is made for (`@fromContext`).

Objects at different places may take different values, and a variable has one value in a request.
So the call is made once for each set of values, but all of these travel in one request: `_entities`
is asked several times there, under aliases, with variables of its own each time.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import msgspec
from graphql import (
    FieldNode,
    NameNode,
    OperationDefinitionNode,
    SelectionSetNode,
    VariableDefinitionNode,
    VariableNode,
    Visitor,
    parse,
    print_ast,
    visit,
)

from gateway.executor.facts import SupergraphFacts
from gateway.executor.paths import Position, ResponsePath
from gateway.plan.nodes import ContextRewrite, FetchNode, FieldSegment, RewritePath
from gateway.transport.base import JsonObject, SubgraphResponse

_REPRESENTATIONS = "representations"
_encode = msgspec.json.Encoder(order="sorted").encode


@dataclass(frozen=True, slots=True)
class ContextGroup:
    """Objects that send the same values; `missing` are variables without one."""

    values: JsonObject
    missing: frozenset[str]
    positions: list[Position]


def context_groups(
    facts: SupergraphFacts,
    data: JsonObject,
    fetch: FetchNode,
    positions: Sequence[Position],
    failed: Collection[ResponsePath],
) -> list[ContextGroup]:
    """The objects by the values they take from above, in first-seen order.

    `failed` has the paths at or below which something failed: a null there is no value.
    """
    names = dict.fromkeys(rewrite.variable for rewrite in fetch.context_rewrites)
    groups: dict[bytes, ContextGroup] = {}
    for position in positions:
        path = position.path
        objects = _objects_on(data, path)
        values: JsonObject = {}
        for rewrite in fetch.context_rewrites:
            if rewrite.variable not in values:
                _take(facts, objects, rewrite, failed, values)
        key = _encode(values)
        group = groups.get(key)
        if group is None:
            missing = frozenset(name for name in names if name not in values)
            group = groups[key] = ContextGroup(values, missing, [])
        group.positions.append(position)
    return list(groups.values())


_Placed = tuple[JsonObject, ResponsePath]


def _objects_on(data: JsonObject, path: ResponsePath) -> list[_Placed]:
    """The objects above the one at `path`, nearest first."""
    found: list[_Placed] = []
    current: Any = data
    for index, key in enumerate(path):
        if isinstance(key, str):
            found.append((current, path[:index]))
        current = current[key]
    return found[::-1]


def _take(
    facts: SupergraphFacts,
    objects: Sequence[_Placed],
    rewrite: ContextRewrite,
    failed: Collection[ResponsePath],
    values: JsonObject,
) -> None:
    if rewrite.levels > len(objects):
        return
    target, path = objects[rewrite.levels - 1]
    found = _read(facts, target, rewrite.path, path, failed)
    if found is not None:
        values[rewrite.variable] = found[0]


def _read(
    facts: SupergraphFacts,
    value: Any,
    way: RewritePath,
    path: ResponsePath,
    failed: Collection[ResponsePath],
) -> tuple[Any] | None:
    """The value at the end of the way; None where there is none."""
    if value is None:
        return None if path in failed else (None,)
    if not way:
        return (value,)
    if isinstance(value, list):
        items = [
            _read(facts, item, way, (*path, index), failed) for index, item in enumerate(value)
        ]
        if any(item is None for item in items):
            return None
        return ([item[0] for item in items if item is not None],)
    if not isinstance(value, dict):
        return None
    segment, rest = way[0], way[1:]
    if isinstance(segment, FieldSegment):
        name = segment.response_name
        if name not in value:
            return None
        return _read(facts, value[name], rest, (*path, name), failed)
    type_name = value.get("__typename")
    if isinstance(type_name, str) and any(
        facts.applies(name, type_name) for name in segment.type_names
    ):
        return _read(facts, value, rest, path, failed)
    return None


# --- One request for several sets of values -----------------------------------------------------


@dataclass(frozen=True, slots=True)
class ContextCall:
    """A request that asks for entities several times."""

    operation: str
    variables: JsonObject


def context_call(
    fetch: FetchNode, parts: Sequence[tuple[Mapping[str, Any], list[JsonObject]]]
) -> ContextCall:
    """The request for parts of values and representations each."""
    if len(parts) == 1:
        values, items = parts[0]
        return ContextCall(fetch.operation, {**values, _REPRESENTATIONS: items})
    own = frozenset(rewrite.variable for rewrite in fetch.context_rewrites)
    variables: JsonObject = {}
    for index, (values, items) in enumerate(parts):
        variables |= {_numbered(name, index): value for name, value in values.items()}
        variables[_numbered(_REPRESENTATIONS, index)] = items
    return ContextCall(_repeated(fetch.operation, own, len(parts)), variables)


def part_of(response: SubgraphResponse, index: int, count: int) -> SubgraphResponse:
    """What a request of `count` parts answered to one of them."""
    if count == 1:
        return response
    alias = _alias(index)
    errors: list[JsonObject] = []
    for error in response.errors:
        path = error.get("path")
        if isinstance(path, Sequence) and not isinstance(path, str) and path:
            if path[0] != alias:
                continue
            error = {**error, "path": ["_entities", *path[1:]]}
        errors.append(error)
    data = None
    if response.data is not None and alias in response.data:
        data = {"_entities": response.data[alias]}
    return SubgraphResponse(data, errors)


def _alias(index: int) -> str:
    return f"_{index}"


def _numbered(name: str, index: int) -> str:
    return f"{name}_{index}"


@lru_cache(maxsize=256)
def _repeated(operation: str, own: frozenset[str], count: int) -> str:
    """The document with its entities asked for `count` times, `own` variables numbered."""
    numbered = own | {_REPRESENTATIONS}
    definition = parse(operation, no_location=True).definitions[0]
    if not isinstance(definition, OperationDefinitionNode):
        raise AssertionError("a fetch is one operation")
    definitions: list[VariableDefinitionNode] = []
    for item in definition.variable_definitions or ():
        if item.variable.name.value in numbered:
            definitions += [_with_numbers(item, numbered, index) for index in range(count)]
        else:
            definitions.append(item)
    (entities,) = definition.selection_set.selections
    fields: list[FieldNode] = []
    for index in range(count):
        field = _with_numbers(entities, numbered, index)
        if isinstance(field, FieldNode):
            fields.append(
                FieldNode(
                    alias=NameNode(value=_alias(index)),
                    name=field.name,
                    arguments=field.arguments,
                    directives=field.directives,
                    selection_set=field.selection_set,
                )
            )
    return print_ast(
        OperationDefinitionNode(
            operation=definition.operation,
            name=definition.name,
            variable_definitions=tuple(definitions),
            directives=definition.directives,
            selection_set=SelectionSetNode(selections=tuple(fields)),
        )
    )


def _with_numbers(node: Any, names: frozenset[str], index: int) -> Any:
    """A copy of a part of the document, its variables of these names numbered."""

    class Number(Visitor):
        def leave_variable(self, variable: VariableNode, *_: object) -> VariableNode | None:
            if variable.name.value not in names:
                return None
            return VariableNode(name=NameNode(value=_numbered(variable.name.value, index)))

    return visit(node, Number())
