"""Where in the response an entity fetch acts: from flatten paths to objects."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from gateway.executor.facts import SupergraphFacts
from gateway.plan.nodes import FieldSegment, FlattenPath, ListSegment, TypeConditionSegment
from gateway.transport.base import JsonObject

ResponsePath: TypeAlias = tuple[str | int, ...]
"""A path as in a GraphQL error: response names and list indices."""

_Link: TypeAlias = "tuple[_Link, str | int] | None"


@dataclass(frozen=True, slots=True)
class Position:
    """An object of the response and where it stands."""

    target: JsonObject
    link: _Link
    branch: tuple[int, int]
    """Equal for objects that are asked the same from here on, whatever the client wrote.

    These are the objects on one path with the same types of objects on the way: what stands below
    differs only by fragments on those types.
    """

    @property
    def path(self) -> ResponsePath:
        """The place in the response; put together only when an error needs it."""
        keys: list[str | int] = []
        link = self.link
        while link is not None:
            link, key = link
            keys.append(key)
        return tuple(reversed(keys))


def find_positions(
    facts: SupergraphFacts, data: JsonObject, paths: Sequence[FlattenPath]
) -> list[Position]:
    """Find the objects at any of `paths`; nulls and other types end a path quietly."""
    return [
        Position(value, link, (index, types))
        for index, path in enumerate(paths)
        for value, link, types in _walk(_TypeChains(facts), data, path)
        if isinstance(value, dict)
    ]


class _TypeChains:
    """Numbers for the types met on the way from the root: equal numbers, equal types."""

    def __init__(self, facts: SupergraphFacts) -> None:
        self._facts = facts
        self._numbers: dict[tuple[int, object], int] = {}
        self._next = 1

    def after(self, chain: int, value: JsonObject) -> int:
        """The number of a chain with the type of one more object."""
        name = _type_name(value)
        key = (chain, name)
        number = self._numbers.get(key)
        if number is None:
            number, self._next = self._next, self._next + 1
            # An @interfaceObject may turn out to be of any type: it is like no other.
            if name is None or self._facts.is_object(name):
                self._numbers[key] = number
        return number


_Walked: TypeAlias = tuple[Any, _Link, int]


def _walk(chains: _TypeChains, data: JsonObject, path: FlattenPath) -> list[_Walked]:
    current: list[_Walked] = [(data, None, 0)]
    for segment in path:
        following: list[_Walked] = []
        match segment:
            case FieldSegment(name):
                for value, link, types in current:
                    child = value.get(name) if isinstance(value, dict) else None
                    if child is not None:
                        following.append((child, (link, name), chains.after(types, value)))
            case ListSegment():
                for value, link, types in current:
                    if isinstance(value, list):
                        following.extend(
                            (item, (link, index), types)
                            for index, item in enumerate(value)
                            if item is not None
                        )
            case TypeConditionSegment(type_names):
                following = [
                    (value, link, types)
                    for value, link, types in current
                    if isinstance(value, dict) and _type_name(value) in type_names
                ]
        current = following
    return current


def _type_name(value: JsonObject) -> str | None:
    name = value.get("__typename")
    return name if isinstance(name, str) else None


def common_path(paths: Sequence[ResponsePath]) -> ResponsePath:
    """The longest path that all of `paths` begin with."""
    if not paths:
        return ()
    shortest, longest = min(paths, key=_order), max(paths, key=_order)
    length = 0
    for left, right in zip(shortest, longest, strict=False):
        if left != right:
            break
        length += 1
    return shortest[:length]


def _order(path: ResponsePath) -> list[tuple[bool, str | int]]:
    # The common prefix of the least and the greatest is the common prefix of all.
    return [(isinstance(key, str), key) for key in path]
