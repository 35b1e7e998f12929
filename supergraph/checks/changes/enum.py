"""Enum types and their values."""

from __future__ import annotations

from supergraph.checks.changes.applied import compare_applied
from supergraph.checks.changes.deprecation import compare_value_deprecation, is_deprecated
from supergraph.checks.changes.description import compare_description
from supergraph.checks.changes.found import BREAKING, DANGEROUS, SAFE, Found
from supergraph.definitions import TypeDefinition


def compare_enum(found: Found, old: TypeDefinition | None, new: TypeDefinition) -> None:
    """ENUM_VALUE_*: `old` is None if the type is new."""
    before = old.values if old is not None else {}
    for name, value in before.items():
        if name not in new.values:
            path = f"{new.name}.{name}"
            gone = is_deprecated(value)
            found.add(
                "ENUM_VALUE_REMOVED",
                BREAKING,
                path,
                f'{"Deprecated enum value" if gone else "Enum value"} "{path}" was removed.',
                value,
                gone=True,
                deprecated=gone,
            )
    for name, value in new.values.items():
        path = f"{new.name}.{name}"
        was = before.get(name)
        if was is None:
            grade = SAFE if old is None else DANGEROUS
            message = f'Enum value "{path}" was added.'
            found.add("ENUM_VALUE_ADDED", grade, path, message, value)
        else:
            what = f'Enum value "{path}"'
            compare_description(found, "ENUM_VALUE", what, path, was, value)
        compare_value_deprecation(found, path, was, value)
        compare_applied(found, "ENUM_VALUE", path, was, value)
    compare_applied(found, "ENUM", new.name, old, new)
