"""A small HTTP/2 server in this process, on h2: what it answers, and how badly, tests decide."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import DataReceived, RequestReceived, StreamEnded, StreamReset, WindowUpdated

_READ_BYTES = 65_536


@dataclass
class Http2Request:
    """What a client asked: `headers` include the pseudo-headers, `:path` and the like."""

    headers: dict[str, str]
    body: bytes = b""


class Http2Stream:
    """The place of one answer."""

    def __init__(self, peer: _Peer, number: int) -> None:
        self._peer = peer
        self._number = number

    def start(self, status: int = 200, **headers: str) -> None:
        """Send the head; `_` in a name stands for `-`."""
        fields = [(":status", str(status))]
        fields += [(name.replace("_", "-"), value) for name, value in headers.items()]
        self._peer.connection.send_headers(self._number, fields)
        self._peer.flush()

    async def send(self, body: bytes, *, end: bool = True) -> None:
        """Send a part of the body, as fast as the client takes it."""
        connection = self._peer.connection
        while True:
            window = connection.local_flow_control_window(self._number)
            size = min(len(body), window, connection.max_outbound_frame_size)
            part, body = body[:size], body[size:]
            connection.send_data(self._number, part, end_stream=end and not body)
            self._peer.flush()
            if not body:
                return
            if size == window:
                await self._peer.window()

    def break_off(self) -> None:
        """Close the whole connection."""
        self._peer.writer.transport.abort()


Answer = Callable[[Http2Request, Http2Stream], Awaitable[None]]


@dataclass
class Http2Server:
    """A running server; `connections` counts those that were opened."""

    port: int = 0
    scheme: str = "http"
    requests: list[Http2Request] = field(default_factory=list)
    connections: int = 0

    @property
    def url(self) -> str:
        """Where it is asked."""
        return f"{self.scheme}://127.0.0.1:{self.port}/graphql"


class _Peer:
    def __init__(self, server: Http2Server, answer: Answer, writer: asyncio.StreamWriter) -> None:
        self.connection = H2Connection(H2Configuration(client_side=False, header_encoding="utf-8"))
        self.writer = writer
        self._server = server
        self._answer = answer
        self._requests: dict[int, Http2Request] = {}
        self._answering: dict[int, asyncio.Task[None]] = {}
        self._opened = asyncio.Event()

    async def serve(self, reader: asyncio.StreamReader) -> None:
        self.connection.initiate_connection()
        self.flush()
        try:
            while data := await reader.read(_READ_BYTES):
                for event in self.connection.receive_data(data):
                    self._take(event)
                self.flush()
        except ConnectionError:
            pass
        finally:
            for task in self._answering.values():
                task.cancel()
            self.writer.transport.abort()

    def flush(self) -> None:
        if not self.writer.is_closing():
            self.writer.write(self.connection.data_to_send())

    async def window(self) -> None:
        self._opened.clear()
        await self._opened.wait()

    def _take(self, event: object) -> None:
        match event:
            case RequestReceived(stream_id=int(number), headers=list(headers)):
                self._requests[number] = Http2Request({str(k): str(v) for k, v in headers})
            case DataReceived(stream_id=int(number), data=bytes(data)):
                self._requests[number].body += data
                self.connection.acknowledge_received_data(event.flow_controlled_length or 0, number)
            case StreamEnded(stream_id=int(number)):
                request = self._requests.pop(number)
                self._server.requests.append(request)
                work = self._answer(request, Http2Stream(self, number))
                self._answering[number] = asyncio.ensure_future(work)
            case StreamReset(stream_id=int(number)):
                if task := self._answering.pop(number, None):
                    task.cancel()
            case WindowUpdated():
                self._opened.set()
            case _:
                pass


@asynccontextmanager
async def serve_http2(
    answer: Answer, *, tls: ssl.SSLContext | None = None
) -> AsyncIterator[Http2Server]:
    """Serve on a free port of the loopback interface; all connections end with the block."""
    state = Http2Server(scheme="https" if tls else "http")
    serving: set[asyncio.Task[None]] = set()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        state.connections += 1
        task = asyncio.ensure_future(_Peer(state, answer, writer).serve(reader))
        serving.add(task)

    if tls is not None:
        tls.set_alpn_protocols(["h2"])
    server = await asyncio.start_server(connected, "127.0.0.1", 0, ssl=tls)
    state.port = server.sockets[0].getsockname()[1]
    try:
        yield state
    finally:
        server.close()
        for task in serving:
            task.cancel()
        await asyncio.gather(*serving, return_exceptions=True)
        await server.wait_closed()
