"""How deadline, rate limit, breaker and retry nest."""

import asyncio
import time

import pytest

from subgraph_kit.errors import (
    CircuitOpenError,
    RateLimitedError,
    SourceTimeoutError,
    SourceUnavailableError,
)
from subgraph_kit.resilience.circuit_breaker import BreakerState
from subgraph_kit.resilience.deadline import current_deadline, deadline
from subgraph_kit.resilience.policy import ResiliencePolicy, ResilienceSettings
from subgraph_kit.resilience.rate_limit import RateLimitSettings
from subgraph_kit.resilience.retry import RetrySettings
from subgraph_kit.testing.clock import FakeClock


def policy(clock: FakeClock, **settings: object) -> ResiliencePolicy:
    return ResiliencePolicy(
        "shop",
        ResilienceSettings(**settings),  # type: ignore[arg-type] # given by name in each test
        clock=clock,
        sleep=clock.sleep,
        random_unit=lambda: 1.0,
    )


class Source:
    def __init__(self, failing: int = 10**6) -> None:
        self.failing = failing
        self.calls = 0

    async def ask(self) -> str:
        self.calls += 1
        if self.calls <= self.failing:
            raise SourceUnavailableError("down")
        return "fine"


async def test_the_breaker_counts_calls_not_attempts() -> None:
    clock, source = FakeClock(), Source()
    guarded = policy(clock)
    kinds = []
    for _ in range(10):
        with pytest.raises((SourceUnavailableError, CircuitOpenError)) as caught:
            await guarded.call(source.ask)
        kinds.append(caught.type)
    assert kinds == [SourceUnavailableError] * 5 + [CircuitOpenError] * 5
    assert source.calls == 15


async def test_a_passing_failure_is_not_seen_outside() -> None:
    clock, source = FakeClock(), Source(failing=2)
    assert await policy(clock).call(source.ask) == "fine"


async def test_what_is_not_idempotent_is_never_sent_twice() -> None:
    clock, source = FakeClock(), Source(failing=1)
    with pytest.raises(SourceUnavailableError):
        await policy(clock).call(source.ask, idempotent=False)
    assert source.calls == 1


async def test_a_source_that_hangs_is_cut_off_and_opens_the_breaker() -> None:
    guarded = ResiliencePolicy("shop", ResilienceSettings(timeout_seconds=0.02))

    async def hang() -> None:
        await asyncio.Event().wait()

    started = time.perf_counter()
    for _ in range(5):
        with pytest.raises(SourceTimeoutError, match=r"shop did not answer within 0\.02 s"):
            await guarded.call(hang)
    assert guarded.breaker.state is BreakerState.OPEN
    assert time.perf_counter() - started < 1


async def test_retries_and_their_waits_count_against_the_time_out() -> None:
    clock, source = FakeClock(), Source()
    guarded = policy(
        clock,
        timeout_seconds=1.0,
        retry=RetrySettings(max_attempts=100, initial_seconds=0.4, multiplier=1),
    )
    with pytest.raises(SourceUnavailableError):
        await guarded.call(source.ask)
    assert source.calls == 3
    assert sum(clock.slept) <= 1.0


async def test_a_time_out_of_the_operation_itself_is_not_taken_for_ours() -> None:
    async def raising() -> None:
        raise TimeoutError("its own")

    with pytest.raises(TimeoutError, match="its own"):
        await policy(FakeClock()).call(raising)


async def test_an_outer_deadline_can_only_be_tightened() -> None:
    clock = FakeClock()
    seen: list[float] = []

    async def look() -> None:
        limit = current_deadline()
        assert limit is not None
        seen.append(limit.remaining_seconds())

    with deadline(0.5, clock=clock):
        await policy(clock, timeout_seconds=2.0).call(look)
        await policy(clock, timeout_seconds=0.2).call(look)
    assert seen == [pytest.approx(0.5), pytest.approx(0.2)]
    assert current_deadline() is None


async def test_the_rate_limit_stands_before_the_breaker() -> None:
    clock, source = FakeClock(), Source(failing=0)
    guarded = policy(
        clock, rate_limit=RateLimitSettings(rate_per_second=0.1, burst=5, max_wait_seconds=0)
    )
    for _ in range(5):
        await guarded.call(source.ask)
    for _ in range(10):
        with pytest.raises(RateLimitedError):
            await guarded.call(source.ask)
    assert guarded.breaker.state is BreakerState.CLOSED
    assert source.calls == 5


async def test_nested_policies_retry_and_break_once_at_the_outer_one() -> None:
    clock, source = FakeClock(), Source()
    outer, inner = policy(clock), policy(clock)
    for _ in range(5):
        with pytest.raises(SourceUnavailableError):
            await outer.call(lambda: inner.call(source.ask))
    assert source.calls == 15
    assert outer.breaker.state is BreakerState.OPEN
    assert inner.breaker.state is BreakerState.CLOSED


async def test_an_error_of_another_vocabulary_can_be_taught() -> None:
    class CallError(Exception):
        pass

    calls = 0

    async def failing() -> None:
        nonlocal calls
        calls += 1
        raise CallError

    guarded = ResiliencePolicy(
        "subgraph",
        sleep=FakeClock().sleep,
        is_failure=lambda error: isinstance(error, CallError),
        is_retryable=lambda error: isinstance(error, CallError),
    )
    for _ in range(5):
        with pytest.raises(CallError):
            await guarded.call(failing)
    assert calls == 15
    assert guarded.breaker.state is BreakerState.OPEN
