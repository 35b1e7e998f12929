"""Read the filter of an `EntityQuery`: conditions one by one, in the operators' own words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from subgraph_kit.errors import FatalError


@dataclass(frozen=True, slots=True)
class Condition:
    """A field, an operator (`eq`, `in`, `gte`, …) and the value that it compares with."""

    field: str
    operator: str
    value: Any


def conditions(entity: str, filters: Mapping[str, Any]) -> Iterator[Condition]:
    """Yield all conditions, of which every one must hold; a bare value means equality.

    Raises:
        FatalError: if a mapping of operators is empty.
    """
    for field, wanted in filters.items():
        if not isinstance(wanted, Mapping):
            yield Condition(field, "eq", wanted)
            continue
        if not wanted:
            raise FatalError(f"the filter on {entity}.{field} has no operator")
        for operator, value in wanted.items():
            yield Condition(field, operator, value)


def unsupported(entity: str, field: str, operator: str | None = None) -> FatalError:
    """The error for what a source cannot filter or sort by."""
    what = f"{entity}.{field}" + (f" with {operator!r}" if operator else "")
    return FatalError(f"the source cannot filter or sort by {what}")
