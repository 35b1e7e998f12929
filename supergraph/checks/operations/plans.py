"""What it takes to answer an operation: figures of its plan, made by whoever plans.

This package may not know the gateway, whose planner it is: the command line hands it in.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeAlias

if TYPE_CHECKING:
    from graphql import DocumentNode

    from supergraph.model import Supergraph


@dataclass(frozen=True, slots=True)
class PlanFigures:
    """`calls` to subgraphs, `chain` of them one after the other at most.

    `unresolvable` are fields that no subgraph can be asked for. With `problem` there is no plan,
    and it says why.
    """

    calls: int = 0
    chain: int = 0
    unresolvable: tuple[str, ...] = ()
    problem: str | None = None


class OperationPlanner(Protocol):
    """Plans operations on one supergraph."""

    def figures(self, document: DocumentNode, operation_name: str | None) -> PlanFigures:
        """The figures of a valid document's operation; raises nothing for what it cannot plan."""
        ...


PlannerFactory: TypeAlias = "Callable[[Supergraph], OperationPlanner]"
