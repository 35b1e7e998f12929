"""Subgraphs, a gateway process and clients on the loopback interface.

python -m tests.benchmarks.loopback PORT LATENCY_MS     the subgraphs alone, until they are ended

The subgraphs answer a body they have seen from memory, so that they are never what is measured.
The gateway is pinned to the first core and everything else to the last, where the system can do it.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import httptools
import httpx
import msgspec
import psutil

from gateway.transport.connection import ClientConnection
from tests.benchmarks.demo_graph import SUBGRAPHS, AnsweringFromMemory
from tests.testkit.composition import compose_sdl

_CONNECTIONS = 50
_JSON = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: "


# --- Subgraphs ---------------------------------------------------------------------------------


class _Subgraphs(asyncio.Protocol):
    """One connection to all subgraphs, told apart by path."""

    def __init__(self, latency_seconds: float, known: dict[bytes, bytes]) -> None:
        self._latency_seconds = latency_seconds
        self._known = known
        self._subgraphs = AnsweringFromMemory()
        self._parser = httptools.HttpRequestParser(self)
        self._url = b""
        self._body = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def on_url(self, url: bytes) -> None:
        self._url, self._body = url, b""

    def on_body(self, body: bytes) -> None:
        self._body += body

    def on_message_complete(self) -> None:
        key = self._url + self._body
        answer = self._known.get(key)
        if answer is None:
            variables = msgspec.json.decode(self._body).get("variables", {})
            data = self._subgraphs.data(self._url.decode().strip("/"), variables)
            body = msgspec.json.encode({"data": data})
            answer = self._known[key] = f"{_JSON}{len(body)}\r\n\r\n".encode() + body
        if self._latency_seconds:
            loop = asyncio.get_running_loop()
            loop.call_later(self._latency_seconds, self._transport.write, answer)  # type: ignore[attr-defined] # a transport
        else:
            self._transport.write(answer)  # type: ignore[attr-defined] # a transport


async def _serve_subgraphs(port: int, latency_seconds: float) -> None:
    known: dict[bytes, bytes] = {}
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: _Subgraphs(latency_seconds, known), "127.0.0.1", port)
    await server.serve_forever()


# --- Processes ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Mesh:
    """A running gateway over running subgraphs."""

    url: str
    port: int
    process: psutil.Process
    supergraph: Path

    def rss_mb(self) -> float:
        """Resident memory of the gateway."""
        return float(self.process.memory_info().rss) / 1e6

    def cpu_seconds(self) -> float:
        """CPU time the gateway has used."""
        times = self.process.cpu_times()
        return float(times.user + times.system)


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def supergraph_sdl(port: int, description: str = "") -> str:
    """The demo graph with its subgraphs at `port`; a description makes it another text."""
    products = SUBGRAPHS["products"].replace("name: String!", f'"{description}" name: String!')
    sdl = compose_sdl(**{**SUBGRAPHS, "products": products})
    for name in SUBGRAPHS:
        sdl = sdl.replace(f"http://{name}", f"http://127.0.0.1:{port}/{name}")
    return sdl


@contextlib.contextmanager
def running_mesh(
    *,
    latency_ms: float = 0,
    settings: Mapping[str, str] | None = None,
    command: tuple[str, ...] = (sys.executable, "-m", "dictamesh"),
) -> Iterator[Mesh]:
    """Start both; end both. `settings` are environment variables of the gateway."""
    cores = _cores()
    subgraph_port, port = free_port(), free_port()
    with tempfile.TemporaryDirectory() as directory, contextlib.ExitStack() as stack:
        supergraph = Path(directory, "supergraph.graphql")
        supergraph.write_text(supergraph_sdl(subgraph_port))
        stack.enter_context(running_subgraphs(subgraph_port, latency_ms=latency_ms))
        gateway = stack.enter_context(
            _running(
                [
                    *(*command, "gateway", "run", "--port", str(port)),
                    *("--supergraph", str(supergraph)),
                ],
                cores[:1],
                settings,
            )
        )
        url = f"http://127.0.0.1:{port}"
        _wait_for(port)
        until = time.monotonic() + 30
        while httpx.get(f"{url}/health").status_code != 200:
            if time.monotonic() > until:
                raise TimeoutError("the gateway was not ready within 30 s")
            time.sleep(0.05)
        if cores:
            os.sched_setaffinity(0, cores[-1:])
        try:
            yield Mesh(f"{url}/graphql", port, psutil.Process(gateway.pid), supergraph)
        finally:
            if cores:
                os.sched_setaffinity(0, cores)


@contextlib.contextmanager
def running_subgraphs(port: int, *, latency_ms: float = 0) -> Iterator[None]:
    """Start the subgraphs at `port`; end them."""
    command = [sys.executable, "-m", "tests.benchmarks.loopback", str(port), str(latency_ms)]
    with _running(command, _cores()[-1:]):
        _wait_for(port)
        yield


def _cores() -> list[int]:
    """The cores to pin processes to; none where the system cannot do that."""
    return sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []


@contextlib.contextmanager
def _running(
    command: list[str], cores: list[int], settings: Mapping[str, str] | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(
        command,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**os.environ, **(settings or {})},
    )
    if cores:
        os.sched_setaffinity(process.pid, cores)
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait_for(port: int) -> None:
    until = time.monotonic() + 30
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            if time.monotonic() > until:
                raise
            time.sleep(0.05)
        else:
            return


# --- Clients -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Load:
    """What a number of clients saw."""

    per_second: float
    p50_ms: float
    p99_ms: float
    wrong: int


async def put_load_on(
    port: int,
    query: str,
    *,
    seconds: float,
    connections: int = _CONNECTIONS,
    path: str = "/graphql",
    unique: bool = True,
) -> Load:
    """Ask again and again over `connections`; `unique` gives each request a header of its own."""
    body = msgspec.json.encode({"query": query, "variables": {"id": "1"}})
    head = (
        f"POST {path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n"
        f"content-length: {len(body)}\r\n"
    ).encode()
    loop = asyncio.get_running_loop()
    times: list[float] = []
    bodies: set[bytes] = set()
    until = time.perf_counter() + seconds
    number = 0

    async def client() -> None:
        nonlocal number
        _, connection = await loop.create_connection(
            lambda: ClientConnection(max_body_bytes=2**30), "127.0.0.1", port
        )
        while (started := time.perf_counter()) < until:
            number += 1
            own = b"authorization: Bearer %d\r\n" % number if unique else b""
            answer = await connection.exchange(head + own + b"\r\n" + body)
            times.append(time.perf_counter() - started)
            bodies.add(answer.body)
        connection.close()

    started = time.perf_counter()
    await asyncio.gather(*(client() for _ in range(connections)))
    took = time.perf_counter() - started
    times.sort()
    return Load(
        per_second=len(times) / took,
        p50_ms=statistics.median(times) * 1e3,
        p99_ms=times[int(len(times) * 0.99)] * 1e3,
        wrong=len(bodies) - 1,
    )


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_serve_subgraphs(int(sys.argv[1]), float(sys.argv[2]) / 1e3))
