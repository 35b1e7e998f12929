"""Root fields of a mutation, each asked for once.

A client may write one root field several times, under different conditions: `pay @skip(if: $a)
{ id } pay { sum }`. They are one field of the response, and it must be executed once (GraphQL
specification, "CollectFields"), however differently what is below it would be planned. So each
such field becomes fields whose conditions exclude each other, of which each has all the selections
that are wanted when it is executed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from gateway.operation.model import (
    Condition,
    Conditions,
    FieldSelection,
    InlineFragment,
    SelectionSet,
)
from gateway.operation.normalize.conditions import contradictory


@dataclass(frozen=True, slots=True)
class _Occurrence:
    """A field as it is written once, and its place among all root fields."""

    place: int
    field: FieldSelection


def once_each(selections: SelectionSet) -> SelectionSet:
    """The root fields, in the order in which they are executed, no two of one name at once."""
    by_name: dict[str, dict[Conditions, _Occurrence]] = {}
    for place, (conditions, field) in enumerate(_fields(selections, frozenset())):
        same = by_name.setdefault(field.response_name, {})
        known = same.get(conditions)
        same[conditions] = _Occurrence(
            known.place if known else place,
            _with(field, (*(known.field.selections if known else ()), *field.selections)),
        )
    found = [case for same in by_name.values() for case in _apart(same)]
    return tuple(case.field for case in sorted(found, key=lambda case: case.place))


def _fields(
    selections: SelectionSet, outer: Conditions
) -> Iterator[tuple[Conditions, FieldSelection]]:
    for selection in selections:
        conditions = outer | selection.conditions
        if contradictory(conditions):
            continue
        if isinstance(selection, FieldSelection):
            yield conditions, selection
        else:
            yield from _fields(selection.selections, conditions)


def _apart(same: dict[Conditions, _Occurrence]) -> Iterator[_Occurrence]:
    """One field under several conditions, as fields of which at most one is wanted.

    Each stands where the first of its occurrences that holds stands: that decides the order.
    """
    pending = list(same.items())
    cases: list[Conditions] = [frozenset()]
    for index, (conditions, occurrence) in enumerate(pending):
        for case in cases:
            now = case | conditions
            if contradictory(now):
                continue
            selections = occurrence.field.selections
            for others, other in pending[index + 1 :]:
                below = other.field.selections
                if not below or contradictory(now | others):
                    continue
                missing = others - now
                selections += (InlineFragment(None, below, missing),) if missing else below
            yield _Occurrence(occurrence.place, _with(occurrence.field, selections, now))
        cases = [left for case in cases for left in _without(case, conditions)]


def _without(case: Conditions, conditions: Conditions) -> Iterator[Conditions]:
    """The rest of a case, where `conditions` do not all hold, as cases that exclude each other."""
    known = case
    for condition in sorted(conditions, key=lambda item: (item.variable, item.required)):
        left = known | {Condition(condition.variable, not condition.required)}
        if not contradictory(left):
            yield left
        known |= {condition}
        if contradictory(known):
            return


def _with(
    field: FieldSelection, selections: SelectionSet, conditions: Conditions = frozenset()
) -> FieldSelection:
    return FieldSelection(
        field.name, field.alias, field.arguments, selections, conditions, field.directives
    )
