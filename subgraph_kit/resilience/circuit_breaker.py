"""A circuit breaker (row 99): stop asking what does not answer, and notice when it does again.

Counting failures alone opens on a busy service with few errors; an error rate alone opens on one
failed call in the night. So it opens only when both say so, over a sliding window:

    closed ──(error rate > 0.5 and failures > threshold)──> open
    open ──(after `open_seconds`, at the next call)──> half-open
    half-open ──(`success_threshold` successes)──> closed     half-open ──(one failure)──> open

The window is kept in a fixed number of buckets, so its cost does not depend on the call rate. The
class is for one event loop; it takes no lock because it never awaits between reading and writing.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeVar

from subgraph_kit.errors import CircuitOpenError, RateLimitedError, RetriableError
from subgraph_kit.resilience.deadline import Clock

T = TypeVar("T")

_BUCKETS_PER_WINDOW = 10


class BreakerState(StrEnum):
    """What the breaker does with calls: let through, refuse, or try a few."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


StateListener = Callable[[str, BreakerState, BreakerState], None]
"""Called with the breaker's name, the old and the new state."""


@dataclass(frozen=True, slots=True)
class BreakerSettings:
    """When a breaker opens and closes. The defaults are the contract of row 100."""

    failure_threshold: int = 4
    """It opens only at *more* failures than this within the window: at the fifth."""
    error_rate_threshold: float = 0.5
    """... and only if more than this part of the window's calls failed."""
    window_seconds: float = 30.0
    open_seconds: float = 5.0
    """How long it refuses every call before it tries one."""
    success_threshold: int = 1
    """Successes in half-open that close it; also how many trials run at the same time."""


def counts_as_failure(error: BaseException) -> bool:
    """The default rule: the source is to blame for what is retriable.

    Not for asking to wait (it is alive), nor for another breaker that is open below this one.
    """
    return isinstance(error, RetriableError) and not isinstance(
        error, RateLimitedError | CircuitOpenError
    )


@dataclass(slots=True)
class _Bucket:
    starts_at: float
    successes: int = 0
    failures: int = 0


@dataclass(slots=True)
class _Window:
    seconds: float
    buckets: deque[_Bucket] = field(default_factory=deque)
    newest: _Bucket | None = None

    def count(self, now: float, *, failed: bool) -> None:
        bucket = self.newest
        if bucket is None or now >= bucket.starts_at + self.seconds / _BUCKETS_PER_WINDOW:
            self.drop_old(now)
            bucket = self.newest = _Bucket(now)
            self.buckets.append(bucket)
        if failed:
            self.drop_old(now)  # before anybody asks for the totals
            bucket.failures += 1
        else:
            bucket.successes += 1

    def drop_old(self, now: float) -> None:
        while self.buckets and self.buckets[0].starts_at <= now - self.seconds:
            self.buckets.popleft()

    def totals(self) -> tuple[int, int]:
        return sum(b.successes for b in self.buckets), sum(b.failures for b in self.buckets)


class CircuitBreaker:
    """Guards calls to one thing that can fail, known by `name`.

    `is_failure` says of an exception whether the guarded thing is to blame; any other exception
    counts as an answer, and a cancelled call counts as nothing.
    """

    def __init__(
        self,
        name: str,
        settings: BreakerSettings | None = None,
        *,
        clock: Clock = time.monotonic,
        on_state_change: StateListener | None = None,
        is_failure: Callable[[BaseException], bool] = counts_as_failure,
    ) -> None:
        self.name = name
        self.settings = settings or BreakerSettings()
        self._clock = clock
        self._on_state_change = on_state_change
        self._is_failure = is_failure
        self._window = _Window(self.settings.window_seconds)
        self._state = BreakerState.CLOSED
        self._opened_at = 0.0
        self._trials = 0
        self._trial_successes = 0
        # A call that began in an earlier state must not decide about the present one.
        self._generation = 0

    @property
    def state(self) -> BreakerState:
        """The state; an open breaker stays open until a call comes after `open_seconds`."""
        return self._state

    def retry_after_seconds(self) -> float:
        """How long until a call may be let through; 0.0 unless open."""
        if self._state is not BreakerState.OPEN:
            return 0.0
        return max(0.0, self._opened_at + self.settings.open_seconds - self._clock())

    async def call(self, operation: Callable[[], Awaitable[T]]) -> T:
        """Run `operation` if the breaker lets it through, and learn from how it ends.

        Raises:
            CircuitOpenError: if nothing was called.
            Exception: what `operation` raised.
        """
        generation = self.enter()
        try:
            result = await operation()
        except BaseException as error:
            self.leave(generation, error)
            raise
        self.leave(generation)
        return result

    def enter(self) -> int:
        """Begin a call: what `call` does first, for who cannot afford another coroutine.

        Returns what `leave` has to be given at the call's end, whatever that is.

        Raises:
            CircuitOpenError: if nothing may be called.
        """
        if self._state is BreakerState.OPEN:
            wait = self.retry_after_seconds()
            if wait > 0.0:
                raise CircuitOpenError(self.name, wait)
            self._change(BreakerState.HALF_OPEN)
        if self._state is BreakerState.HALF_OPEN:
            needed = self.settings.success_threshold - self._trial_successes
            if self._trials >= max(1, needed):
                raise CircuitOpenError(self.name, 0.0)
            self._trials += 1
        return self._generation

    def leave(self, generation: int, error: BaseException | None = None) -> None:
        """Learn from the end of a call; `error` is what it raised."""
        if generation != self._generation:
            return
        if error is None and self._state is BreakerState.CLOSED:
            self._window.count(self._clock(), failed=False)
            return
        failed: bool | None = False
        if error is not None:
            failed = None if isinstance(error, asyncio.CancelledError) else self._is_failure(error)
        if self._state is BreakerState.HALF_OPEN:
            self._trials -= 1
            if failed is None:
                return
            if failed:
                self._change(BreakerState.OPEN)
                return
            self._trial_successes += 1
            if self._trial_successes >= self.settings.success_threshold:
                self._change(BreakerState.CLOSED)
            return
        if failed is None:
            return
        self._window.count(self._clock(), failed=failed)
        if failed:
            successes, failures = self._window.totals()
            error_rate = failures / (failures + successes)
            if (
                failures > self.settings.failure_threshold
                and error_rate > self.settings.error_rate_threshold
            ):
                self._change(BreakerState.OPEN)

    def _change(self, state: BreakerState) -> None:
        old, self._state = self._state, state
        self._generation += 1
        self._trials = 0
        self._trial_successes = 0
        self._window = _Window(self.settings.window_seconds)
        if state is BreakerState.OPEN:
            self._opened_at = self._clock()
        if self._on_state_change is not None:
            self._on_state_change(self.name, old, state)
