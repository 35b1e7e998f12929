"""uvicorn's HTTP/1.1 protocol with bounds on what comes before a request is a request.

uvicorn waits for ever for the end of a header, and takes one of any size: a few thousand slow
clients would use up the process's connections, one endless header its memory. What is no HTTP at
all is answered in JSON like everything else.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import msgspec
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from gateway.errors import error_json
from gateway.server.body import BODY_HAS_COME
from gateway.server.client_watch import ON_CLIENT_GONE
from gateway.server.response_cycle import WholeResponseCycle

_REASONS = {
    400: ("Bad Request", "BAD_REQUEST"),
    408: ("Request Timeout", "REQUEST_TIMEOUT"),
    431: ("Request Header Fields Too Large", "HEADERS_TOO_LARGE"),
}


class BoundedHttpProtocol(HttpToolsProtocol):
    """One client connection. Use a subclass made by `bounded_protocol`."""

    max_header_bytes: int
    header_timeout_seconds: float

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._in_header = True
        self._header_begun = False
        self._header_bytes = 0
        self._header_timer: asyncio.TimerHandle | None = None
        self._client_gone: Callable[[], None] | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as uvicorn
        """Expect a header soon."""
        super().connection_made(transport)
        self._start_timer()

    def connection_lost(self, exc: Exception | None) -> None:
        """Expect nothing any more."""
        self._stop_timer()
        super().connection_lost(exc)
        if self._client_gone is not None:
            self._client_gone()

    def data_received(self, data: bytes) -> None:
        """Count what belongs to a header."""
        if self._in_header:
            self._header_bytes += len(data)
        super().data_received(data)
        if self._in_header and self._header_bytes > self.max_header_bytes:
            self._refuse(431, f"The request's header is larger than {self.max_header_bytes} bytes")
        elif self._in_header and self._header_begun and self._header_timer is None:
            self._start_timer()  # most headers come whole, and need none

    def on_message_begin(self) -> None:
        """Expect the rest of the header."""
        self._header_begun = True
        super().on_message_begin()
        scope: dict[str, Any] = self.scope  # type: ignore[assignment] # uvicorn's has fixed keys
        scope[ON_CLIENT_GONE] = self._on_client_gone

    def on_headers_complete(self) -> None:
        """From here on, the application has its own limits."""
        self._in_header = False
        self._stop_timer()
        before = self.cycle
        super().on_headers_complete()
        if self.cycle is not before:
            # uvicorn makes it, and nothing of it has run yet.
            self.cycle.__class__ = WholeResponseCycle

    def on_message_complete(self) -> None:
        """What comes next is the next request's header."""
        self._in_header = True
        self._header_begun = False
        self._header_bytes = 0
        scope: dict[str, Any] = self.scope  # type: ignore[assignment] # as above
        scope[BODY_HAS_COME] = True
        super().on_message_complete()

    def send_400_response(self, msg: str) -> None:
        """Answer what is no HTTP."""
        self._refuse(400, msg)

    def _on_client_gone(self, call: Callable[[], None] | None) -> None:
        self._client_gone = call

    def _start_timer(self) -> None:
        self._header_timer = asyncio.get_running_loop().call_later(
            self.header_timeout_seconds, self._time_is_up
        )

    def _stop_timer(self) -> None:
        if self._header_timer is not None:
            self._header_timer.cancel()
            self._header_timer = None

    def _time_is_up(self) -> None:
        self._header_timer = None
        cycle: RequestResponseCycle | None = self.cycle
        if cycle is not None and not cycle.response_complete:
            self._start_timer()  # An answer is still owed for the request before.
        elif self._header_begun:
            self._refuse(
                408, f"The request's header took longer than {self.header_timeout_seconds:g} s"
            )
        else:
            self.transport.close()

    def _refuse(self, status: int, message: str) -> None:
        if self.transport.is_closing():
            return
        reason, code = _REASONS[status]
        body = msgspec.json.encode({"errors": [error_json(code, message)]})
        head = (
            f"HTTP/1.1 {status} {reason}\r\n"
            "content-type: application/json; charset=utf-8\r\n"
            f"content-length: {len(body)}\r\nconnection: close\r\n\r\n"
        )
        self._stop_timer()
        self.transport.write(head.encode() + body)
        self.transport.close()


def bounded_protocol(
    *, max_header_bytes: int, header_timeout_seconds: float
) -> type[BoundedHttpProtocol]:
    """The protocol class with these bounds, as uvicorn's configuration takes it."""
    return type(
        "BoundedHttpProtocol",
        (BoundedHttpProtocol,),
        {"max_header_bytes": max_header_bytes, "header_timeout_seconds": header_timeout_seconds},
    )
