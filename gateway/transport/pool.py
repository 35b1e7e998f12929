"""Keep-alive connections to one origin, handed out one exchange at a time.

The most recently used idle connection goes first, so that a pool shrinks when load does. At most
`max_connections` are open; whoever comes then waits in line. Idle connections are closed after
`idle_seconds`, or a second before the peer announced that it would.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Awaitable, Callable

from gateway.transport.connection import ClientConnection

Clock = Callable[[], float]
"""Seconds, monotonic."""


class ConnectionPool:
    """The connections to one origin; `connect` opens one more."""

    def __init__(
        self,
        connect: Callable[[], Awaitable[ClientConnection]],
        *,
        max_connections: int,
        idle_seconds: float,
        clock: Clock,
    ) -> None:
        self._connect = connect
        self._max_connections = max_connections
        self._idle_seconds = idle_seconds
        self._clock = clock
        self._idle: list[ClientConnection] = []
        self._open = 0
        self._look_again_at = 0.0
        self._waiters: deque[asyncio.Future[ClientConnection | None]] = deque()
        self._closed = False

    @property
    def open_connections(self) -> int:
        """How many connections are open or being opened."""
        return self._open

    def take(self, *, max_idle_seconds: float | None = None) -> ClientConnection | None:
        """Return an idle connection, as `acquire`, or None if there is none."""
        if not self._idle:
            return None
        now = self._clock()
        if now >= self._look_again_at:
            self._look_again_at = now + 1.0
            self.close_expired(now)
        while self._idle:
            connection = self._idle.pop()
            if (  # nobody waits for an answer on an idle one
                connection.is_open
                and now <= connection.idle_until
                and (max_idle_seconds is None or now - connection.idle_since <= max_idle_seconds)
            ):
                return connection
            self._discard(connection)
        return None

    async def acquire(self, *, max_idle_seconds: float | None = None) -> ClientConnection:
        """Return a connection that nobody else uses; give it back with `release`.

        With `max_idle_seconds` an idle connection is used only if it was used that recently:
        the longer it rested, the likelier the peer is closing it right now.

        Raises:
            OSError: if no connection could be opened.
        """
        connection = self.take(max_idle_seconds=max_idle_seconds)
        if connection is not None:
            return connection
        if self._open < self._max_connections:
            return await self._open_connection()
        waiter: asyncio.Future[ClientConnection | None] = asyncio.get_running_loop().create_future()
        self._waiters.append(waiter)
        try:
            handed = await waiter
        except asyncio.CancelledError:
            if waiter.done() and not waiter.cancelled():
                # Handed over at the moment of giving up: pass it on.
                self._pass_on(waiter.result())
            else:
                with contextlib.suppress(ValueError):  # `_pass_on` skipped it already
                    self._waiters.remove(waiter)
            raise
        return handed if handed is not None else await self._open_connection(reserved=True)

    def release(self, connection: ClientConnection) -> None:
        """Take a connection back, to be used again if it can be."""
        if connection.usable and not self._closed:
            connection.idle_since = now = self._clock()
            longest_rest = self._idle_seconds
            announced = connection.keep_alive_seconds
            if announced is not None and announced - 1.0 < longest_rest:
                longest_rest = announced - 1.0
            connection.idle_until = now + longest_rest
            if self._waiters:
                self._pass_on(connection)
            else:
                self._idle.append(connection)
        else:
            self._discard(connection)

    def close_expired(self, now: float) -> None:
        """Close what rested too long, by the pool's clock; the oldest stand first."""
        while self._idle:
            oldest = self._idle[0]
            if oldest.usable and now <= oldest.idle_until:
                return
            self._discard(self._idle.pop(0))

    def drop_idle(self) -> None:
        """Close all idle connections: the peer just showed that it closes them."""
        while self._idle:
            self._discard(self._idle.pop())

    def close(self) -> None:
        """Close idle connections now, those in use when they are released."""
        self._closed = True
        self.drop_idle()

    async def _open_connection(self, *, reserved: bool = False) -> ClientConnection:
        if not reserved:
            self._open += 1
        try:
            return await self._connect()
        except BaseException:
            self._free_slot()
            raise

    def _pass_on(self, connection: ClientConnection | None) -> None:
        """Give a connection (or, with None, the right to open one) to the first who waits."""
        while self._waiters:
            waiter = self._waiters.popleft()
            if not waiter.done():
                waiter.set_result(connection)
                return
        if connection is None:
            self._open -= 1
        elif self._closed:
            self._discard(connection)
        else:
            self._idle.append(connection)

    def _discard(self, connection: ClientConnection) -> None:
        connection.close()
        self._free_slot()

    def _free_slot(self) -> None:
        self._pass_on(None)
