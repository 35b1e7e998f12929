"""What the commands need of other packages, which this one may not know: handed in by whoever calls.

`dictamesh.py` gives it as the context object of the command line; without it the commands do
without, and say so.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import typer

from supergraph.checks.operations.plans import PlannerFactory
from supergraph.checks.publish import AcceptedSchema, PublishedSchema

Publisher: TypeAlias = Callable[[str, Sequence[AcceptedSchema]], Sequence[PublishedSchema]]
"""Writes schemas to the catalog at a DSN; raises `PublishError` with a sentence if it cannot."""


@dataclass(frozen=True, slots=True)
class Services:
    """`planner` plans operations; `publisher` writes to the catalog."""

    planner: Callable[[], PlannerFactory] | None = None
    publisher: Callable[[], Publisher] | None = None


def services(context: typer.Context) -> Services:
    """The services that the command line was given."""
    found = context.find_object(Services)
    return found if found is not None else Services()
