"""Types as such: added, removed, of another kind, described."""

from __future__ import annotations

from collections.abc import Container, Mapping

from supergraph.checks.changes.composite import compare_composite
from supergraph.checks.changes.description import compare_descriptions
from supergraph.checks.changes.enum import compare_enum
from supergraph.checks.changes.found import BREAKING, SAFE, Found
from supergraph.checks.changes.input_object import compare_input_object
from supergraph.checks.changes.scalar import compare_scalar
from supergraph.checks.changes.union import compare_union
from supergraph.definitions import TypeDefinition, TypeKind

_CALLED = {
    TypeKind.SCALAR: "a scalar",
    TypeKind.OBJECT: "an object type",
    TypeKind.INTERFACE: "an interface",
    TypeKind.UNION: "a union",
    TypeKind.ENUM: "an enum",
    TypeKind.INPUT_OBJECT: "an input object type",
}


def compare_types(
    found: Found, old: Mapping[str, TypeDefinition], new: Mapping[str, TypeDefinition]
) -> None:
    """TYPE_*, and all that belongs to a type."""
    added = new.keys() - old.keys()
    for name, definition in old.items():
        if name not in new:
            message = f'{_called(definition)} "{name}" was removed.'
            found.add("TYPE_REMOVED", BREAKING, name, message, definition, gone=True)
    for name, definition in new.items():
        before = old.get(name)
        if before is None:
            message = f'{_called(definition)} "{name}" was added.'
            found.add("TYPE_ADDED", SAFE, name, message, definition)
        elif before.kind is not definition.kind:
            found.add(
                "TYPE_KIND_CHANGED",
                BREAKING,
                name,
                f'"{name}" was {_CALLED[before.kind]} and is {_CALLED[definition.kind]} now.',
                definition,
            )
        if before is None or before.kind is definition.kind:
            _compare_contents(found, before, definition, added)
        compare_descriptions(found, "TYPE", f'Type "{name}"', name, before, definition)


def _called(definition: TypeDefinition) -> str:
    return _CALLED[definition.kind].partition(" ")[2].capitalize()


def _compare_contents(
    found: Found, old: TypeDefinition | None, new: TypeDefinition, added: Container[str]
) -> None:
    match new.kind:
        case TypeKind.OBJECT | TypeKind.INTERFACE:
            compare_composite(found, old, new, added)
        case TypeKind.INPUT_OBJECT:
            compare_input_object(found, old, new)
        case TypeKind.ENUM:
            compare_enum(found, old, new)
        case TypeKind.UNION:
            compare_union(found, old, new)
        case TypeKind.SCALAR:
            compare_scalar(found, old, new)
