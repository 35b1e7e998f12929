"""uvicorn's cycle of request and response, with usual answers written as one.

uvicorn writes the head when the application begins to answer and the body when it comes: two calls
of the system, and two packets that wake the client. Here the head waits for the body, which comes
at once; the lines of a head are nearly always the same, so each is checked and written once.

Whatever is not usual (no fitting length, a connection that is to end, HEAD, a client that does not
read) is left to uvicorn.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from uvicorn.protocols.http.httptools_impl import (
    HEADER_RE,
    HEADER_VALUE_RE,
    STATUS_LINE,
    RequestResponseCycle,
)

_LARGE_BYTES = 128 * 1024
"""Copying a body that large behind its head costs more than a second call."""

_OF_THE_CONNECTION = frozenset((b"connection", b"transfer-encoding"))


class WholeResponseCycle(RequestResponseCycle):
    """One request and its response; see the module."""

    _start: Any = None
    """The message that begins the answer, until the next one comes."""

    async def send(self, message: Any) -> None:
        """Take a message of the application (ASGI)."""
        start = self._start
        if start is None:
            if message["type"] == "http.response.start" and not self.response_started:
                self._start = message
            else:
                await super().send(message)
            return
        self._start = None
        body = message.get("body", b"")
        headers = start.get("headers", [])
        is_usual = (
            message["type"] == "http.response.body"
            and not message.get("more_body", False)
            and self.keep_alive
            and not self.disconnected
            and not self.flow.write_paused
            and not self.access_log
            and self.scope["method"] != "HEAD"
            and (b"content-length", b"%d" % len(body)) in headers
            and _OF_THE_CONNECTION.isdisjoint(name for name, _ in headers)
        )
        if is_usual:
            self._write(start["status"], headers, body)
        else:
            await super().send(start)
            await super().send(message)

    def _write(self, status: int, headers: list[tuple[bytes, bytes]], body: bytes) -> None:
        pieces = [STATUS_LINE[status]]
        pieces += [_line(*header) for header in self.default_headers]
        pieces += [_line(*header) for header in headers]
        pieces.append(b"\r\n")
        self.response_started = True
        self.waiting_for_100_continue = False
        if len(body) < _LARGE_BYTES:
            pieces.append(body)
            self.transport.write(b"".join(pieces))
        else:
            self.transport.write(b"".join(pieces))
            self.transport.write(body)
        self.response_complete = True
        self.message_event.set()
        self.on_response()


@lru_cache(maxsize=512)
def _line(name: bytes, value: bytes) -> bytes:
    """A line of a head, checked as uvicorn does."""
    if HEADER_RE.search(name):
        raise RuntimeError("Invalid HTTP header name.")
    if HEADER_VALUE_RE.search(value):
        raise RuntimeError("Invalid HTTP header value.")
    return b"%b: %b\r\n" % (name.lower(), value)
