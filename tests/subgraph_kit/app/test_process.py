"""A subgraph as a process of its own: starts, waits, ends."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

ROOT = Path(__file__).parents[3]
PROGRAM = textwrap.dedent(
    """
    from subgraph_kit.app import MeshApp
    from tests.subgraph_kit.adapter.people import PeopleSource, PersonAdapter

    app = MeshApp("people-subgraph")
    app.register_adapter("people", PersonAdapter(PeopleSource(port=9)))
    app.run()
    """
)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def subgraph(port: int, **environment: str) -> Iterator[subprocess.Popen[str]]:
    inherited = {k: v for k, v in os.environ.items() if not k.startswith("DICTAMESH_")}
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM],
        cwd=ROOT,
        env={**inherited, "DICTAMESH_PORT": str(port), **environment},
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate(timeout=10)


async def until_up(port: int) -> httpx.Response:
    async with httpx.AsyncClient() as client, asyncio.timeout(30):
        while True:
            try:
                return await client.get(f"http://127.0.0.1:{port}/health/live")
            except httpx.TransportError:
                await asyncio.sleep(0.05)


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
async def test_ends_cleanly_on_a_signal(how: signal.Signals) -> None:
    port = free_port()
    with subgraph(port) as process:
        assert (await until_up(port)).json() == {"status": "live"}
        process.send_signal(how)
        _, errors = await asyncio.to_thread(process.communicate, None, 15)
    assert "Traceback" not in errors
    assert process.returncode in (0, -how)
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", port)) != 0


def test_a_port_in_use_is_one_sentence() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with subgraph(port) as process:
            _, errors = process.communicate(timeout=30)
    assert process.returncode == 2
    assert f"port {port} on 127.0.0.1 is in use" in errors
    assert "Traceback" not in errors


async def test_serves_while_the_catalog_is_away_and_says_that_it_waits() -> None:
    port, nobody = free_port(), free_port()
    dsn = f"postgresql://u:s3cret@127.0.0.1:{nobody}/catalog"
    with subgraph(port, DICTAMESH_CATALOG_DSN=dsn) as process:
        await until_up(port)
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
            answer = await client.post("/graphql", json={"query": "{ __typename }"})
            assert answer.json() == {"data": {"__typename": "Query"}}
            started = time.monotonic()
            ready = await client.get("/health/ready")
            while "connecting" not in ready.text and time.monotonic() - started < 10:
                await asyncio.sleep(0.05)
                ready = await client.get("/health/ready")
        assert ready.status_code == 503
        assert "connecting" in ready.json()["for"]
        process.send_signal(signal.SIGTERM)
        _, errors = await asyncio.to_thread(process.communicate, None, 15)
    assert "s3cret" not in errors + ready.text
    assert "Traceback" not in errors
