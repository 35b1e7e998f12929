"""How far a call is from the start: the longest chain of calls it waits for."""

from __future__ import annotations

from gateway.planner.fetch_graph import FetchGraph, FetchGroup


def levels(graph: FetchGraph) -> dict[FetchGroup, int]:
    """The level of each group: 0 for those that wait for none."""
    found: dict[FetchGroup, int] = {}
    for start in graph.groups:
        stack = [start]
        while stack:
            group = stack[-1]
            missing = [parent for parent in group.parents if parent not in found]
            if missing:
                stack += missing
                continue
            stack.pop()
            found[group] = 1 + max((found[parent] for parent in group.parents), default=-1)
    return found
