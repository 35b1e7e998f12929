from __future__ import annotations

import asyncio
import contextlib
import shutil
import sys
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest_asyncio

from examples.sources import shop
from subgraph_kit.embedded import ChildSpec, EmbeddedPostgres, Supervisor, free_ports, tcp_open

CMS_TOKEN, VENDOR_KEY = "token-of-the-cms", "key-of-the-vendor"


@dataclass(frozen=True)
class Sources:
    """Addresses of the three sources, running with the sample data."""

    cms_url: str
    vendor_url: str
    shop_dsn: str
    shop_socket: str
    directory: Path


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def sources() -> AsyncIterator[Sources]:
    directory = Path(tempfile.mkdtemp(prefix="dm-"))
    try:
        async with Supervisor(directory) as supervisor:
            cms_port, vendor_port = free_ports(2)
            postgres = EmbeddedPostgres(supervisor, "shop", durable=False)
            await asyncio.gather(
                _load_shop(postgres),
                supervisor.start(source(directory, "cms", cms_port)),
                supervisor.start(source(directory, "vendor", vendor_port)),
            )
            yield Sources(
                f"http://127.0.0.1:{cms_port}",
                f"http://127.0.0.1:{vendor_port}/v2/catalog",
                postgres.dsn(shop.DATABASE),
                f"{supervisor.directory.socket_directory('shop')}/.s.PGSQL.5432",
                directory,
            )
    finally:
        shutil.rmtree(directory)


def source(directory: Path, name: str, port: int, *options: str) -> ChildSpec:
    """One of the two REST sources; the vendor is in a good mood unless `options` say otherwise."""
    calm = ["--fault-rate", "0", "--burst", "100000"] if name == "vendor" else []
    return ChildSpec(
        name,
        [
            sys.executable, "-m", f"examples.sources.{name}", "--port", str(port),
            "--database", str(directory / f"{name}.db"),
            "--access-log", str(directory / f"{name}.access.log"), *calm, *options,
        ],
        environment={"CMS_TOKEN": CMS_TOKEN, "VENDOR_API_KEY": VENDOR_KEY},
        ready=tcp_open(port),
    )  # fmt: skip


async def _load_shop(postgres: EmbeddedPostgres) -> None:
    await postgres.start()
    await shop.create_database(postgres.dsn())
    await shop.load(postgres.dsn(shop.DATABASE))


class CuttableLine:
    """A TCP line to a source that a test can cut: connections break, new ones are refused."""

    def __init__(self, connect: Callable[[], object]) -> None:
        self._connect = connect
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self.port = 0

    async def open(self) -> None:
        self._server = await asyncio.start_server(self._carry, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        if self._server is not None:
            self._server.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    @asynccontextmanager
    async def cut(self) -> AsyncIterator[None]:
        await self.close()
        yield
        await self.open()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            there = await self._connect()  # type: ignore[misc]  # opens a stream pair
            async with asyncio.TaskGroup() as both:
                both.create_task(_pump(reader, there[1]))
                both.create_task(_pump(there[0], writer))
        except* (OSError, asyncio.CancelledError):
            pass
        finally:
            self._tasks.discard(task)
            writer.close()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while block := await reader.read(65536):
            writer.write(block)
            await writer.drain()
    finally:
        writer.close()


@asynccontextmanager
async def cuttable_tcp(url: str) -> AsyncIterator[CuttableLine]:
    """A line to the server at an http URL on the loopback interface."""
    port = int(url.split(":")[2].split("/")[0])
    async with _opened(CuttableLine(lambda: asyncio.open_connection("127.0.0.1", port))) as line:
        yield line


@asynccontextmanager
async def cuttable_unix(path: str) -> AsyncIterator[CuttableLine]:
    """A line to the server at a unix socket."""
    async with _opened(CuttableLine(lambda: asyncio.open_unix_connection(path))) as line:
        yield line


@asynccontextmanager
async def _opened(line: CuttableLine) -> AsyncIterator[CuttableLine]:
    await line.open()
    try:
        yield line
    finally:
        with contextlib.suppress(OSError):
            await line.close()
