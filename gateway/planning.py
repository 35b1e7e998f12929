"""Preparing and planning operations beside the event loop.

An operation that was never seen takes milliseconds to plan, a hostile one up to seconds; on the
event loop everybody would wait for it. Planning runs in threads, equal ones once, and large
documents in a lane of their own, so that they never stand before small ones. What is planned is
kept even if nobody waits for it any more: whoever asked will ask again.
"""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Callable, Hashable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Generic, TypeVar

Planned = TypeVar("Planned")

_LARGE_CHARACTERS = 4_000
"""Documents beyond this are planned in the second lane; written by hand, few are."""


class PlanningLanes(Generic[Planned]):
    """Runs planning functions in threads. For one event loop; threads start at the first use."""

    def __init__(self) -> None:
        self._lanes = (
            ThreadPoolExecutor(max_workers=2, thread_name_prefix="plan"),
            ThreadPoolExecutor(max_workers=1, thread_name_prefix="plan-large"),
        )
        self._running: dict[Hashable, asyncio.Future[Planned]] = {}

    async def run(
        self,
        key: Hashable,
        characters: int,
        plan: Callable[[], Planned],
        keep: Callable[[Planned], None],
    ) -> Planned:
        """Return what `plan` returns, run in a thread; `keep` gets it first, on the event loop.

        `characters` is the length of the document. Calls with the same `key` share one run; a
        caller that is cancelled ends neither the run nor the others' waiting.
        """
        running = self._running.get(key)
        if running is None:
            lane = self._lanes[characters > _LARGE_CHARACTERS]
            context = contextvars.copy_context()  # for the span of the request
            running = asyncio.wrap_future(_submitted(lane, context, plan))
            self._running[key] = running

            def done(future: asyncio.Future[Planned]) -> None:
                del self._running[key]
                if not future.cancelled() and future.exception() is None:
                    keep(future.result())

            running.add_done_callback(done)
        return await asyncio.shield(running)

    def close(self) -> None:
        """Start nothing more; what runs ends by itself, and nobody is told of it."""
        for running in list(self._running.values()):
            running.cancel()
        for lane in self._lanes:
            lane.shutdown(wait=False, cancel_futures=True)


def _submitted(
    lane: ThreadPoolExecutor, context: contextvars.Context, plan: Callable[[], Planned]
) -> Future[Planned]:
    return lane.submit(context.run, plan)
