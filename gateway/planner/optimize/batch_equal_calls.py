"""Make one call of equal entity calls for objects at several places.

A query that shows the same kind of object at different places often needs the same fields of it
from the same subgraph. Equal calls at the same level become one call with several paths: fewer
calls, and no chain gets longer, since all of them start after equally many others.
"""

from __future__ import annotations

from collections import Counter

from gateway.planner.fetch_graph import FetchGraph, FetchGroup
from gateway.planner.optimize.levels import levels


def batch_equal_calls(graph: FetchGraph) -> None:
    """Merge groups that send the same document with the same kind of representations."""
    calls = [group for group in graph.groups if not group.is_at_root]
    written = {group: _written(group) for group in calls}
    often = Counter(written.values())
    # Most calls are like no other: what else they consist of need not be looked at.
    several = {
        group: (*question, *_sent(group))
        for group, question in written.items()
        if often[question] > 1
    }
    while several and _merge_once(graph, several):
        pass  # what waited for merged calls may now be equal, too


def _merge_once(graph: FetchGraph, calls: dict[FetchGroup, tuple[object, ...]]) -> bool:
    level = levels(graph)
    first_of: dict[tuple[object, ...], FetchGroup] = {}
    merged: dict[FetchGroup, FetchGroup] = {}
    for group in calls:
        first = first_of.setdefault((level[group], calls[group]), group)
        if first is not group:
            first.further_places += group.places
            first.send_as(group)
            merged[group] = first
    if not merged:
        return False
    for group in merged:
        del calls[group]
    graph.groups = [group for group in graph.groups if group not in merged]
    for group in graph.groups:
        group.parents = {merged.get(parent, parent): None for parent in group.parents}
    return True


def _written(group: FetchGroup) -> tuple[object, ...]:
    text = group.text()
    return (group.step, group.subgraph, group.decided, text.body, text.rewrites)


def _sent(group: FetchGroup) -> tuple[object, ...]:
    """With what is written, all that makes calls equal but their paths; merging changes neither."""
    return (group.required(), tuple(group.rewrites), tuple(group.contexts))
