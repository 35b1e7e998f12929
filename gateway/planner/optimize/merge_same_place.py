"""Make one call of two that send the same representations to the same subgraph at the same time.

They arise where the client names a field twice, under different conditions: what is below is then
planned for each. Fields keep their own conditions in the merged document.
"""

from __future__ import annotations

from gateway.planner.fetch_graph import FetchGraph, FetchGroup, RequiredNode
from gateway.planner.optimize.levels import levels


def merge_same_place(graph: FetchGraph) -> None:
    """Merge entity calls that differ only in what they ask for."""
    while _merge_once(graph):
        pass  # what waited for merged calls may now be mergeable, too


def _merge_once(graph: FetchGraph) -> bool:
    level = levels(graph)
    first_of: dict[tuple[object, ...], FetchGroup] = {}
    merged: dict[FetchGroup, FetchGroup] = {}
    for group in graph.groups:
        if not group.path:
            continue
        requires = frozenset((name, node.selections()) for name, node in group.requires.items())
        rewrites = frozenset(group.rewrites) | frozenset(group.contexts)
        key = (level[group], group.step, group.subgraph, group.path, requires, rewrites)
        first = first_of.setdefault(key, group)
        if first is not group:
            first.selection.absorb(group.selection)
            first.wanted_under(group.conditions or frozenset())
            first.parents.update(group.parents)
            for name, node in group.keys.items():
                first.keys.setdefault(name, RequiredNode()).absorb(node)
            first.inputs.update(group.inputs)
            merged[group] = first
    if not merged:
        return False
    graph.groups = [group for group in graph.groups if group not in merged]
    for group in graph.groups:
        group.parents = {merged.get(parent, parent): None for parent in group.parents}
    return True
