"""The selection set that asks for exactly the declared fields, nested ones included."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from subgraph_kit.errors import ConfigurationError
from subgraph_kit.sources.shapes import (
    SourceField,
    SourceObject,
    SourceTypes,
    SourceVariants,
)

_MAX_DEPTH = 15

Tree = dict[str, Any]
"""Selections by field: another tree for objects, None for leaves; `... on T` for variants."""


def selection(fields: Sequence[SourceField], types: SourceTypes) -> str:
    """The braces and what is in them.

    Raises:
        ConfigurationError: if types contain themselves: a selection would have no end.
    """
    return _text(_tree(fields, types, 0))


def _tree(fields: Sequence[SourceField], types: SourceTypes, depth: int) -> Tree:
    if depth > _MAX_DEPTH:
        raise ConfigurationError(
            "a declared type contains itself, which a GraphQL query cannot ask for: leave out the "
            "field that leads back"
        )
    tree: Tree = {}
    for field in fields:
        *outer, last = field.path.split(".")
        place = tree
        for token in outer:
            place = place.setdefault(token, {}) or place[token]
        inner = _of_type(field.type, types, depth)
        existing = place.get(last)
        if inner is None:
            place.setdefault(last, None)
        elif isinstance(existing, dict):
            existing.update(inner)
        else:
            place[last] = inner
    return tree


def _of_type(name: str, types: SourceTypes, depth: int) -> Tree | None:
    match types.get(name):
        case SourceObject(fields):
            return _tree(fields, types, depth + 1)
        case SourceVariants(discriminator, members):
            tree: Tree = {discriminator: None}
            for value, member in members.items():
                inner = _of_type(member, types, depth + 1)
                tree[f"... on {value}"] = inner or {"__typename": None}
            return tree
        case _:
            return None


def _text(tree: Tree) -> str:
    parts = [name if inner is None else f"{name} {_text(inner)}" for name, inner in tree.items()]
    return f"{{ {' '.join(parts)} }}"
