"""Let a call that nobody waits for go with a later call to the same subgraph.

Fields with requirements are asked for late, others of the same subgraph as soon as their objects
are known. Where the early call only brings fields for the client, it can as well be a part of the
later one: a call less, and no chain of calls gets longer.

    same places       the later call asks for the fields, too, and sends all they need anyway
    same question     the later call sends the objects of these places, too
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from gateway.planner.fetch_graph import FetchGraph, FetchGroup, RequiredNode
from gateway.planner.optimize.levels import levels

Name = TypeVar("Name", bound=str)


def postpone_leaves(graph: FetchGraph) -> None:
    """Merge leaves of the graph into later calls, one after the other."""
    while _merge_once(graph):
        pass  # a call that got more fields may now be equal to another


def _merge_once(graph: FetchGraph) -> bool:
    level = levels(graph)
    awaited = {parent for group in graph.groups for parent in group.parents}
    by_subgraph: dict[tuple[object, ...], list[FetchGroup]] = {}
    for group in graph.groups:
        if group.path and group.requires:
            changes = frozenset(group.rewrites) | frozenset(group.contexts)
            key = (group.step, group.subgraph, group.conditions, changes)
            by_subgraph.setdefault(key, []).append(group)
    for groups in by_subgraph.values():
        groups.sort(key=level.__getitem__)
        for position, group in enumerate(groups):
            if group in awaited:
                continue
            for later in groups[position + 1 :]:
                if level[later] > level[group] and _merged(graph, group, later):
                    return True
    return False


def _merged(graph: FetchGraph, group: FetchGroup, later: FetchGroup) -> bool:
    """Make one call of `group` and `later`, if that asks at the same places or is the same."""
    if not _covers(later.requires, group.requires):
        return False
    if _paths(group) == _paths(later):
        # Objects that got there in another way may lack what the later call sends.
        if not group.ways <= later.ways:
            return False
        if group.is_apart and not _suits_all_types(later, group):
            return False
        # What is known early stands first, as it mostly does in the operation.
        group.take_over(later)
        group.requires = later.requires
        graph.groups.remove(later)
        for other in graph.groups:
            if later in other.parents:
                other.parents = {group if p is later else p: None for p in other.parents}
        return True
    text, other_text = group.text(), later.text()
    if (text.body, text.rewrites) != (other_text.body, other_text.rewrites):
        return False
    if not _covers(group.requires, later.requires):
        return False
    known = _paths(later)
    later.further_paths += [
        path for path in (group.path, *group.further_paths) if path not in known
    ]
    later.send_as(group)
    graph.groups.remove(group)
    return True


def _suits_all_types(later: FetchGroup, group: FetchGroup) -> bool:
    """Whether all types of the later call are sent what the fields of the other need."""
    return all(
        node.includes(inputs)
        for node in later.requires.values()
        for inputs in group.inputs.values()
    )


def _paths(group: FetchGroup) -> set[object]:
    return {group.path, *group.further_paths}


def _covers(whole: Mapping[Name, RequiredNode], part: Mapping[Name, RequiredNode]) -> bool:
    """Whether representations made by `whole` have all that those made by `part` have."""
    return all(
        name in whole
        and _covers(whole[name].fields, node.fields)
        and _covers(whole[name].fragments, node.fragments)
        for name, node in part.items()
    )
