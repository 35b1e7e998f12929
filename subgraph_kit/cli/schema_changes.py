"""How much a changed schema matters: asked of whoever can grade it, which the kit itself cannot.

`dictamesh.py` sets the grader: composition's part of dictamesh knows what breaks clients and other
subgraphs, and the kit imports nothing of it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

Grade = Literal["breaking", "dangerous", "safe"]


@dataclass(frozen=True, slots=True)
class SchemaChange:
    """One change of a schema, in a sentence."""

    grade: Grade
    message: str


Grader = Callable[[str, str], Sequence[SchemaChange]]
"""Gets the SDL of a subgraph before and after."""

_graders: list[Grader] = []


def set_grader(grader: Grader) -> None:
    """Say who grades changes."""
    _graders[:] = [grader]


def schema_changes(before: str, after: str) -> Sequence[SchemaChange]:
    """The changes, the worst first; none if there is nobody to ask."""
    if before == after or not _graders:
        return ()
    order = ("breaking", "dangerous", "safe")
    return sorted(_graders[0](before, after), key=lambda change: order.index(change.grade))
