"""Scalar types: only what is applied to them can change."""

from __future__ import annotations

from supergraph.checks.changes.applied import compare_applied
from supergraph.checks.changes.found import Found
from supergraph.definitions import TypeDefinition


def compare_scalar(found: Found, old: TypeDefinition | None, new: TypeDefinition) -> None:
    """`old` is None if the type is new."""
    compare_applied(found, "SCALAR", new.name, old, new)
