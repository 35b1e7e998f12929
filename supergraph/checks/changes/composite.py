"""Object and interface types: the interfaces they implement, and their fields."""

from __future__ import annotations

from collections.abc import Container

from supergraph.checks.changes.applied import compare_applied
from supergraph.checks.changes.field import compare_fields
from supergraph.checks.changes.found import BREAKING, DANGEROUS, SAFE, Found
from supergraph.definitions import TypeDefinition, TypeKind


def compare_composite(
    found: Found,
    old: TypeDefinition | None,
    new: TypeDefinition,
    new_types: Container[str] = (),
) -> None:
    """Everything about an object or interface type but its being there.

    `old` is None if the type is new; `new_types` are the types that are.
    """
    before = old.interfaces if old is not None else []
    for name in before:
        if name not in new.interfaces:
            found.add(
                "OBJECT_TYPE_INTERFACE_REMOVED",
                BREAKING,
                new.name,
                f'Type "{new.name}" no longer implements interface "{name}".',
                new,
            )
    for name in new.interfaces:
        if name not in before:
            # A client that reads the interface gets objects of a type it has not seen, be the type
            # new or not; nobody has read an interface that is new itself.
            grade = SAFE if name in new_types else DANGEROUS
            if old is None and new.kind is TypeKind.INTERFACE:
                grade = SAFE
            found.add(
                "OBJECT_TYPE_INTERFACE_ADDED",
                grade,
                new.name,
                f'Type "{new.name}" implements interface "{name}" now.',
                new,
            )
    compare_fields(found, old, new)
    where = "OBJECT" if new.kind is TypeKind.OBJECT else "INTERFACE"
    compare_applied(found, where, new.name, old, new)
