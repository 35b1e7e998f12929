"""Time-outs that share timers: they end what waits, and behave as `asyncio.timeout` otherwise."""

from __future__ import annotations

import asyncio
import time

import pytest

from subgraph_kit.resilience.cut_off import TICK_SECONDS, cut_off


async def test_ends_what_waits_when_its_time_has_come_and_not_before() -> None:
    started = time.monotonic()
    with pytest.raises(TimeoutError), cut_off(0.05) as limit:
        await asyncio.Event().wait()
    took = time.monotonic() - started
    assert limit.expired
    assert took + 0.002 >= 0.05  # loops that count milliseconds begin in the middle of one
    assert took < 0.05 + 5 * TICK_SECONDS


async def test_leaves_alone_what_ends_in_time() -> None:
    with cut_off(0.02) as limit:
        await asyncio.sleep(0)
    await asyncio.sleep(0.05)
    assert not limit.expired


async def test_each_of_many_comes_in_its_own_time() -> None:
    ended: list[float] = []

    async def wait(seconds: float) -> None:
        with pytest.raises(TimeoutError), cut_off(seconds):
            await asyncio.Event().wait()
        ended.append(seconds)

    # Also shorter ones after longer ones, which have to wake the loop earlier.
    await asyncio.gather(*(wait(seconds) for seconds in (0.09, 0.03, 0.12, 0.06, 0.0)))
    assert ended == [0.0, 0.03, 0.06, 0.09, 0.12]


async def test_the_error_of_the_work_is_passed_on() -> None:
    with pytest.raises(ZeroDivisionError), cut_off(1):
        _ = 1 / 0


async def test_a_cancelled_task_stays_cancelled() -> None:
    async def work() -> None:
        with cut_off(5):
            await asyncio.Event().wait()

    task = asyncio.create_task(work())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_cancelling_at_the_moment_the_time_is_up_is_not_lost() -> None:
    async def work() -> None:
        with cut_off(10) as limit:
            limits.append(limit)
            await asyncio.Event().wait()

    limits: list[object] = []
    task = asyncio.create_task(work())
    await asyncio.sleep(0)
    limits[0].expire()  # type: ignore[attr-defined] # as the loop does
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_nested_ones_end_their_own_block_only() -> None:
    with cut_off(5) as outer:
        with pytest.raises(TimeoutError), cut_off(0.02):
            await asyncio.Event().wait()
        await asyncio.sleep(0)
    assert not outer.expired


def test_one_thread_may_run_one_loop_after_the_other() -> None:
    async def ends() -> bool:
        try:
            with cut_off(0.02):
                await asyncio.Event().wait()
        except TimeoutError:
            return True
        return False

    assert asyncio.run(ends())
    assert asyncio.run(ends())


def test_needs_a_task() -> None:
    async def without_a_task() -> str:
        loop = asyncio.get_running_loop()
        said: asyncio.Future[str] = loop.create_future()

        def enter() -> None:
            try:
                cut_off(1).__enter__()
            except RuntimeError as error:
                said.set_result(str(error))

        loop.call_soon(enter)
        return await said

    assert "needs a task" in asyncio.run(without_a_task())
