"""The one place that says how the parts of resilience nest.

    deadline → rate limit → breaker → retry → one attempt, never longer than the deadline

- The deadline is outermost: waiting for the rate limit and between retries counts against it.
- The rate limit stands before the breaker: a call that waits is no call yet.
- The breaker stands before the retries: it counts calls, not attempts, and an open one costs
  nothing, not even a wait.
- Each attempt is cut off when the deadline has come, *inside* the breaker, so that a source that
  hangs opens it.

Policies meet: registration puts one around an adapter, and the source the adapter calls has its
own. The outer one then decides about retries and breaking (or three retries of three retries
would be nine calls); the inner one adds its rate limit and its tighter deadline.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import TypeVar

import structlog

from subgraph_kit.errors import SourceTimeoutError
from subgraph_kit.resilience.circuit_breaker import (
    BreakerSettings,
    CircuitBreaker,
    StateListener,
    counts_as_failure,
)
from subgraph_kit.resilience.cut_off import cut_off
from subgraph_kit.resilience.deadline import Clock, current_deadline, deadline
from subgraph_kit.resilience.rate_limit import RateLimiter, RateLimitSettings
from subgraph_kit.resilience.retry import RetrySettings, Sleep, is_retryable, retry

T = TypeVar("T")

_log = structlog.get_logger(__name__)

_inside_policy: ContextVar[bool] = ContextVar("dictamesh_inside_policy", default=False)


@dataclass(frozen=True, slots=True)
class ResilienceSettings:
    """`timeout_seconds` is for the whole call with all its retries and waits (row 12)."""

    timeout_seconds: float | None = 2.0
    rate_limit: RateLimitSettings | None = None
    breaker: BreakerSettings = field(default_factory=BreakerSettings)
    retry: RetrySettings = field(default_factory=RetrySettings)


def source_timeout(name: str, seconds: float) -> Exception:
    """The default error of an attempt that was cut off."""
    return SourceTimeoutError(f"{name} did not answer within {seconds:.3g} s")


class ResiliencePolicy:
    """Deadline, rate limit, breaker and retries around calls to what is known as `name`.

    One object per guarded thing: it holds the breaker's and the limiter's state. The three
    functions adapt it to other errors than the kit's: `is_failure` (counts for the breaker),
    `is_retryable`, and `timeout_error(name, seconds)`, which makes the error of a cut-off attempt.
    """

    def __init__(
        self,
        name: str,
        settings: ResilienceSettings | None = None,
        *,
        clock: Clock = time.monotonic,
        sleep: Sleep = asyncio.sleep,
        random_unit: Callable[[], float] = random.random,
        on_state_change: StateListener | None = None,
        is_failure: Callable[[BaseException], bool] = counts_as_failure,
        is_retryable: Callable[[BaseException], bool] = is_retryable,
        timeout_error: Callable[[str, float], Exception] = source_timeout,
    ) -> None:
        self.name = name
        self.settings = settings or ResilienceSettings()
        self.breaker = CircuitBreaker(
            name,
            self.settings.breaker,
            clock=clock,
            on_state_change=on_state_change,
            is_failure=is_failure,
        )
        limit = self.settings.rate_limit
        self._limiter = RateLimiter(name, limit, clock=clock, sleep=sleep) if limit else None
        self._clock = clock
        self._sleep = sleep
        self._random_unit = random_unit
        self._is_retryable = is_retryable
        self._timeout_error = timeout_error

    async def call(
        self,
        operation: Callable[[], Awaitable[T]],
        *,
        idempotent: bool = True,
        timeout_seconds: float | None = None,
    ) -> T:
        """Run `operation` under the policy. One that is not `idempotent` is never run twice.

        `timeout_seconds` takes the place of the settings' one for this call.

        Raises:
            CircuitOpenError: if the breaker is open; nothing was called.
            RateLimitedError: if its turn would come too late; nothing was called.
            Exception: the last attempt's error, or `timeout_error` if it was cut off.
        """
        seconds = self.settings.timeout_seconds if timeout_seconds is None else timeout_seconds
        with deadline(seconds, clock=self._clock):
            if self._limiter is not None:
                await self._limiter.acquire()
            if _inside_policy.get():
                return await self._attempt(operation)
            token = _inside_policy.set(True)
            try:
                return await self._guarded(operation, idempotent)
            finally:
                _inside_policy.reset(token)

    def may_retry(self, error: BaseException) -> bool:
        """Whether a call that is idempotent is tried again after `error`."""
        return self._is_retryable(error)

    def timed_out(self, seconds: float) -> Exception:
        """The error of an attempt that was cut off; `seconds` is what the call had in all."""
        return self._timeout_error(self.name, seconds)

    async def go_on(
        self,
        operation: Callable[[], Awaitable[T]],
        error: Exception | None,
        *,
        timeout_seconds: float | None,
    ) -> T:
        """Go on where a first attempt ended that the caller made itself, without a coroutine.

        `error` is what it ended with, or None if it is not to count as an attempt;
        `timeout_seconds` is what is left. The caller tells the breaker of begin and end of the
        whole call. For idempotent calls only.
        """
        with deadline(timeout_seconds, clock=self._clock):
            token = _inside_policy.set(True)
            try:
                if error is None:
                    try:
                        return await self._attempt(operation)
                    except Exception as problem:
                        error = problem
                if not self._is_retryable(error):
                    raise error
                return await self._with_retries(operation, error)
            finally:
                _inside_policy.reset(token)

    async def _guarded(self, operation: Callable[[], Awaitable[T]], idempotent: bool) -> T:
        """Breaker and retries. The first attempt is nearly always the only one: it is direct."""
        generation = self.breaker.enter()
        try:
            try:
                result = await self._attempt(operation)
            except Exception as error:
                if not idempotent or not self._is_retryable(error):
                    raise
                result = await self._with_retries(operation, error)
        except BaseException as error:
            self.breaker.leave(generation, error)
            raise
        self.breaker.leave(generation)
        return result

    async def _with_retries(
        self, operation: Callable[[], Awaitable[T]], first_error: Exception
    ) -> T:
        return await retry(
            lambda: self._attempt(operation),
            self.settings.retry,
            first_error=first_error,
            is_retryable=self._is_retryable,
            sleep=self._sleep,
            random_unit=self._random_unit,
            on_retry=self._note_retry,
        )

    async def _attempt(self, operation: Callable[[], Awaitable[T]]) -> T:
        limit = current_deadline()
        if limit is None:
            return await operation()
        attempt = cut_off(limit.remaining_seconds())
        try:
            with attempt:
                return await operation()
        except TimeoutError as error:
            if not attempt.expired:
                raise  # the operation's own, not ours
            raise self._timeout_error(self.name, limit.seconds) from error

    def _note_retry(self, attempt: int, error: BaseException, wait_seconds: float) -> None:
        _log.debug(
            "retrying",
            target=self.name,
            attempt=attempt,
            wait_ms=round(wait_seconds * 1000),
            error=type(error).__name__,
        )
