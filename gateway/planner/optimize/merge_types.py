"""Make one call of two that ask interface objects of different types at one place.

The document for an interface object cannot tell types apart: what is asked for one is asked for
all. So a call that sends requirements is made for each type, and made one with another's here if
the objects of both are sent all that the fields of both need.
"""

from __future__ import annotations

from gateway.planner.fetch_graph import FetchGraph, FetchGroup
from gateway.planner.optimize.levels import levels


def merge_types(graph: FetchGraph) -> None:
    """Merge entity calls that differ only in the types of the objects they are made for."""
    while _merge_once(graph):
        pass  # what waited for merged calls may now fit, too


def _merge_once(graph: FetchGraph) -> bool:
    apart = [group for group in graph.groups if group.is_apart]
    if not apart:
        return False
    level = levels(graph)
    firsts_of: dict[tuple[object, ...], list[FetchGroup]] = {}
    merged: dict[FetchGroup, FetchGroup] = {}
    for group in apart:
        decided = group.decided
        contexts = frozenset(group.contexts)
        key = (level[group], group.step, group.subgraph, group.place, decided, contexts)
        firsts = firsts_of.setdefault(key, [])
        first = next((first for first in firsts if _fit(first, group)), None)
        if first is None:
            firsts.append(group)
            continue
        _absorb(first, group)
        merged[group] = first
    if not merged:
        return False
    graph.groups = [group for group in graph.groups if group not in merged]
    for group in graph.groups:
        group.parents = {merged.get(parent, parent): None for parent in group.parents}
    return True


def _fit(first: FetchGroup, second: FetchGroup) -> bool:
    needed = [*first.inputs.values(), *second.inputs.values()]
    sent = [*first.requires.values(), *second.requires.values()]
    return first.requires.keys().isdisjoint(second.requires) and all(
        node.includes(inputs) for node in sent for inputs in needed
    )


def _absorb(first: FetchGroup, second: FetchGroup) -> None:
    first.requires.update(second.requires)
    first.rewrites.update(second.rewrites)
    first.take_over(second)
