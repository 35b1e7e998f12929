"""Calls in flight that others with the same key may wait for, instead of making their own.

Whoever comes first makes the call itself (no task, nothing to pay where nothing is shared); those
who come while it runs get its result. A result is shared only if there is one: when the first is
cancelled, or fails in a way of its own, the next of those who wait makes the call.

What is in flight may be older than what a caller knows: `forget` ends joining, so that whoever asks
after a change is not given an answer from before it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from typing import Generic, TypeAlias, TypeVar

Value = TypeVar("Value")

Waiters: TypeAlias = "list[asyncio.Future[Value | None]]"


class InFlight(Generic[Value]):
    """The calls in flight by key. For one event loop."""

    def __init__(self) -> None:
        self._calls: dict[Hashable, Waiters[Value]] = {}

    def __len__(self) -> int:
        return len(self._calls)

    def __contains__(self, key: Hashable) -> bool:
        return key in self._calls

    async def wait(self, key: Hashable) -> Value | None:
        """Wait for the call with this key; None if there is none, or if it came to nothing.

        Cancelling the caller leaves the call and everyone else who waits for it alone.
        """
        waiters = self._calls.get(key)
        if waiters is None:
            return None
        waiter: asyncio.Future[Value | None] = asyncio.get_running_loop().create_future()
        waiters.append(waiter)
        return await waiter

    async def lead(self, key: Hashable, work: Callable[[], Awaitable[Value]]) -> Value:
        """Do `work` and give its result to all who wait for it; what it raises is the caller's.

        Ask `wait` first: another call with the same key can be led at the same time, but is then
        not waited for.
        """
        waiters = self.begin(key)
        if waiters is None:
            return await work()
        value: Value | None = None
        try:
            value = await work()
            return value
        finally:
            self.end(key, waiters, value)

    def begin(self, key: Hashable) -> Waiters[Value] | None:
        """Begin a call that others may wait for, or None if there is one with this key.

        Whoever cannot use `lead` (it makes the call without a coroutine) gives what it gets here
        to `end`, whatever becomes of the call.
        """
        waiters: Waiters[Value] = []
        return waiters if self._calls.setdefault(key, waiters) is waiters else None

    def end(self, key: Hashable, waiters: Waiters[Value], value: Value | None) -> None:
        """End a call that `begin` began; None if it came to nothing that others could use."""
        if self._calls.get(key) is waiters:
            del self._calls[key]
        for waiter in waiters:
            if not waiter.done():
                waiter.set_result(value)

    def forget(self) -> None:
        """Let nobody else join the calls in flight; who waits already gets their results."""
        self._calls = {}
