"""Make one call of two that send the same representations to the same subgraph at the same time.

They arise where the client names a field twice, under different conditions: what is below is then
planned for each. Fields keep their own conditions in the merged document.
"""

from __future__ import annotations

from collections import Counter

from gateway.planner.fetch_graph import FetchGraph, FetchGroup
from gateway.planner.optimize.levels import levels


def merge_same_place(graph: FetchGraph) -> None:
    """Merge entity calls that differ only in what they ask for."""
    calls = [group for group in graph.groups if not group.is_at_root]
    places = {group: frozenset(group.places) for group in calls}
    at_places = Counter((group.subgraph, places[group]) for group in calls)
    several = [group for group in calls if at_places[group.subgraph, places[group]] > 1]
    sent = {group: _sent(group) for group in several}
    while sent and _merge_once(graph, sent):
        pass  # what waited for merged calls may now be mergeable, too


def _sent(group: FetchGroup) -> tuple[object, ...]:
    """What goes where; merging does not change it."""
    requires = frozenset((item.type_condition, item.selections) for item in group.required())
    changes = frozenset(group.rewrites) | frozenset(group.contexts)
    return (group.step, group.subgraph, frozenset(group.places), requires, changes)


def _merge_once(graph: FetchGraph, sent: dict[FetchGroup, tuple[object, ...]]) -> bool:
    level = levels(graph)
    first_of: dict[tuple[object, ...], FetchGroup] = {}
    merged: dict[FetchGroup, FetchGroup] = {}
    for group in sent:
        first = first_of.setdefault((level[group], sent[group]), group)
        if first is not group:
            first.take_over(group)
            merged[group] = first
    if not merged:
        return False
    for group in merged:
        del sent[group]
    graph.groups = [group for group in graph.groups if group not in merged]
    for group in graph.groups:
        group.parents = {merged.get(parent, parent): None for parent in group.parents}
    return True
