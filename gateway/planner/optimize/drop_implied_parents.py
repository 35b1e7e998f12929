"""Forget that a call waits for another when it does so through a third anyway."""

from __future__ import annotations

from gateway.planner.fetch_graph import FetchGraph, FetchGroup
from gateway.planner.optimize.levels import levels


def drop_implied_parents(graph: FetchGraph) -> None:
    """Keep only the direct parents of each group (transitive reduction)."""
    level = levels(graph)
    ancestors: dict[FetchGroup, set[FetchGroup]] = {}
    for group in sorted(graph.groups, key=level.__getitem__):
        implied: set[FetchGroup] = set()
        for parent in group.parents:
            implied |= ancestors[parent]
        ancestors[group] = implied | set(group.parents)
        group.parents = {parent: None for parent in group.parents if parent not in implied}
