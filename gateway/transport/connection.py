"""One HTTP/1.1 connection to a subgraph: bytes out, one whole answer back.

The gateway spends most of its time on these calls, so the protocol is written directly on
httptools (llhttp) and asyncio's transports: one write per request, no tasks, no streams. What real
networks do ends here as one of three errors: the peer went away (`ConnectionLostError`), it sent
what is no HTTP (`ProtocolError`), or more than it may (`AnswerTooLargeError`).
"""

from __future__ import annotations

import asyncio
from functools import lru_cache
from typing import Protocol, cast

import httptools
import msgspec

from gateway.transport.known_heads import KnownHeads

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

_known_heads = KnownHeads()


class HttpAnswer(msgspec.Struct, frozen=True):
    """A response as it came; `body` is not decoded yet.

    Of the headers there are those that this gateway reads, with lower-case names.
    """

    status: int
    headers: dict[str, str]
    body: bytes


class Receiver(Protocol):
    """Who sent a request: told once what became of it, on the event loop."""

    def on_answer(self, answer: HttpAnswer) -> None:
        """Take the whole answer; the connection is free again."""

    def on_error(self, error: Exception) -> None:
        """There is no answer (see `ClientConnection.exchange`); the connection is closed."""


class ClientConnection(asyncio.Protocol):
    """An open connection; carries one exchange at a time, several after each other."""

    def __init__(self, *, max_body_bytes: int) -> None:
        self._max_body_bytes = max_body_bytes
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._parser = httptools.HttpResponseParser(self)
        self._received = False
        self._missing_bytes = 0
        self._expect_header()
        self._receiver: Receiver | None = None
        self._answer: HttpAnswer | None = None
        self.is_open = False
        """Whether the peer keeps it; whatever ends a connection says so at once."""
        self.exchanges = 0
        """Answers received so far; a connection with none is certainly not stale."""
        self.idle_since = 0.0
        """The pool's clock when the connection was last given back."""
        self.idle_until = 0.0
        """Until when it may be used again, by that clock."""
        self.keep_alive_seconds: float | None = None
        """How long the peer said it keeps an idle connection (`Keep-Alive: timeout=`)."""

    @property
    def usable(self) -> bool:
        """Whether another request may be sent now."""
        return self.is_open and self._receiver is None

    async def exchange(self, request: bytes) -> HttpAnswer:
        """Send a whole request and wait for the whole answer.

        If the caller is cancelled (a time-out), the connection is closed: what still arrives on
        it belongs to nobody.

        Raises:
            ConnectionLostError, ProtocolError, AnswerTooLargeError: see their docstrings.
        """
        waiter: asyncio.Future[HttpAnswer] = self._loop.create_future()
        self.send(request, _Waiter(waiter))
        try:
            return await waiter
        finally:
            if waiter.cancelled():
                self.abort()

    def send(self, request: bytes, receiver: Receiver) -> None:
        """Send a whole request; `receiver` gets the answer, as `exchange` gives it.

        Raises:
            ConnectionLostError: if the connection has ended already.
        """
        if self._transport is None or self._transport.is_closing():
            raise ConnectionLostError(received=False)
        self._received = False
        self._receiver = receiver
        self._transport.write(request)

    def close(self) -> None:
        """Close once everything written has been sent."""
        self.is_open = False
        if self._transport is not None:
            self._transport.close()

    def abort(self) -> None:
        """Close at once; nobody is told of what was still to come."""
        self.is_open = False
        self._receiver = None
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
        self.is_open = True

    def data_received(self, data: bytes) -> None:  # noqa: D102 - asyncio's
        if self._receiver is None:
            self.abort()  # Nobody asked: an answer of its own accord, or more than was announced.
            return
        if self._missing_bytes:
            self._take_rest(data)
            return
        begins = not self._received
        self._received = True
        if begins:
            known = _known_heads.read(data)
            if known is not None:
                headers, length, start = known
                missing = start + length - len(data)
                if missing == 0 and length <= self._max_body_bytes:
                    self._deliver_known(headers, data[start:])
                    return
                if missing > 0 and length <= self._max_body_bytes:
                    self._missing_bytes = missing
                    self._headers = headers
                    self._body.append(data[start:])
                    return
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserCallbackError as error:
            cause = error.__context__
            self._stop(cause if isinstance(cause, Exception) else ProtocolError(str(error)))
            return
        except (httptools.HttpParserError, httptools.HttpParserUpgrade) as error:
            self._stop(ProtocolError(str(error)))
            return
        answer = self._answer
        if answer is not None:
            if begins and self.is_open:
                _known_heads.learn(data, answer.body, answer.headers)
            self._deliver()
        elif not self._headers_complete:
            # The parser reports a header line when it is whole; one without end has to be
            # noticed here.
            self._unparsed_bytes += len(data)
            if self._unparsed_bytes > MAX_HEADER_BYTES:
                self._fail(AnswerTooLargeError("header"))

    def eof_received(self) -> bool:  # noqa: D102 - asyncio's
        self.is_open = False
        if self._headers_complete and self._ends_with_connection:
            self._complete()
            self._deliver()
        return False

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: D102 - asyncio's
        self.is_open = False
        if self._headers_complete and self._ends_with_connection and exc is None:
            self._complete()
            self._deliver()
        self._fail(ConnectionLostError(received=self._received))

    # --- answers whose head is known: the parser does not get to see them ----------------------

    def _take_rest(self, data: bytes) -> None:
        """Take more of the body of such an answer."""
        missing = self._missing_bytes
        if len(data) > missing:
            self.is_open = False  # More than was announced: never trust what follows.
            data = data[:missing]
        self._body.append(data)
        self._missing_bytes = missing = missing - len(data)
        if not missing:
            headers, body = self._headers, b"".join(self._body)
            self._expect_header()
            self._deliver_known(headers, body)

    def _deliver_known(self, headers: dict[str, str], body: bytes) -> None:
        self.exchanges += 1
        if "keep-alive" in headers:
            self.keep_alive_seconds = _keep_alive_timeout(headers["keep-alive"])
        receiver, self._receiver = self._receiver, None
        if receiver is not None:
            receiver.on_answer(HttpAnswer(200, headers, body))

    # --- httptools callbacks -------------------------------------------------------------------

    def on_message_begin(self) -> None:  # noqa: D102 - httptools'
        if self._answer is not None:
            self.is_open = False  # More than was asked for: never trust what follows.

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
            self.is_open = False
        self._complete()

    # --- outcome -------------------------------------------------------------------------------

    def _complete(self) -> None:
        if self._answer is not None:
            return  # a second answer to one request
        self.exchanges += 1
        headers, body = self._headers, self._body
        if "keep-alive" in headers:
            self.keep_alive_seconds = _keep_alive_timeout(headers["keep-alive"])
        self._answer = HttpAnswer(
            self._parser.get_status_code(), headers, body[0] if len(body) == 1 else b"".join(body)
        )
        self._expect_header()

    def _deliver(self) -> None:
        """Hand over the answer: not from within the parser, as the next request may follow."""
        receiver, answer = self._receiver, self._answer
        self._receiver = self._answer = None
        if receiver is not None and answer is not None:
            receiver.on_answer(answer)

    def _stop(self, error: Exception) -> None:
        """Read no further; an answer that was whole before that is one."""
        if self._answer is not None:
            self.is_open = False
            self._deliver()
        else:
            self._fail(error)

    def _fail(self, error: Exception) -> None:
        receiver = self._receiver
        self.abort()
        if receiver is not None:
            receiver.on_error(error)


class _Waiter:
    """A receiver for who awaits the answer."""

    __slots__ = ("_future",)

    def __init__(self, future: asyncio.Future[HttpAnswer]) -> None:
        self._future = future

    def on_answer(self, answer: HttpAnswer) -> None:
        if not self._future.done():
            self._future.set_result(answer)

    def on_error(self, error: Exception) -> None:
        if not self._future.done():
            self._future.set_exception(error)


@lru_cache(maxsize=256)
def _keep_alive_timeout(header: str | None) -> float | None:
    """Read `timeout=5, max=100`; None where there is no number of seconds."""
    for parameter in (header or "").split(","):
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "timeout" and value.strip().isdigit():
            return float(value)
    return None
