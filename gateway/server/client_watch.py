"""A client that leaves ends the work that is done for it.

Cancelling the request's task cancels its subgraph calls with it. A mutation that has begun is
finished all the same: half of it would be worse than an answer that nobody reads.

The gateway's own protocol class tells when a connection ends, which costs a request nothing. Under
another ASGI server, `receive` has to be waited for, in a task of its own.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from types import TracebackType

from gateway.server.asgi_types import Receive, Scope
from gateway.server.body import ClientGoneError

ON_CLIENT_GONE = "dictamesh.on_client_gone"
"""Scope key of a function that takes what to call when the connection ends, or None for nothing."""

OnGone = Callable[[Callable[[], None] | None], None]


class ClientWatch:
    """Ends the body of an `async with` when the client leaves, with `ClientGoneError`.

    To be entered after the request's body was read.
    """

    def __init__(self, scope: Scope, receive: Receive) -> None:
        self._on_gone: OnGone | None = scope.get(ON_CLIENT_GONE)
        self._receive = receive
        self._task: asyncio.Task[object] | None = None
        self._waiting: asyncio.Task[None] | None = None
        self._gone = False
        self._may_cancel = True

    def finish(self) -> None:
        """From here on the work is done to its end, whether or not the client waits for it."""
        self._may_cancel = False

    async def __aenter__(self) -> ClientWatch:
        self._task = asyncio.current_task()
        if self._on_gone is not None:
            self._on_gone(self._client_gone)
        else:
            self._waiting = asyncio.create_task(self._wait())
        return self

    async def __aexit__(
        self,
        error_type: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._on_gone is not None:
            self._on_gone(None)
        elif self._waiting is not None:
            self._waiting.cancel()
        if self._gone and self._task is not None:
            # Ours is the only reason to end, unless the server wants to stop as well.
            still_cancelled = self._task.uncancel() > 0
            if error_type is asyncio.CancelledError and not still_cancelled:
                raise ClientGoneError from None

    async def _wait(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass
        self._client_gone()

    def _client_gone(self) -> None:
        if self._may_cancel and not self._gone and self._task is not None:
            self._gone = True
            self._task.cancel()
