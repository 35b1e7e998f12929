"""Small passes over the fetch graph, one per file, in the order in which they run."""

from __future__ import annotations

from collections.abc import Callable

from gateway.planner.fetch_graph import FetchGraph
from gateway.planner.optimize.batch_equal_calls import batch_equal_calls
from gateway.planner.optimize.drop_implied_parents import drop_implied_parents
from gateway.planner.optimize.merge_same_place import merge_same_place
from gateway.planner.optimize.merge_types import merge_types
from gateway.planner.optimize.postpone_awaited import postpone_awaited
from gateway.planner.optimize.postpone_leaves import postpone_leaves

Pass = Callable[[FetchGraph], None]

PASSES: tuple[Pass, ...] = (
    merge_same_place,
    # Before batching, which gives calls several places.
    merge_types,
    batch_equal_calls,
    postpone_leaves,
    # After what costs nobody time.
    postpone_awaited,
    # Last: batching adds parents.
    drop_implied_parents,
)


def optimize(graph: FetchGraph) -> None:
    """Run all passes."""
    for run in PASSES:
        run(graph)
