"""Coroutines side by side: all run at once, and none is left behind."""

from __future__ import annotations

import asyncio

import pytest

from gateway.executor.side_by_side import run_side_by_side


async def test_all_run_at_the_same_time() -> None:
    barrier = asyncio.Barrier(3)

    async def meet() -> None:
        await barrier.wait()

    async with asyncio.timeout(5):
        await run_side_by_side([meet(), meet(), meet()])


async def test_cancelling_ends_all_of_them_before_it_returns() -> None:
    ended: list[int] = []

    async def work(number: int) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)
            ended.append(number)

    task = asyncio.create_task(run_side_by_side([work(1), work(2), work(3)]))
    await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert sorted(ended) == [1, 2, 3]


async def test_a_failure_ends_the_others() -> None:
    ended: list[str] = []

    async def wait() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append("other")

    async def fail() -> None:
        await asyncio.sleep(0)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await run_side_by_side([fail(), wait()])
    assert ended == ["other"]
