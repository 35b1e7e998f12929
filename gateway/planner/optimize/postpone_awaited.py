"""Let a call that others wait for go with a later call at its place, where there is time for that.

Objects may get to one place by chains of different lengths, and then be asked for the same by one
call after each chain. The early call can as well be made with the late one if all that waits for
it can wait longer: no chain may get longer than the longest there is.

    early call ──> what follows           (a chain with time to spare)
    ...  ──> late call ──> what follows   (the longest)

Once they are one, what follows may be one, too; so the passes before are run again.
"""

from __future__ import annotations

from collections.abc import Iterator

from gateway.planner.fetch_graph import FetchGraph, FetchGroup
from gateway.planner.optimize.batch_equal_calls import batch_equal_calls
from gateway.planner.optimize.levels import levels
from gateway.planner.optimize.merge_same_place import merge_same_place
from gateway.planner.optimize.postpone_leaves import covers, postpone_leaves


def postpone_awaited(graph: FetchGraph) -> None:
    """Merge calls into later ones at the same places, one after the other."""
    while _merge_once(graph):
        merge_same_place(graph)
        batch_equal_calls(graph)
        postpone_leaves(graph)


def _merge_once(graph: FetchGraph) -> bool:
    level = levels(graph)
    pairs = list(_pairs(graph, level))
    if not pairs:
        return False
    dependents: dict[FetchGroup, list[FetchGroup]] = {group: [] for group in graph.groups}
    for group in graph.groups:
        for parent in group.parents:
            dependents[parent].append(group)
    latest = _latest(graph, level, dependents)
    for early, late in pairs:
        if level[late] <= latest[early] and not _leads_to(early, late, dependents):
            # What is known early stands first, as it mostly does in the operation.
            early.take_over(late)
            graph.groups.remove(late)
            for group in dependents[late]:
                group.parents = {early if p is late else p: None for p in group.parents}
            return True
    return False


def _pairs(
    graph: FetchGraph, level: dict[FetchGroup, int]
) -> Iterator[tuple[FetchGroup, FetchGroup]]:
    """Calls that send the same for the same places, but at different times; earlier ones first."""
    alike: dict[tuple[object, ...], list[FetchGroup]] = {}
    for group in graph.groups:
        if group.requires and not group.is_at_root and not group.is_apart:
            changes = frozenset(group.rewrites) | frozenset(group.contexts)
            places = frozenset(group.places)
            key = (group.step, group.subgraph, group.conditions, changes, places)
            alike.setdefault(key, []).append(group)
    for groups in alike.values():
        groups.sort(key=level.__getitem__)
        for index, early in enumerate(groups):
            for late in groups[index + 1 :]:
                if (
                    level[late] > level[early]
                    and covers(early.requires, late.requires)
                    and covers(late.requires, early.requires)
                ):
                    yield early, late


def _latest(
    graph: FetchGraph,
    level: dict[FetchGroup, int],
    dependents: dict[FetchGroup, list[FetchGroup]],
) -> dict[FetchGroup, int]:
    """The level at which each call may be made without a chain longer than the longest."""
    last: dict[int, int] = {}
    for group in graph.groups:
        last[group.step] = max(last.get(group.step, 0), level[group])
    latest: dict[FetchGroup, int] = {}
    for group in sorted(graph.groups, key=level.__getitem__, reverse=True):
        after = [latest[dependent] - 1 for dependent in dependents[group]]
        latest[group] = min(after, default=last[group.step])
    return latest


def _leads_to(
    start: FetchGroup, end: FetchGroup, dependents: dict[FetchGroup, list[FetchGroup]]
) -> bool:
    seen: set[FetchGroup] = set()
    pending = [start]
    while pending:
        group = pending.pop()
        if group is end:
            return True
        if group not in seen:
            seen.add(group)
            pending += dependents[group]
    return False
