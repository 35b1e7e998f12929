"""The breaker of rows 99 and 100."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subgraph_kit.errors import (
    CircuitOpenError,
    EntityNotFoundError,
    RateLimitedError,
    SourceUnavailableError,
)
from subgraph_kit.resilience.circuit_breaker import (
    BreakerSettings,
    BreakerState,
    CircuitBreaker,
)
from subgraph_kit.testing.clock import FakeClock


async def fail() -> None:
    raise SourceUnavailableError("down")


async def succeed() -> str:
    return "fine"


async def failures(breaker: CircuitBreaker, count: int) -> list[type[Exception]]:
    raised: list[type[Exception]] = []
    for _ in range(count):
        with pytest.raises(Exception) as caught:  # noqa: PT011 - the types are the result
            await breaker.call(fail)
        raised.append(caught.type)
    return raised


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


async def test_ten_calls_to_a_dead_source_are_five_errors_and_then_breaker_open(
    clock: FakeClock,
) -> None:
    breaker = CircuitBreaker("s", clock=clock)
    assert await failures(breaker, 10) == [SourceUnavailableError] * 5 + [CircuitOpenError] * 5


async def test_serves_again_five_seconds_after_it_opened(clock: FakeClock) -> None:
    breaker = CircuitBreaker("s", clock=clock)
    await failures(breaker, 5)
    clock.advance(4.9)
    with pytest.raises(CircuitOpenError) as caught:
        await breaker.call(succeed)
    assert caught.value.retry_after_seconds == pytest.approx(0.1)
    clock.advance(0.1)
    assert await breaker.call(succeed) == "fine"
    assert breaker.state is BreakerState.CLOSED


async def test_a_failed_trial_opens_it_again_for_the_whole_time(clock: FakeClock) -> None:
    breaker = CircuitBreaker("s", clock=clock)
    await failures(breaker, 5)
    clock.advance(5)
    assert await failures(breaker, 2) == [SourceUnavailableError, CircuitOpenError]
    clock.advance(4.9)
    assert await failures(breaker, 1) == [CircuitOpenError]


async def test_many_failures_do_not_open_it_while_most_calls_succeed(clock: FakeClock) -> None:
    breaker = CircuitBreaker("s", clock=clock)
    for _ in range(20):
        await breaker.call(succeed)
    assert await failures(breaker, 19) == [SourceUnavailableError] * 19
    assert breaker.state is BreakerState.CLOSED


async def test_few_failures_do_not_open_it_even_if_all_calls_fail(clock: FakeClock) -> None:
    breaker = CircuitBreaker("s", BreakerSettings(failure_threshold=7), clock=clock)
    assert await failures(breaker, 9) == [SourceUnavailableError] * 8 + [CircuitOpenError]


async def test_failures_outside_the_window_are_forgotten(clock: FakeClock) -> None:
    breaker = CircuitBreaker("s", BreakerSettings(window_seconds=30), clock=clock)
    await failures(breaker, 4)
    clock.advance(31)
    await failures(breaker, 4)
    assert breaker.state is BreakerState.CLOSED


async def test_what_is_not_the_source_s_fault_counts_as_an_answer(clock: FakeClock) -> None:
    breaker = CircuitBreaker("s", clock=clock)
    for error in (EntityNotFoundError("T", "1"), RateLimitedError("slow"), ValueError("bug")) * 5:

        async def raising(error: Exception = error) -> None:
            raise error

        with pytest.raises(type(error)):
            await breaker.call(raising)
    assert breaker.state is BreakerState.CLOSED


async def test_half_open_lets_as_many_trials_through_as_it_needs_successes(
    clock: FakeClock,
) -> None:
    breaker = CircuitBreaker("s", BreakerSettings(success_threshold=2), clock=clock)
    await failures(breaker, 5)
    clock.advance(5)
    release = asyncio.Event()

    async def slow() -> None:
        await release.wait()

    trials = [asyncio.create_task(breaker.call(slow)) for _ in range(2)]
    await asyncio.sleep(0)
    with pytest.raises(CircuitOpenError):
        await breaker.call(succeed)
    release.set()
    await asyncio.gather(*trials)
    assert breaker.state is BreakerState.CLOSED


async def test_a_cancelled_trial_gives_its_place_back(clock: FakeClock) -> None:
    breaker = CircuitBreaker("s", clock=clock)
    await failures(breaker, 5)
    clock.advance(5)
    trial = asyncio.create_task(breaker.call(asyncio.Event().wait))
    await asyncio.sleep(0)
    trial.cancel()
    with pytest.raises(asyncio.CancelledError):
        await trial
    assert breaker.state is BreakerState.HALF_OPEN
    assert await breaker.call(succeed) == "fine"


async def test_a_call_from_before_it_opened_does_not_close_it(clock: FakeClock) -> None:
    breaker = CircuitBreaker("s", clock=clock)
    release = asyncio.Event()

    async def slow() -> None:
        await release.wait()

    old = asyncio.create_task(breaker.call(slow))
    await asyncio.sleep(0)
    await failures(breaker, 5)
    clock.advance(5)
    trial = asyncio.create_task(breaker.call(slow))
    await asyncio.sleep(0)
    assert breaker.state is BreakerState.HALF_OPEN
    trial.cancel()
    release.set()
    await old
    assert breaker.state is BreakerState.HALF_OPEN


async def test_tells_every_change_of_state(clock: FakeClock) -> None:
    changes: list[tuple[str, str, str]] = []
    breaker = CircuitBreaker(
        "shop", clock=clock, on_state_change=lambda n, old, new: changes.append((n, old, new))
    )
    await failures(breaker, 5)
    clock.advance(5)
    await breaker.call(succeed)
    assert changes == [
        ("shop", "closed", "open"),
        ("shop", "open", "half_open"),
        ("shop", "half_open", "closed"),
    ]


@given(st.lists(st.tuples(st.booleans(), st.floats(0, 20)), max_size=60))
def test_a_closed_breaker_never_holds_more_failures_than_it_may(
    calls: list[tuple[bool, float]],
) -> None:
    """Whatever comes: closed means that not both limits were passed within the window."""

    async def run() -> None:
        clock = FakeClock(0.0)
        settings = BreakerSettings()
        breaker = CircuitBreaker("s", settings, clock=clock)
        since_closed: list[bool] = []
        for ok, pause in calls:
            clock.advance(pause)
            state = breaker.state
            try:
                await breaker.call(succeed if ok else fail)
            except SourceUnavailableError:
                pass
            except CircuitOpenError:
                assert state is BreakerState.OPEN
                continue
            if state is not BreakerState.CLOSED:
                since_closed = []
                continue
            since_closed.append(ok)
            if breaker.state is BreakerState.OPEN:
                assert since_closed.count(False) > settings.failure_threshold
                assert not ok
        if sum(pause for _, pause in calls) < settings.window_seconds * 0.9 and all(
            not ok for ok, _ in calls
        ):
            assert len(calls) <= settings.failure_threshold or breaker.state is not (
                BreakerState.CLOSED
            )

    asyncio.run(run())
