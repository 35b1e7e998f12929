"""Composition errors that the base has as well: to be told of, and not the change's fault.

An error is known by its code and what it is about. What its sentence says may differ: a witness
query takes another way, a list of subgraphs has one more. Of several about the same element, no
more are taken for old than the base has.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from supergraph.errors import CompositionError, ErrorCode


def mark_existing(
    errors: Iterable[CompositionError], before: Iterable[CompositionError]
) -> list[tuple[CompositionError, bool]]:
    """Each of the errors, and whether it was there before."""
    left = Counter(map(_identity, before))
    found = []
    for error in errors:
        key = _identity(error)
        found.append((error, left[key] > 0))
        left[key] -= 1
    return found


def _identity(error: CompositionError) -> tuple[ErrorCode, str]:
    return error.code, error.coordinate or error.message
