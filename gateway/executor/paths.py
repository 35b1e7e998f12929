"""Where in the response an entity fetch acts: from flatten paths to objects."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

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
    path_index: int
    """Which of the flatten node's paths led here."""

    @property
    def path(self) -> ResponsePath:
        """The place in the response; put together only when an error needs it."""
        keys: list[str | int] = []
        link = self.link
        while link is not None:
            link, key = link
            keys.append(key)
        return tuple(reversed(keys))


def find_positions(data: JsonObject, paths: Sequence[FlattenPath]) -> list[Position]:
    """Find the objects at any of `paths`; nulls and other types end a path quietly."""
    return [
        Position(value, link, index)
        for index, path in enumerate(paths)
        for value, link in _walk(data, path)
        if isinstance(value, dict)
    ]


def _walk(data: JsonObject, path: FlattenPath) -> list[tuple[Any, _Link]]:
    current: list[tuple[Any, _Link]] = [(data, None)]
    for segment in path:
        following: list[tuple[Any, _Link]] = []
        match segment:
            case FieldSegment(name):
                for value, link in current:
                    child = value.get(name) if isinstance(value, dict) else None
                    if child is not None:
                        following.append((child, (link, name)))
            case ListSegment():
                for value, link in current:
                    if isinstance(value, list):
                        following.extend(
                            (item, (link, index))
                            for index, item in enumerate(value)
                            if item is not None
                        )
            case TypeConditionSegment(type_names):
                following = [
                    (value, link)
                    for value, link in current
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
