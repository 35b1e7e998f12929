"""Union types and their members."""

from __future__ import annotations

from supergraph.checks.changes.applied import compare_applied
from supergraph.checks.changes.found import BREAKING, DANGEROUS, SAFE, Found
from supergraph.definitions import TypeDefinition


def compare_union(found: Found, old: TypeDefinition | None, new: TypeDefinition) -> None:
    """UNION_MEMBER_*: `old` is None if the type is new."""
    before = old.members if old is not None else []
    for name in before:
        if name not in new.members:
            found.add(
                "UNION_MEMBER_REMOVED",
                BREAKING,
                new.name,
                f'Type "{name}" was removed from union "{new.name}".',
                new,
            )
    for name in new.members:
        if name not in before:
            found.add(
                "UNION_MEMBER_ADDED",
                SAFE if old is None else DANGEROUS,
                new.name,
                f'Type "{name}" was added to union "{new.name}".',
                new,
            )
    # The directives stand on the union; the kind is named so since the first tool that had it.
    compare_applied(found, "UNION_MEMBER", new.name, old, new)
