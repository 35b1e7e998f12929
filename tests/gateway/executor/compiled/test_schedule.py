"""A schedule begins every call exactly when the plan lets it begin."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gateway.executor.compiled.schedule import (
    AtOnce,
    InSequence,
    Schedule,
    Steps,
    make_schedule,
)

Plan = Steps[str]


def test_a_call_waits_for_all_that_stand_before_it() -> None:
    steps: Plan = InSequence(("A", AtOnce(("B", "C")), "D"))
    assert make_schedule(steps) == Schedule(
        calls=("A", "B", "C", "D"),
        waits_for=(0, 1, 1, 2),
        then=((1, 2), (3,), (3,), ()),
        first=(0,),
    )


def test_many_that_wait_for_many_meet_in_between() -> None:
    steps: Plan = InSequence((AtOnce(("A", "B")), AtOnce(("C", "D"))))
    assert make_schedule(steps) == Schedule(
        calls=("A", "B", None, "C", "D"),
        waits_for=(0, 0, 2, 1, 1),
        then=((2,), (2,), (3, 4), (), ()),
        first=(0, 1),
    )


def test_steps_without_calls_hold_nobody_up() -> None:
    nothing: Plan = InSequence(())
    steps: Plan = InSequence((nothing, AtOnce((nothing, "A")), AtOnce((nothing,)), "B"))
    assert make_schedule(steps) == Schedule(
        calls=("A", "B"), waits_for=(0, 1), then=((1,), ()), first=(0,)
    )
    assert make_schedule(nothing) == Schedule((), (), (), ())


numbers = st.integers(0, 10_000)
plans = st.recursive(
    numbers.map(str),
    lambda inner: st.lists(inner, max_size=4).flatmap(
        lambda steps: st.sampled_from((InSequence(tuple(steps)), AtOnce(tuple(steps))))
    ),
    max_leaves=20,
)


def before(steps: object, earlier: frozenset[int], found: list[frozenset[int]]) -> frozenset[int]:
    """Note for every call, in the plan's order, the numbers of those that have to have ended."""
    match steps:
        case InSequence(inner):
            for step in inner:
                earlier = earlier | before(step, earlier, found)
            return earlier
        case AtOnce(inner):
            return earlier.union(*(before(step, earlier, found) for step in inner))
        case _:
            found.append(earlier)
            return earlier | {len(found) - 1}


@given(plans)
def test_every_call_begins_after_exactly_those_before_it(steps: Plan) -> None:
    expected: list[frozenset[int]] = []
    before(steps, frozenset(), expected)
    schedule = make_schedule(steps)
    calls = [number for number, call in enumerate(schedule.calls) if call is not None]
    needed: list[set[int]] = [set() for _ in schedule.calls]
    waits_for = list(schedule.waits_for)
    ready = list(schedule.first)
    while ready:
        number = ready.pop()
        for other in schedule.then[number]:
            needed[other] |= needed[number] | {number}
            waits_for[other] -= 1
            if not waits_for[other]:
                ready.append(other)
    assert not any(waits_for)
    position = {number: index for index, number in enumerate(calls)}
    assert [frozenset(position[n] for n in needed[c] if n in position) for c in calls] == expected
