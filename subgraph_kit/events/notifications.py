"""Waiting for NOTIFY: one connection per process part, mended when it breaks.

A notification may be lost (a connection that dropped, a server that restarted), so whoever waits
looks again after a second or so in any case. Notifications make things quick, not correct.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import structlog

from subgraph_kit.catalog.database import Database
from subgraph_kit.errors import KitError
from subgraph_kit.events.backoff import Backoff

log = structlog.get_logger(__name__)


class Listener:
    """Listens on one channel and tells every subscriber the payloads."""

    def __init__(self, database: Database, channel: str) -> None:
        self._database = database
        self._channel = channel
        self._subscribers: list[Callable[[str], None]] = []
        self._task: asyncio.Task[None] | None = None
        self._ready = asyncio.Event()
        self._broken = asyncio.Event()

    def subscribe(self, callback: Callable[[str], None]) -> Callable[[], None]:
        """Call `callback` with each payload; returns what ends that.

        After a broken connection is mended it is called with an empty payload: look for yourself.
        """
        self._subscribers.append(callback)
        if self._task is None:
            self._task = asyncio.create_task(self._run(), name=f"listen-{self._channel}")
        return lambda: self._subscribers.remove(callback)

    async def ready(self, timeout_seconds: float = 5.0) -> None:
        """Return when notifications arrive, or after the time-out: then one has to look."""
        try:
            async with asyncio.timeout(timeout_seconds):
                await self._ready.wait()
        except TimeoutError:
            return

    async def close(self) -> None:
        """Stop listening."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None

    async def _run(self) -> None:
        backoff, failures = Backoff(max_seconds=5.0), 0
        while True:
            try:
                connection = await self._database.connect()
                try:
                    await self._listen(connection)
                finally:
                    self._ready.clear()
                    connection.terminate()
                failures = 0
            except (KitError, OSError) as error:
                failures += 1
                log.warning("listen_failed", channel=self._channel, error=str(error))
            await asyncio.sleep(backoff.delay_seconds(max(failures, 1)))

    async def _listen(self, connection: Any) -> None:
        self._broken.clear()
        connection.add_termination_listener(lambda _: self._broken.set())
        await connection.add_listener(self._channel, lambda *args: self._tell(args[3]))
        self._ready.set()
        self._tell("")
        while not self._broken.is_set():
            try:
                async with asyncio.timeout(30):
                    await self._broken.wait()
            except TimeoutError:
                # A peer that vanished without a word is noticed by asking.
                await connection.execute("SELECT 1", timeout=10)

    def _tell(self, payload: str) -> None:
        for subscriber in list(self._subscribers):
            subscriber(payload)
