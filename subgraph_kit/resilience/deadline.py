"""How long work may still take, known to everything it calls.

A time-out per step adds up: three retries of two seconds are six. A deadline is one point in time
that is set where the work begins and read by every step below, through a context variable, so a
step deep down never waits for longer than anyone above is willing to.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextvars import Context, ContextVar, Token, copy_context
from dataclasses import dataclass

Clock = Callable[[], float]
"""Seconds on a clock that never goes back, as `time.monotonic`."""


@dataclass(slots=True)  # not frozen: one is made per call, and that would double its price
class Deadline:
    """A point in time on `clock`; `at` is in that clock's seconds, set `seconds` before it.

    Never changed once it is made.
    """

    at: float
    seconds: float
    clock: Clock = time.monotonic

    @classmethod
    def after(cls, seconds: float, *, clock: Clock = time.monotonic) -> Deadline:
        """The point `seconds` from now."""
        return cls(clock() + seconds, seconds, clock)

    def remaining_seconds(self) -> float:
        """Seconds left, never below zero."""
        return max(0.0, self.at - self.clock())

    @property
    def expired(self) -> bool:
        """Whether no time is left."""
        return self.remaining_seconds() <= 0.0


_current: ContextVar[Deadline | None] = ContextVar("dictamesh_deadline", default=None)


def current_deadline() -> Deadline | None:
    """The deadline of the work this code belongs to, or None."""
    return _current.get()


def deadline(seconds: float | None, *, clock: Clock = time.monotonic) -> _Scope:
    """Set a deadline for what runs inside; it can only tighten the one that holds already.

    `seconds` None keeps the one that holds. This does not interrupt anything by itself: whoever
    waits inside (retry, rate limit, the policy's attempts) asks `current_deadline()`.
    """
    return _Scope(seconds, clock)


def context_with(limit: Deadline) -> Context:
    """A copy of this code's context in which `limit` holds, for work that others will run."""
    context = copy_context()
    context.run(_current.set, limit)
    return context


class _Scope:
    """The context manager of `deadline`; a class, as generators cost each call more than this."""

    __slots__ = ("_clock", "_seconds", "_token")

    def __init__(self, seconds: float | None, clock: Clock) -> None:
        self._seconds = seconds
        self._clock = clock
        self._token: Token[Deadline | None] | None = None

    def __enter__(self) -> Deadline | None:
        outer = _current.get()
        if self._seconds is None:
            return outer
        candidate = Deadline(self._clock() + self._seconds, self._seconds, self._clock)
        if outer is not None and not _is_earlier(candidate, outer):
            return outer
        self._token = _current.set(candidate)
        return candidate

    def __exit__(self, *_error: object) -> None:
        if self._token is not None:
            _current.reset(self._token)
            self._token = None


def _is_earlier(candidate: Deadline, outer: Deadline) -> bool:
    if candidate.clock is outer.clock:
        return candidate.at < outer.at
    return candidate.remaining_seconds() < outer.remaining_seconds()
