"""When each call of a plan may begin, as numbers to count down: `make_schedule`.

A plan nests sequences and parallels. To follow it at run time would take a coroutine per node; here
every call knows how many others it waits for and which ones wait for it:

    Sequence { A, Parallel { B, C }, D }      A: waits for 0, then B, C
                                              B: waits for 1, then D        C: waits for 1, then D
                                              D: waits for 2
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeAlias, TypeVar

Call = TypeVar("Call")


@dataclass(frozen=True, slots=True)
class InSequence(Generic[Call]):
    """Steps one after the other."""

    steps: tuple[Steps[Call], ...]


@dataclass(frozen=True, slots=True)
class AtOnce(Generic[Call]):
    """Steps at the same time."""

    steps: tuple[Steps[Call], ...]


Steps: TypeAlias = Call | InSequence[Call] | AtOnce[Call]


@dataclass(frozen=True, slots=True)
class Schedule(Generic[Call]):
    """Calls by number. Where `calls` has None, many calls meet that many others wait for."""

    calls: tuple[Call | None, ...]
    waits_for: tuple[int, ...]
    """How many have to end before this one begins."""
    then: tuple[tuple[int, ...], ...]
    """Which ones count this one's end."""
    first: tuple[int, ...]
    """Those that wait for nothing."""


def make_schedule(steps: Steps[Call]) -> Schedule[Call]:
    """Number the calls in the plan's order and say what each waits for."""
    writer: _Writer[Call] = _Writer()
    writer.add(steps, [])
    return Schedule(
        tuple(writer.calls),
        tuple(writer.waits_for),
        tuple(tuple(numbers) for numbers in writer.then),
        tuple(number for number, count in enumerate(writer.waits_for) if count == 0),
    )


class _Writer(Generic[Call]):
    def __init__(self) -> None:
        self.calls: list[Call | None] = []
        self.waits_for: list[int] = []
        self.then: list[list[int]] = []

    def add(self, steps: Steps[Call], after: list[int]) -> list[int]:
        """Write `steps` to begin when all of `after` have ended; returns their last ones."""
        if isinstance(steps, InSequence):
            for step in steps.steps:
                after = self.add(step, after)
            return after
        if isinstance(steps, AtOnce):
            if len(after) > 1 and len(steps.steps) > 1:
                after = [self._call(None, after)]  # not every one with every other
            # A step without a call is over when what was before it is.
            last = [number for step in steps.steps for number in self.add(step, after)]
            return list(dict.fromkeys(last)) or after
        return [self._call(steps, after)]

    def _call(self, call: Call | None, after: list[int]) -> int:
        number = len(self.calls)
        self.calls.append(call)
        self.waits_for.append(len(after))
        self.then.append([])
        for earlier in after:
            self.then[earlier].append(number)
        return number
