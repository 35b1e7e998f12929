"""One HTTP/1.1 connection to a subgraph: bytes out, one whole answer back.

The gateway spends most of its time on these calls, so the protocol is written directly on
httptools (llhttp) and asyncio's transports: one write per request, no tasks, no streams. What real
networks do ends here as one of three errors: the peer went away (`ConnectionLostError`), it sent
what is no HTTP (`ProtocolError`), or more than it may (`AnswerTooLargeError`).
"""

from __future__ import annotations

import asyncio
from functools import lru_cache
from typing import cast

import httptools
import msgspec

MAX_HEADER_BYTES = 64 * 1024
"""All response header lines together; what common servers and proxies allow at most."""


class ConnectionLostError(Exception):
    """The connection ended before the answer was whole.

    `received` tells whether anything of the answer had arrived; if not, the peer may never have
    seen the request (an idle connection that it closed at the same moment).
    """

    def __init__(self, *, received: bool) -> None:
        super().__init__("connection lost")
        self.received = received


class ProtocolError(Exception):
    """The peer sent what is no HTTP/1.1 response."""


class AnswerTooLargeError(Exception):
    """Header or body is larger than allowed."""


_READ_HEADERS = (
    "connection", "content-encoding", "content-length", "content-type", "keep-alive",
    "retry-after", "transfer-encoding",
)  # fmt: skip
_READ_NAMES = {
    spelling.encode(): name for name in _READ_HEADERS for spelling in (name, name.title())
}
"""Headers that somebody here reads, as nearly all servers spell them."""


class HttpAnswer(msgspec.Struct, frozen=True):
    """A response as it came; `body` is not decoded yet.

    Of the headers there are those that this gateway reads, with lower-case names.
    """

    status: int
    headers: dict[str, str]
    body: bytes


class ClientConnection(asyncio.Protocol):
    """An open connection; carries one exchange at a time, several after each other."""

    def __init__(self, *, max_body_bytes: int) -> None:
        self._max_body_bytes = max_body_bytes
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._parser = httptools.HttpResponseParser(self)
        self._received = False
        self._expect_header()
        self._waiter: asyncio.Future[HttpAnswer] | None = None
        self._keep_alive = True
        self.exchanges = 0
        """Answers received so far; a connection with none is certainly not stale."""
        self.idle_since = 0.0
        """The pool's clock when the connection was last given back."""
        self.keep_alive_seconds: float | None = None
        """How long the peer said it keeps an idle connection (`Keep-Alive: timeout=`)."""

    @property
    def usable(self) -> bool:
        """Whether another request may be sent."""
        return (
            self._keep_alive
            and self._waiter is None
            and self._transport is not None
            and not self._transport.is_closing()
        )

    async def exchange(self, request: bytes) -> HttpAnswer:
        """Send a whole request and wait for the whole answer.

        If the caller is cancelled (a time-out), the connection is closed: what still arrives on
        it belongs to nobody.

        Raises:
            ConnectionLostError, ProtocolError, AnswerTooLargeError: see their docstrings.
        """
        if self._transport is None or self._transport.is_closing():
            raise ConnectionLostError(received=False)
        self._received = False
        waiter: asyncio.Future[HttpAnswer] = self._loop.create_future()
        self._waiter = waiter
        self._transport.write(request)
        try:
            return await waiter
        finally:
            self._waiter = None
            if waiter.cancelled():
                self.abort()

    def close(self) -> None:
        """Close once everything written has been sent."""
        self._keep_alive = False
        if self._transport is not None:
            self._transport.close()

    def abort(self) -> None:
        """Close at once."""
        self._keep_alive = False
        if self._transport is not None:
            self._transport.abort()

    def _expect_header(self) -> None:
        """Forget the response that was read; the next one begins."""
        self._headers: dict[str, str] = {}
        self._header_bytes = 0
        self._unparsed_bytes = 0
        self._body: list[bytes] = []
        self._body_bytes = 0
        self._headers_complete = False
        self._ends_with_connection = False

    # --- asyncio.Protocol ----------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:  # noqa: D102 - asyncio's
        # uvloop's transports are not subclasses of asyncio's.
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:  # noqa: D102 - asyncio's
        waiter = self._waiter
        if waiter is None or waiter.done():
            self.abort()  # Nobody asked: an answer of its own accord, or more than was announced.
            return
        self._received = True
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserCallbackError as error:
            self._fail(error.__context__ or ProtocolError(str(error)))
            return
        except (httptools.HttpParserError, httptools.HttpParserUpgrade) as error:
            self._fail(ProtocolError(str(error)))
            return
        if not self._headers_complete and not waiter.done():
            # The parser reports a header line when it is whole; one without end has to be
            # noticed here.
            self._unparsed_bytes += len(data)
            if self._unparsed_bytes > MAX_HEADER_BYTES:
                self._fail(AnswerTooLargeError("header"))

    def eof_received(self) -> bool:  # noqa: D102 - asyncio's
        if self._headers_complete and self._ends_with_connection:
            self._keep_alive = False
            self._complete()
        return False

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: D102 - asyncio's
        self._keep_alive = False
        if self._headers_complete and self._ends_with_connection and exc is None:
            self._complete()
        self._fail(ConnectionLostError(received=self._received))

    # --- httptools callbacks -------------------------------------------------------------------

    def on_header(self, name: bytes, value: bytes) -> None:  # noqa: D102 - httptools'
        self._header_bytes += len(name) + len(value)
        if self._header_bytes > MAX_HEADER_BYTES:
            raise AnswerTooLargeError("header")
        read = _READ_NAMES.get(name) or _READ_NAMES.get(name.lower())
        if read is not None:
            self._headers[read] = value.decode("latin-1")

    def on_headers_complete(self) -> None:  # noqa: D102 - httptools'
        self._headers_complete = True
        length = self._headers.get("content-length")
        if length is not None:
            if length.isdigit() and int(length) > self._max_body_bytes:
                raise AnswerTooLargeError("body")
        else:
            # RFC 9112 §6.3: without either the body lasts until the connection ends.
            self._ends_with_connection = "transfer-encoding" not in self._headers

    def on_body(self, body: bytes) -> None:  # noqa: D102 - httptools'
        self._body_bytes += len(body)
        if self._body_bytes > self._max_body_bytes:
            raise AnswerTooLargeError("body")
        self._body.append(body)

    def on_message_complete(self) -> None:  # noqa: D102 - httptools'
        status = self._parser.get_status_code()
        if status < 200:
            self._expect_header()  # 100 Continue, 103 Early Hints: the answer follows.
            return
        if not self._parser.should_keep_alive():
            self._keep_alive = False
        self._complete()

    # --- outcome -------------------------------------------------------------------------------

    def _complete(self) -> None:
        waiter = self._waiter
        if waiter is None or waiter.done():
            self._keep_alive = False  # A second answer to one request: never trust what follows.
            return
        self.exchanges += 1
        self.keep_alive_seconds = _keep_alive_timeout(self._headers.get("keep-alive"))
        answer = HttpAnswer(self._parser.get_status_code(), self._headers, b"".join(self._body))
        self._expect_header()
        waiter.set_result(answer)

    def _fail(self, error: BaseException) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_exception(error)
        self.abort()


@lru_cache(maxsize=256)
def _keep_alive_timeout(header: str | None) -> float | None:
    """Read `timeout=5, max=100`; None where there is no number of seconds."""
    for parameter in (header or "").split(","):
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "timeout" and value.strip().isdigit():
            return float(value)
    return None
