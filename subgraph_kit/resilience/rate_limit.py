"""A token bucket: protect a source from us (row 102).

`rate_per_second` tokens flow in, `burst` fit. A call takes one and waits its turn where there is
none; a wait that would end after the deadline is refused at once instead.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass

from subgraph_kit.errors import RateLimitedError
from subgraph_kit.resilience.deadline import Clock, current_deadline
from subgraph_kit.resilience.retry import Sleep


@dataclass(frozen=True, slots=True)
class RateLimitSettings:
    """`max_wait_seconds` bounds the queue: whoever would wait longer is refused."""

    rate_per_second: float
    burst: int = 1
    max_wait_seconds: float = 1.0


class RateLimiter:
    """Lets `rate_per_second` calls through in the long run and `burst` at once, first come first.

    The bucket may go below zero: each waiting call has taken its token already, so calls leave in
    the order they came.
    """

    def __init__(
        self,
        name: str,
        settings: RateLimitSettings,
        *,
        clock: Clock = time.monotonic,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        if settings.rate_per_second <= 0 or settings.burst < 1:
            raise ValueError("rate_per_second must be above 0 and burst at least 1")
        self.name = name
        self.settings = settings
        self._clock = clock
        self._sleep = sleep
        self._tokens = float(settings.burst)
        self._filled_at = clock()

    async def acquire(self) -> None:
        """Return when the call may be made.

        Raises:
            RateLimitedError: if that would take longer than `max_wait_seconds` or the deadline.
        """
        wait = self._wait_for_next_token()
        allowed = self.settings.max_wait_seconds
        deadline = current_deadline()
        if deadline is not None:
            allowed = min(allowed, deadline.remaining_seconds())
        if wait > allowed:
            raise RateLimitedError(
                f"too many calls to {self.name}: the limit is "
                f"{self.settings.rate_per_second:g} per second",
                retry_after_seconds=wait,
            )
        self._tokens -= 1.0
        if wait > 0.0:
            try:
                await self._sleep(wait)
            except asyncio.CancelledError:
                self._tokens += 1.0
                raise

    def _wait_for_next_token(self) -> float:
        now = self._clock()
        grown = (now - self._filled_at) * self.settings.rate_per_second
        self._tokens = min(float(self.settings.burst), self._tokens + grown)
        self._filled_at = now
        missing = 1.0 - self._tokens
        return max(0.0, missing / self.settings.rate_per_second)
