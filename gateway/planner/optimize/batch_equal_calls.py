"""Make one call of equal entity calls for objects at several places.

A query that shows the same kind of object at different places often needs the same fields of it
from the same subgraph. Equal calls at the same level become one call with several paths: fewer
calls, and no chain gets longer, since all of them start after equally many others.
"""

from __future__ import annotations

from gateway.planner.document import write_selection
from gateway.planner.fetch_graph import FetchGraph, FetchGroup
from gateway.planner.optimize.levels import levels


def batch_equal_calls(graph: FetchGraph) -> None:
    """Merge groups that send the same document with the same kind of representations."""
    while _merge_once(graph):
        pass  # what waited for merged calls may now be equal, too


def _merge_once(graph: FetchGraph) -> bool:
    level = levels(graph)
    first_of: dict[tuple[object, ...], FetchGroup] = {}
    merged: dict[FetchGroup, FetchGroup] = {}
    for group in graph.groups:
        if not group.path:
            continue
        first = first_of.setdefault(_identity(group, level[group]), group)
        if first is not group:
            first.further_paths += [group.path, *group.further_paths]
            first.parents.update(group.parents)
            merged[group] = first
    if not merged:
        return False
    graph.groups = [group for group in graph.groups if group not in merged]
    for group in graph.groups:
        group.parents = {merged.get(parent, parent): None for parent in group.parents}
    return True


def _identity(group: FetchGroup, level: int) -> tuple[object, ...]:
    decided = group.conditions or frozenset()
    text = write_selection(group.selection, decided)
    requires = tuple((name, node.selections()) for name, node in group.requires.items())
    return (
        level,
        group.step,
        group.subgraph,
        decided,
        text.body,
        text.rewrites,
        requires,
        tuple(group.rewrites),
        tuple(group.contexts),
    )
