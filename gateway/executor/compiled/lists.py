"""The lists that generated code notes objects in, by the places where the objects stand.

`L`, which all functions of a plan work on, holds the root alone in its first list, then what has
so many places that its text is made once (`sharing.py`), then a list for each place that is of
interest later: a fetch completes the objects there, or they have something to hide.
"""

from __future__ import annotations

from collections.abc import Iterator

from graphql import GraphQLList, GraphQLNonNull, GraphQLOutputType

from gateway.executor.compiled.classes import is_switched
from gateway.executor.compiled.layout import LaidOutFetch, Layout, Place, Slot

OFTEN = 1
"""The list of objects that stand in very many places."""


class Lists:
    """Which list has the objects of which place, and where the way to such a place leads."""

    def __init__(self, layout: Layout) -> None:
        self._numbers: dict[tuple[str, ...], int] = {(): 0}
        self._walked: dict[Place, bool] = {}
        for fetch in layout.fetches:
            for path in fetch.paths:
                for placed in path:
                    self._add(placed.place)
        for placed in layout.placed_types:
            if placed.hidden:
                self._add(placed.place)

    def __len__(self) -> int:
        return len(self._numbers) + 1

    def items(self) -> Iterator[tuple[tuple[str, ...], int]]:
        """The names of all places that have a list, and its number."""
        yield from self._numbers.items()

    def number(self, place: Place) -> int | None:
        """The number of the list of a place, if it has one."""
        return self._numbers.get(place.names)

    def is_walked(self, place: Place) -> bool:
        """Whether something has to be done with new objects of a place, or of one below it."""
        known = self._walked.get(place)
        if known is None:
            known = place.names in self._numbers or any(
                is_switched(placed)
                or placed.has_hidden_name
                or any(
                    slot.place is not None and self.is_walked(slot.place)
                    for slot in placed.brought_by(place.creator)
                )
                for placed in place.types.values()
            )
            self._walked[place] = known
        return known

    def repeatable(self, fetch: LaidOutFetch) -> tuple[Place, ...]:
        """The places where one answer of a fetch may have several objects, outer ones first."""
        found: list[Place] = []

        def look(slots: Iterator[Slot], *, is_in_list: bool) -> None:
            for slot in slots:
                if slot.place is None or not self.is_walked(slot.place):
                    continue
                several = is_in_list or has_lists(slot.type)
                if several:
                    found.append(slot.place)
                for placed in slot.place.types.values():
                    look(placed.brought_by(fetch.number), is_in_list=several)

        for target in fetch.targets:
            look(iter(target.slots.values()), is_in_list=bool(fetch.node.requires))
        return tuple(found)

    def _add(self, place: Place) -> None:
        self._numbers.setdefault(place.names, len(self))


def has_lists(type_: GraphQLOutputType) -> bool:
    """Whether a value of the type is a list."""
    if isinstance(type_, GraphQLNonNull):
        type_ = type_.of_type
    return isinstance(type_, GraphQLList)
