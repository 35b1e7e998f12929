"""uvicorn's HTTP/1.1 protocol with bounds on what comes before a request is a request.

uvicorn waits for ever for the end of a header, and takes one of any size: a few thousand slow
clients would use up the process's connections, one endless header its memory. What is no HTTP at
all is answered in JSON like everything else.

A POST for the one path that matters is first shown to `express` once it is whole, which may answer
it without the task, scope and messages of ASGI. All others, and those it does not take, are the
application's, as ever.
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
from gateway.server.endpoint import Express
from gateway.server.response_cycle import ExpressCycle, WholeResponseCycle
from subgraph_kit.resilience.cut_off import wheel

_HELD_SECONDS = 0.05
_MOST_HELD_BYTES = 64 * 1024
"""Until then, the rest of a body is waited for before the application is told of a request."""

_REASONS = {
    400: ("Bad Request", "BAD_REQUEST"),
    408: ("Request Timeout", "REQUEST_TIMEOUT"),
    431: ("Request Header Fields Too Large", "HEADERS_TOO_LARGE"),
}


class BoundedHttpProtocol(HttpToolsProtocol):
    """One client connection. Use a subclass made by `bounded_protocol`."""

    max_header_bytes: int
    header_timeout_seconds: float
    express_path: bytes
    express: Express | None = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._in_header = True
        self._header_begun = False
        self._header_bytes = 0
        self._header_timer: asyncio.TimerHandle | None = None
        self._client_gone: Callable[[], None] | None = None
        self._held: bytes | None = None
        """The body of a request of which nobody knows yet, as far as it has come."""
        self._held_until: int | None = None
        self._idle_since = 0.0
        self._idle_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as uvicorn
        """Expect a header soon."""
        super().connection_made(transport)
        self._start_timer()

    def connection_lost(self, exc: Exception | None) -> None:
        """Expect nothing any more."""
        self._stop_timer()
        if self._idle_timer is not None:
            self._idle_timer.cancel()
        if self._held is not None:
            self._begin_cycle()  # The application counts who leaves too early.
        super().connection_lost(exc)
        if self._client_gone is not None:
            self._client_gone()

    def data_received(self, data: bytes) -> None:
        """Count what belongs to a header."""
        if self._in_header:
            self._header_bytes += len(data)
        super().data_received(data)
        if self._held is not None and not self.transport.is_closing():
            self._wait_for_rest(self._held)
        if self._in_header and self._header_bytes > self.max_header_bytes:
            self._refuse(431, f"The request's header is larger than {self.max_header_bytes} bytes")
        elif self._in_header and self._header_begun and self._header_timer is None:
            self._start_timer()  # most headers come whole, and need none

    def on_message_begin(self) -> None:
        """Expect the rest of the header."""
        self._header_begun = True
        self.url = b""
        self.expect_100_continue = False
        self.headers = []

    def on_headers_complete(self) -> None:
        """From here on, the application has its own limits."""
        self._in_header = False
        self._stop_timer()
        cycle: RequestResponseCycle | None = self.cycle
        if (
            self.express is not None
            and self.url == self.express_path
            and not self.expect_100_continue
            and (cycle is None or cycle.response_complete)
            and self.parser.get_method() == b"POST"
            and self.parser.get_http_version() == "1.1"
            and self.parser.should_keep_alive()
            and not self.parser.should_upgrade()
            and not self.flow.write_paused
        ):
            self._held = b""
        else:
            self._begin_cycle()

    def on_body(self, body: bytes) -> None:
        """Keep it where the application need not know of it yet."""
        if self._held is None:
            super().on_body(body)
        else:
            self._held += body

    def on_message_complete(self) -> None:
        """What comes next is the next request's header."""
        self._in_header = True
        self._header_begun = False
        self._header_bytes = 0
        if self._held is not None:
            if self._goes_express(self._held):
                self._hold_no_longer()
                return
            self._begin_cycle()
        scope: dict[str, Any] = self.scope  # type: ignore[assignment] # uvicorn's has fixed keys
        scope[BODY_HAS_COME] = True
        super().on_message_complete()

    def _wait_for_rest(self, held: bytes) -> None:
        """Many clients send header and body apart; a body that takes its time is not waited for."""
        if len(held) > _MOST_HELD_BYTES:
            self._begin_cycle()
        elif self._held_until is None:
            self._held_until = wheel().add(self, _HELD_SECONDS)

    def expire(self) -> None:
        """See `Expiring`: the body is still not whole."""
        if self._held is not None:
            self._begin_cycle()

    def _hold_no_longer(self) -> bytes | None:
        held, self._held = self._held, None
        if self._held_until is not None:
            wheel().remove(self, self._held_until)
            self._held_until = None
        return held

    def _goes_express(self, body: bytes) -> bool:
        before = self.cycle
        cycle = ExpressCycle(self)
        self.cycle = cycle  # type: ignore[assignment] # see there
        request = self.express(self.headers, body, cycle.send) if self.express is not None else None
        if request is None:
            self.cycle = before
        elif not cycle.response_complete:
            self._client_gone = request.cancel
        return request is not None

    def _begin_cycle(self) -> None:
        """Let uvicorn begin: everything it does at the begin of a message and at its headers."""
        held = self._hold_no_longer()
        url, headers, expects = self.url, self.headers, self.expect_100_continue
        super().on_message_begin()
        self.url, self.headers, self.expect_100_continue = url, headers, expects
        scope: dict[str, Any] = self.scope  # type: ignore[assignment] # uvicorn's has fixed keys
        scope["headers"] = headers
        scope[ON_CLIENT_GONE] = self._on_client_gone
        before = self.cycle
        super().on_headers_complete()
        if self.cycle is not before:
            # uvicorn makes it, and nothing of it has run yet.
            self.cycle.__class__ = WholeResponseCycle
        if held:
            super().on_body(held)

    def on_response_complete(self) -> None:
        """Go on with the next request; a connection without one may rest for a while.

        One timer per connection looks now and then, instead of one that is set for each request.
        """
        self._client_gone = None
        self.server_state.total_requests += 1
        if self.transport.is_closing():
            return
        self.flow.resume_reading()
        if self.pipeline:
            cycle, app = self.pipeline.pop()
            self._start_asgi_task(cycle, app)
            return
        self._idle_since = self.loop.time()
        if self._idle_timer is None:
            self._look_later(self.timeout_keep_alive)

    def _look_later(self, seconds: float) -> None:
        self._idle_timer = self.loop.call_later(seconds, self._look)

    def _look(self) -> None:
        self._idle_timer = None
        is_busy = self._header_begun or not self._in_header or not self.cycle.response_complete
        if is_busy or self.transport.is_closing():
            return  # the end of a response sets the timer again
        rest = self._idle_since + self.timeout_keep_alive - self.loop.time()
        if rest > 0.0:
            self._look_later(rest)
        else:
            self.transport.close()

    def shutdown(self) -> None:
        """End once what has begun is answered; a request whose body is still coming has begun."""
        if self._held is not None:
            self._begin_cycle()
        super().shutdown()

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
    *,
    max_header_bytes: int,
    header_timeout_seconds: float,
    express: Express | None = None,
    express_path: str = "",
) -> type[BoundedHttpProtocol]:
    """The protocol class with these bounds, as uvicorn's configuration takes it."""
    return type(
        "BoundedHttpProtocol",
        (BoundedHttpProtocol,),
        {
            "max_header_bytes": max_header_bytes,
            "header_timeout_seconds": header_timeout_seconds,
            "express": staticmethod(express) if express is not None else None,
            "express_path": express_path.encode(),
        },
    )
