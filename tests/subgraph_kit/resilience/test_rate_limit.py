"""The token bucket of row 102."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subgraph_kit.errors import RateLimitedError
from subgraph_kit.resilience.deadline import deadline
from subgraph_kit.resilience.rate_limit import RateLimiter, RateLimitSettings
from subgraph_kit.testing.clock import FakeClock


def limiter(clock: FakeClock, rate: float, burst: int = 1, wait: float = 1.0) -> RateLimiter:
    settings = RateLimitSettings(rate, burst, wait)
    return RateLimiter("shop", settings, clock=clock, sleep=clock.sleep)


async def test_a_burst_goes_through_and_the_next_one_waits() -> None:
    clock = FakeClock()
    limit = limiter(clock, rate=10, burst=3)
    for _ in range(4):
        await limit.acquire()
    assert clock.slept == [pytest.approx(0.1)]


async def test_a_wait_that_is_too_long_is_refused_with_the_time_to_come_back() -> None:
    clock = FakeClock()
    limit = limiter(clock, rate=0.5, wait=1.0)
    await limit.acquire()
    with pytest.raises(RateLimitedError) as caught:
        await limit.acquire()
    assert caught.value.retry_after_seconds == pytest.approx(2.0)
    assert "0.5 per second" in str(caught.value)


async def test_the_deadline_bounds_the_wait() -> None:
    clock = FakeClock()
    limit = limiter(clock, rate=2, wait=10)
    await limit.acquire()
    with deadline(0.4, clock=clock), pytest.raises(RateLimitedError):
        await limit.acquire()


async def test_a_caller_that_gives_up_gives_its_token_back() -> None:
    clock = FakeClock()
    limit = RateLimiter("shop", RateLimitSettings(1, 1, 10), clock=clock)
    await limit.acquire()
    waiting = asyncio.create_task(limit.acquire())
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    clock.advance(1)
    await asyncio.wait_for(limit.acquire(), 0.1)


def test_settings_that_make_no_sense_are_refused() -> None:
    with pytest.raises(ValueError, match="rate_per_second"):
        limiter(FakeClock(), rate=0)


@given(
    rate=st.floats(0.5, 50),
    burst=st.integers(1, 5),
    pauses=st.lists(st.floats(0, 2), min_size=1, max_size=40),
)
def test_never_more_than_burst_plus_rate_times_time(
    rate: float, burst: int, pauses: list[float]
) -> None:
    async def run() -> None:
        clock = FakeClock(0.0)
        limit = limiter(clock, rate, burst, wait=100)
        passed: list[float] = []
        for pause in pauses:
            clock.advance(pause)
            await limit.acquire()
            passed.append(clock.now)
        for i, start in enumerate(passed):
            for j in range(i, len(passed)):
                assert j - i + 1 <= burst + rate * (passed[j] - start) + 1e-6

    asyncio.run(run())
