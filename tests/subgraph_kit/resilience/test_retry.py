"""Retries of row 101."""

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
from subgraph_kit.resilience.deadline import deadline
from subgraph_kit.resilience.retry import RetrySettings, backoff_seconds, retry
from subgraph_kit.testing.clock import FakeClock


class Failing:
    """Raises what it was given, in turn, and then answers."""

    def __init__(self, *errors: BaseException) -> None:
        self.errors = list(errors)
        self.calls = 0

    async def __call__(self) -> str:
        self.calls += 1
        if self.errors:
            raise self.errors.pop(0)
        return "fine"


DOWN = SourceUnavailableError("down")


async def test_tries_again_until_it_works() -> None:
    clock, operation = FakeClock(), Failing(DOWN, DOWN)
    result = await retry(operation, RetrySettings(), sleep=clock.sleep, random_unit=lambda: 1.0)
    assert (result, operation.calls) == ("fine", 3)
    assert clock.slept == [pytest.approx(0.1), pytest.approx(0.2)]


async def test_gives_up_after_max_attempts_with_the_last_error() -> None:
    last = SourceUnavailableError("the last one")
    operation = Failing(DOWN, DOWN, last, DOWN)
    with pytest.raises(SourceUnavailableError) as caught:
        await retry(operation, RetrySettings(max_attempts=3), sleep=FakeClock().sleep)
    assert caught.value is last
    assert operation.calls == 3


@pytest.mark.parametrize(
    "error", [EntityNotFoundError("T", "1"), CircuitOpenError("s", 1.0), ValueError("bug")]
)
async def test_what_would_fail_again_is_not_tried_again(error: Exception) -> None:
    operation = Failing(error)
    with pytest.raises(type(error)):
        await retry(operation, RetrySettings(), sleep=FakeClock().sleep)
    assert operation.calls == 1


async def test_cancellation_is_not_retried() -> None:
    operation = Failing(asyncio.CancelledError())
    with pytest.raises(asyncio.CancelledError):
        await retry(operation, RetrySettings(), sleep=FakeClock().sleep)
    assert operation.calls == 1


async def test_waits_as_long_as_the_source_asked() -> None:
    clock = FakeClock()
    await retry(Failing(RateLimitedError("slow", 3.5)), RetrySettings(), sleep=clock.sleep)
    assert clock.slept == [3.5]


async def test_does_not_wait_beyond_the_deadline() -> None:
    clock, operation = FakeClock(), Failing(RateLimitedError("slow", 3.5))
    with deadline(3.0, clock=clock), pytest.raises(RateLimitedError):
        await retry(operation, RetrySettings(), sleep=clock.sleep)
    assert (operation.calls, clock.slept) == (1, [])


async def test_tells_of_each_retry() -> None:
    told: list[tuple[int, str]] = []
    await retry(
        Failing(DOWN),
        RetrySettings(),
        sleep=FakeClock().sleep,
        on_retry=lambda attempt, error, _wait: told.append((attempt, type(error).__name__)),
    )
    assert told == [(1, "SourceUnavailableError")]


@given(
    attempt=st.integers(1, 10_000),
    initial=st.floats(0.001, 10),
    maximum=st.floats(0.001, 100),
    multiplier=st.floats(1, 10),
    unit=st.floats(0, 1, exclude_max=True),
)
def test_a_wait_is_between_half_and_all_of_its_bounded_interval(
    attempt: int, initial: float, maximum: float, multiplier: float, unit: float
) -> None:
    settings = RetrySettings(
        initial_seconds=initial, max_seconds=maximum, multiplier=multiplier, jitter=False
    )
    whole = backoff_seconds(settings, attempt, random_unit=unit)
    assert whole <= maximum
    assert whole >= min(initial, maximum)
    jittered = backoff_seconds(
        RetrySettings(initial_seconds=initial, max_seconds=maximum, multiplier=multiplier),
        attempt,
        random_unit=unit,
    )
    assert whole / 2 <= jittered <= whole
