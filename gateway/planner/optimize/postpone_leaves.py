"""Let a call that nobody waits for go with a later call to the same subgraph.

Fields with requirements are asked for late, others of the same subgraph as soon as their objects
are known. Where the early call only brings fields for the client, it can as well be a part of the
later one: a call less, and no chain of calls gets longer.

    same places       the later call asks for the fields, too, and sends all they need anyway
    same question     the later call sends the objects of these places, too

A merged call stands at the later one's level, and whoever waited for either waits for it. So no
other call's level changes, and calls to one subgraph are merged without a look at the others.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeVar

from gateway.planner.fetch_graph import FetchGraph, FetchGroup, RequiredNode
from gateway.planner.optimize.levels import levels
from gateway.planner.place import Place

Name = TypeVar("Name", bound=str)


def postpone_leaves(graph: FetchGraph) -> None:
    """Merge leaves of the graph into later calls, one after the other."""
    level = levels(graph)
    awaited = {parent for group in graph.groups for parent in group.parents}
    alike: dict[tuple[object, ...], list[FetchGroup]] = {}
    for group in graph.groups:
        if group.requires and not group.is_at_root:
            changes = frozenset(group.rewrites) | frozenset(group.contexts)
            key = (group.step, group.subgraph, group.conditions, changes)
            alike.setdefault(key, []).append(group)
    replaced: dict[FetchGroup, FetchGroup] = {}
    for groups in alike.values():
        if len(groups) > 1:
            calls = _Alike(groups, level, awaited)
            while calls.merge_once():
                pass  # a call that got more fields may now be equal to another
            replaced |= calls.replaced
    if not replaced:
        return
    graph.groups = [group for group in graph.groups if group not in replaced]
    for group in graph.groups:
        group.parents = {_now(parent, replaced): None for parent in group.parents}


def _now(group: FetchGroup, replaced: Mapping[FetchGroup, FetchGroup]) -> FetchGroup:
    while group in replaced:
        group = replaced[group]
    return group


class _Alike:
    """Calls to one subgraph under the same conditions, found by their places and by their question.

    A call that fits none of its kin is not looked at again before one of them has changed.
    """

    def __init__(
        self,
        groups: Iterable[FetchGroup],
        level: dict[FetchGroup, int],
        awaited: set[FetchGroup],
    ) -> None:
        self._position = {group: position for position, group in enumerate(groups)}
        self._level = level
        self._awaited = awaited
        self._kin: dict[object, set[FetchGroup]] = {}
        self._names: dict[FetchGroup, tuple[object, object]] = {}
        self._settled: set[FetchGroup] = set()
        self.replaced: dict[FetchGroup, FetchGroup] = {}
        """For each call that is gone, the one made in its place."""
        for group in self._position:
            self._note(group)

    def merge_once(self) -> bool:
        """Make one call of the first two that can be one; whether there are such."""
        for group in sorted(self._position, key=self._rank):
            if group in self._awaited or group in self._settled:
                continue
            places, question = self._names[group]
            kin = self._kin[places] | self._kin[question]
            for later in sorted(kin, key=self._rank):
                if self._level[later] > self._level[group] and self._merged(group, later):
                    return True
            self._settled.add(group)
        return False

    def _rank(self, group: FetchGroup) -> tuple[int, int]:
        return (self._level[group], self._position[group])

    def _note(self, group: FetchGroup) -> None:
        self._names[group] = names = _names(group)
        for name in names:
            kin = self._kin.setdefault(name, set())
            kin.add(group)
            self._settled -= kin

    def _forget(self, group: FetchGroup) -> None:
        for name in self._names[group]:
            self._kin[name].discard(group)

    def _merged(self, group: FetchGroup, later: FetchGroup) -> bool:
        """Make one call of `group` and `later`, if that asks at the same places or is the same."""
        if not covers(later.requires, group.requires):
            return False
        gone, kept = later, group
        if _places(group) == _places(later):
            # Objects that got there in another way may lack what only the later call sends.
            if not (group.ways <= later.ways or covers(group.requires, later.requires)):
                return False
            if group.is_apart and not _suits_all_types(later, group):
                return False
            self._forget(group)
            self._forget(later)
            # What is known early stands first, as it mostly does in the operation.
            group.take_over(later)
            group.requires = later.requires
            self._level[group] = self._level[later]
            if later in self._awaited:
                self._awaited.add(group)
        elif covers(group.requires, later.requires):
            gone, kept = group, later
            self._forget(group)
            self._forget(later)
            known = _places(later)
            later.further_places += [place for place in group.places if place not in known]
            later.send_as(group)
        else:
            return False
        del self._position[gone]
        self.replaced[gone] = kept
        self._note(kept)
        return True


def _names(group: FetchGroup) -> tuple[object, object]:
    """The places and the question of a call."""
    text = group.text()
    return _places(group), (text.body, text.rewrites)


def _suits_all_types(later: FetchGroup, group: FetchGroup) -> bool:
    """Whether all types of the later call are sent what the fields of the other need."""
    return all(
        node.includes(inputs)
        for node in later.requires.values()
        for inputs in group.inputs.values()
    )


def _places(group: FetchGroup) -> frozenset[Place]:
    return frozenset(group.places)


def covers(whole: Mapping[Name, RequiredNode], part: Mapping[Name, RequiredNode]) -> bool:
    """Whether representations made by `whole` have all that those made by `part` have."""
    return all(
        name in whole
        and covers(whole[name].fields, node.fields)
        and covers(whole[name].fragments, node.fragments)
        for name, node in part.items()
    )
