"""Make one call of equal entity calls for objects at several places.

A query that shows the same kind of object at different places often needs the same fields of it
from the same subgraph. Equal calls at the same level become one call with several paths: fewer
calls, and no chain gets longer, since all of them start after equally many others.
"""

from __future__ import annotations

from collections.abc import Mapping

from gateway.planner.fetch_graph import FetchGraph, FetchGroup
from gateway.planner.optimize.levels import levels


def batch_equal_calls(graph: FetchGraph) -> None:
    """Merge groups that send the same document with the same kind of representations."""
    calls = {group: _call(group) for group in graph.groups if group.path}
    while _merge_once(graph, calls):
        pass  # what waited for merged calls may now be equal, too


def _merge_once(graph: FetchGraph, calls: Mapping[FetchGroup, tuple[object, ...]]) -> bool:
    level = levels(graph)
    first_of: dict[tuple[object, ...], FetchGroup] = {}
    merged: dict[FetchGroup, FetchGroup] = {}
    for group in graph.groups:
        if not group.path:
            continue
        first = first_of.setdefault((level[group], calls[group]), group)
        if first is not group:
            first.further_paths += [group.path, *group.further_paths]
            first.send_as(group)
            merged[group] = first
    if not merged:
        return False
    graph.groups = [group for group in graph.groups if group not in merged]
    for group in graph.groups:
        group.parents = {merged.get(parent, parent): None for parent in group.parents}
    return True


def _call(group: FetchGroup) -> tuple[object, ...]:
    """All that makes calls equal but their paths; merging does not change it."""
    text = group.text()
    return (
        group.step,
        group.subgraph,
        group.decided,
        text.body,
        text.rewrites,
        group.required(),
        tuple(group.rewrites),
        tuple(group.contexts),
    )
