"""Read the filter of an `EntityQuery`, for adapters whose source speaks another language."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from subgraph_kit.errors import FatalError


def conditions(entity: str, filters: Mapping[str, Any]) -> Iterator[tuple[str, str, Any]]:
    """Yield (field, operator, value); a bare value means equality.

    Raises:
        FatalError: if a list of operators is empty.
    """
    for field, wanted in filters.items():
        if isinstance(wanted, Mapping):
            if not wanted:
                raise FatalError(f"the filter on {entity}.{field} has no operator")
            for operator, value in wanted.items():
                yield field, operator, value
        else:
            yield field, "eq", wanted


def unsupported(entity: str, field: str, operator: str | None = None) -> FatalError:
    """The error for what a source cannot filter or sort by."""
    what = f"{entity}.{field}" + (f" with {operator!r}" if operator else "")
    return FatalError(f"the source cannot filter or sort by {what}")
