"""SHAREABLE_*: whether other subgraphs may answer a field, too. Only subgraphs' own SDL tells."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from supergraph.checks.changes.found import BREAKING, DANGEROUS, SAFE, Found
from supergraph.checks.federation.facts import Facts, field_pairs
from supergraph.checks.federation.note import note
from supergraph.definitions import quoted_list

OtherOwners = Callable[[str], Sequence[str] | None]
"""The other subgraphs that answer a field, by its coordinate; None if nobody knows."""


def compare_shareable(found: Found, old: Facts, new: Facts, others: OtherOwners) -> None:
    """Note `@shareable` that came or went.

    Without it the graph does not compose if another subgraph answers the field: breaking where
    one does, dangerous where that is not known, safe where none does.
    """
    for path, subgraph, before, after in field_pairs(old, new):
        if before.shareable == after.shareable or None in (before.shareable, after.shareable):
            continue
        if not before.resolves or not after.resolves:
            continue
        at = new.element(path)
        if after.shareable:
            message = f'Field "{path}" of subgraph "{subgraph}" is shareable now.'
            note(
                found, "SHAREABLE_ADDED", SAFE, path, message, subgraph, at, directive="shareable"
            )  # fmt: skip
            continue
        owners = others(path)
        message = f'Field "{path}" of subgraph "{subgraph}" is no longer shareable'
        if owners is None:
            grade, message = DANGEROUS, f"{message}: no other subgraph may answer it."
        elif owners:
            grade, message = BREAKING, f"{message}, but {quoted_list(owners)} answers it, too."
        else:
            grade, message = SAFE, f"{message}; no other subgraph answers it."
        note(
            found, "SHAREABLE_REMOVED", grade, path, message, subgraph, at, directive="shareable"
        )  # fmt: skip
