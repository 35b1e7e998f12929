"""Try again what may succeed the second time, without making an outage worse (row 101).

Waits grow by `multiplier` and are shortened at random to between half and all of their length, so
that many callers that failed together do not come back together. A source that says how long to
wait is waited for exactly. Nothing is tried again after the deadline, when cancelled, or when the
error says that the same call will fail again.
"""

from __future__ import annotations

import asyncio
import math
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

from tenacity import AsyncRetrying, RetryCallState, retry_if_exception

from subgraph_kit.errors import CircuitOpenError, RateLimitedError, RetriableError
from subgraph_kit.resilience.deadline import current_deadline

T = TypeVar("T")

Sleep = Callable[[float], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class RetrySettings:
    """How often and how patiently. Times in seconds; `max_attempts` counts the first one too."""

    max_attempts: int = 3
    initial_seconds: float = 0.1
    max_seconds: float = 2.0
    multiplier: float = 2.0
    jitter: bool = True
    """Multiply each wait by a random number from 0.5 to 1.0."""


NO_RETRY = RetrySettings(max_attempts=1)


def is_retryable(error: BaseException) -> bool:
    """The default rule: what is retriable, but an open breaker says itself when to come back."""
    return isinstance(error, RetriableError) and not isinstance(error, CircuitOpenError)


def backoff_seconds(settings: RetrySettings, attempt: int, *, random_unit: float) -> float:
    """The wait after the `attempt`-th attempt (from 1) failed; `random_unit` is in [0, 1)."""
    try:
        growth = settings.multiplier ** (attempt - 1)
    except OverflowError:
        growth = math.inf
    interval = min(settings.initial_seconds * growth, settings.max_seconds)
    return interval * (0.5 + random_unit * 0.5) if settings.jitter else interval


async def retry(
    operation: Callable[[], Awaitable[T]],
    settings: RetrySettings,
    *,
    first_error: Exception | None = None,
    is_retryable: Callable[[BaseException], bool] = is_retryable,
    sleep: Sleep = asyncio.sleep,
    random_unit: Callable[[], float] = random.random,
    on_retry: Callable[[int, BaseException, float], None] | None = None,
) -> T:
    """Run `operation` up to `max_attempts` times and return its first result.

    `first_error` is that of an attempt the caller has made already: the machinery of attempts
    that fail costs more than a call inside a mesh, and nearly every call succeeds at once.
    `on_retry` is told, before each wait, the number of the attempt that failed, its error and the
    seconds to wait.

    Raises:
        Exception: the last attempt's error, as it was.
    """
    if first_error is None:
        try:
            return await operation()
        except Exception as error:
            first_error = error
    if settings.max_attempts <= 1 or not is_retryable(first_error):
        raise first_error

    async def attempt() -> T:  # tenacity awaits only what it knows as a coroutine function
        nonlocal first_error
        if first_error is not None:
            error, first_error = first_error, None
            raise error
        return await operation()

    def wait(state: RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome is not None else None
        if isinstance(error, RateLimitedError) and error.retry_after_seconds is not None:
            return max(0.0, error.retry_after_seconds)
        return backoff_seconds(settings, state.attempt_number, random_unit=random_unit())

    def stop(state: RetryCallState) -> bool:
        if state.attempt_number >= settings.max_attempts:
            return True
        deadline = current_deadline()
        # Waiting until the time is up, only to be told so, helps nobody.
        return deadline is not None and state.upcoming_sleep >= deadline.remaining_seconds()

    def before_sleep(state: RetryCallState) -> None:
        error = state.outcome.exception() if state.outcome is not None else None
        if on_retry is not None and error is not None:
            on_retry(state.attempt_number, error, state.upcoming_sleep)

    retrying = AsyncRetrying(
        retry=retry_if_exception(is_retryable),
        wait=wait,
        stop=stop,
        sleep=sleep,
        before_sleep=before_sleep,
        reraise=True,
    )
    return await retrying(attempt)
