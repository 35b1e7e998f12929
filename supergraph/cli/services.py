"""What the commands need of packages that this one may not know: handed in by whoever calls.

`dictamesh.py` gives it as the context object of the command line; without it the commands do
without, and say so.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import typer

from supergraph.checks.catalog import SchemaCatalog
from supergraph.checks.operations.plans import PlannerFactory


@dataclass(frozen=True, slots=True)
class Services:
    """`planner` makes what plans operations; `catalog` opens the catalog at a DSN."""

    planner: PlannerFactory | None = None
    catalog: Callable[[str], SchemaCatalog] | None = None


def services(context: typer.Context) -> Services:
    """The services that the command line was given."""
    found = context.find_object(Services)
    return found if found is not None else Services()
