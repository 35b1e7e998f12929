"""Waking every dispatcher that shares an outbox.

One event for all would do for one dispatcher. With several, the first to wake would clear it for
those that were busy, and they would find their work only when they look anyway.
"""

from __future__ import annotations

import asyncio
from typing import Any
from weakref import WeakKeyDictionary


class Wakeups:
    """A latch per waiting task: set by `wake`, consumed by that task's next `wait`."""

    def __init__(self) -> None:
        self._latches: WeakKeyDictionary[asyncio.Task[Any], asyncio.Event] = WeakKeyDictionary()

    def wake(self) -> None:
        """Let every task's next, or current, wait return at once."""
        for latch in list(self._latches.values()):
            latch.set()

    async def wait(self, timeout_seconds: float) -> None:
        """Return when woken, or after `timeout_seconds`; a task's first wait returns at once."""
        task = asyncio.current_task()
        if task is None:  # not in a task: nobody could be woken
            return
        latch = self._latches.get(task)
        if latch is None:
            # From here on nothing is missed; what came before is found by looking.
            self._latches[task] = asyncio.Event()
            return
        try:
            async with asyncio.timeout(timeout_seconds):
                await latch.wait()
        except TimeoutError:
            return
        latch.clear()
