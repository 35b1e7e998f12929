"""uvicorn's cycle of request and response, with usual answers written as one; and one without it.

uvicorn writes the head when the application begins to answer and the body when it comes: two calls
of the system, and two packets that wake the client. Here the head waits for the body, which comes
at once; the lines of a head are nearly always the same, so each is checked and written once.

Whatever is not usual (no fitting length, a connection that is to end, HEAD, a client that does not
read) is left to uvicorn.
"""

from __future__ import annotations

import asyncio
from functools import lru_cache
from typing import Any

from uvicorn.protocols.http.httptools_impl import (
    HEADER_RE,
    HEADER_VALUE_RE,
    STATUS_LINE,
    HttpToolsProtocol,
    RequestResponseCycle,
)

from gateway.server.asgi_types import AsgiHeaders

_LARGE_BYTES = 128 * 1024
"""Copying a body that large behind its head costs more than a second call."""

_CLOSE = (b"connection", b"close")
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

    def _write(self, status: int, headers: AsgiHeaders, body: bytes) -> None:
        self.response_started = True
        self.waiting_for_100_continue = False
        head = [STATUS_LINE[status]]
        head += [_line(*header) for header in self.default_headers]
        head += [_line(*header) for header in headers]
        head.append(b"\r\n")
        _write(self.transport, b"".join(head), body)
        self.response_complete = True
        self.message_event.set()
        self.on_response()


class ExpressCycle:
    """A request and its response without an application: the protocol answers it itself.

    To uvicorn's protocol it is a cycle like others, as far as it looks at those it has begun.
    """

    __slots__ = ("_protocol", "disconnected", "keep_alive", "response_complete")

    def __init__(self, protocol: HttpToolsProtocol) -> None:
        self._protocol = protocol
        self.disconnected = False
        self.keep_alive = True
        self.response_complete = False

    @property
    def message_event(self) -> ExpressCycle:
        """What is `set` when there is news for who waits; nobody does."""
        return self

    def set(self) -> None:
        """See `message_event`."""

    def send(self, status: int, headers: tuple[tuple[bytes, bytes], ...], body: bytes) -> None:
        """Write the whole answer; `headers` are all but the length."""
        protocol = self._protocol
        self.response_complete = True
        if self.disconnected:
            return
        if not self.keep_alive:
            headers += (_CLOSE,)
        default_headers = tuple(protocol.server_state.default_headers)
        head = b"%b%b%bcontent-length: %d\r\n\r\n" % (
            STATUS_LINE[status],
            _lines(default_headers),
            _lines(headers),
            len(body),
        )
        _write(protocol.transport, head, body)
        if not self.keep_alive:
            protocol.transport.close()
        protocol.on_response_complete()


def _write(transport: asyncio.Transport, head: bytes, body: bytes) -> None:
    if len(body) < _LARGE_BYTES:
        transport.write(head + body)
    else:
        transport.write(head)
        transport.write(body)


@lru_cache(maxsize=64)
def _lines(headers: tuple[tuple[bytes, bytes], ...]) -> bytes:
    return b"".join(_line(*header) for header in headers)


@lru_cache(maxsize=512)
def _line(name: bytes, value: bytes) -> bytes:
    """A line of a head, checked as uvicorn does."""
    if HEADER_RE.search(name):
        raise RuntimeError("Invalid HTTP header name.")
    if HEADER_VALUE_RE.search(value):
        raise RuntimeError("Invalid HTTP header value.")
    return b"%b: %b\r\n" % (name.lower(), value)
