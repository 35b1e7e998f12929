"""Real TCP servers for tests: peers that behave as a script says, well or badly."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import msgspec

from gateway.config import load_settings
from gateway.server.assemble import Gateway
from gateway.server.run import RunningGateway, bind


@dataclass(frozen=True)
class ReceivedRequest:
    """An HTTP request as it came; header names in lower case."""

    number: int
    """Counts all requests of the server, from 1."""
    connection: int
    """Counts the server's connections, from 1."""
    target: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return msgspec.json.decode(self.body)


async def eventually(
    condition: Callable[[], bool | Awaitable[bool]], *, seconds: float = 5.0
) -> None:
    """Wait until `condition` holds; fail after `seconds`."""
    async with asyncio.timeout(seconds):
        while True:
            holds = condition()
            if holds if isinstance(holds, bool) else await holds:
                return
            await asyncio.sleep(0.005)


class CloseConnection(Exception):  # noqa: N818 - raised by scripts to act, not to report
    """Raised by a script: close the connection now, without another byte."""


Script = Callable[[ReceivedRequest, asyncio.StreamWriter], Awaitable[bytes | None]]
"""Returns the bytes to answer with; None closes the connection."""


@dataclass
class ScriptedServer:
    """What a test sees of its server."""

    port: int
    scheme: str = "http"
    requests: list[ReceivedRequest] = field(default_factory=list)
    connections: int = 0
    open_connections: int = 0

    @property
    def url(self) -> str:
        return f"{self.scheme}://127.0.0.1:{self.port}/graphql"


def http(
    body: bytes | str,
    *,
    status: int = 200,
    content_type: str = "application/json",
    headers: dict[str, str] | None = None,
) -> bytes:
    """A whole HTTP/1.1 response with Content-Length."""
    payload = body.encode() if isinstance(body, str) else body
    lines = {"content-type": content_type, "content-length": str(len(payload)), **(headers or {})}
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    return f"HTTP/1.1 {status} Some Reason\r\n{head}\r\n".encode() + payload


def answering(response: bytes) -> Script:
    """A script that gives every request the same answer."""

    async def script(request: ReceivedRequest, writer: asyncio.StreamWriter) -> bytes:
        return response

    return script


@asynccontextmanager
async def serve(
    script: Script, *, tls: ssl.SSLContext | None = None, port: int = 0
) -> AsyncIterator[ScriptedServer]:
    """Run `script` on a free loopback port (or `port`) for the time of the context."""
    state = ScriptedServer(port=0, scheme="https" if tls else "http")
    tasks: set[asyncio.Task[None]] = set()

    async def on_connection(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        state.connections += 1
        state.open_connections += 1
        number = state.connections
        try:
            while True:
                request = await _read_request(reader, state, number)
                state.requests.append(request)
                answer = await script(request, writer)
                if answer is None:
                    break
                writer.write(answer)
                await writer.drain()
        except (
            CloseConnection,
            asyncio.CancelledError,  # the end of the server; asyncio would log it
            asyncio.IncompleteReadError,
            ConnectionError,
            ssl.SSLError,
        ):
            pass
        finally:
            state.open_connections -= 1
            tasks.discard(task)
            writer.transport.abort() if tls else writer.close()

    server = await asyncio.start_server(on_connection, "127.0.0.1", port, ssl=tls)
    state.port = server.sockets[0].getsockname()[1]
    try:
        yield state
    finally:
        server.close()
        for task in list(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _read_request(
    reader: asyncio.StreamReader, state: ScriptedServer, connection: int
) -> ReceivedRequest:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    request_line, *lines = head.rstrip("\r\n").split("\r\n")
    headers = {}
    for line in lines:
        name, _, value = line.partition(":")
        headers[name.strip().lower()] = value.strip()
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return ReceivedRequest(
        number=len(state.requests) + 1,
        connection=connection,
        target=request_line.split(" ")[1],
        headers=headers,
        body=body,
    )


# --- The gateway itself ------------------------------------------------------------------------


@dataclass
class ServedGateway:
    """A gateway that listens on a free port, and a client for it."""

    running: RunningGateway
    client: httpx.AsyncClient
    supergraph: Path

    async def post(
        self, query: object, *, headers: dict[str, str] | None = None, **parameters: object
    ) -> httpx.Response:
        """POST a GraphQL request."""
        return await self.client.post(
            "/graphql", json={"query": query, **parameters}, headers=headers
        )


@asynccontextmanager
async def serve_gateway(
    directory: Path, supergraph_sdl: str, **settings: object
) -> AsyncIterator[ServedGateway]:
    """Run a whole gateway (uvicorn, pipeline, transport) on `supergraph_sdl` and stop it after."""
    supergraph = directory / "supergraph.graphql"
    supergraph.write_text(supergraph_sdl, encoding="utf-8")
    listen = {"port": 0, "shutdown_grace_seconds": 1}
    loaded = load_settings(overrides={"supergraph": supergraph, "listen": listen, **settings})
    listener = bind(loaded.listen)
    port = listener.getsockname()[1]
    with listener:
        running = RunningGateway(Gateway(loaded), listener)
        serving = asyncio.create_task(running.serve())
        try:
            async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=10) as client:
                await _until_ready(client, serving)
                yield ServedGateway(running, client, supergraph)
        finally:
            running.stop()
            await serving


async def _until_ready(client: httpx.AsyncClient, serving: asyncio.Task[None]) -> None:
    while not serving.done():
        try:
            if (await client.get("/health")).status_code == 200:
                return
        except httpx.TransportError:
            pass
        await asyncio.sleep(0.005)
    await serving
