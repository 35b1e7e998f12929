"""`dictamesh dev` as a user meets it: real subgraphs, a real gateway, files that are edited."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest
import yaml

from subgraph_kit.dev.config import DEV_FILE
from subgraph_kit.embedded import free_ports

SUBGRAPH = """
import sys
import strawberry
import uvicorn
from strawberry.asgi import GraphQL

@strawberry.type
class Query:
    @strawberry.field
    def {field}(self) -> {type}:
        return {answer!r}

schema = strawberry.federation.Schema(query=Query)
uvicorn.run(GraphQL(schema), port=int(sys.argv[1]), log_level="warning")
"""
PATIENCE_SECONDS = 40.0


class Mesh:
    """A directory with two subgraphs, and `dictamesh dev` running on it."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        first, second, self.port = free_ports(3)
        ports = {"books": first, "shops": second}
        for name in ports:
            (directory / name).mkdir()
            self.write(name, field=name, answer="one")
        self.configure(ports)
        starts = {n: {"directory": n, "command": "{python} app.py {port}"} for n in ports}
        (directory / DEV_FILE).write_text(yaml.safe_dump({"subgraphs": starts}))
        self._output = directory / "output"
        self.process: subprocess.Popen[bytes] | None = None

    def configure(self, ports: dict[str, int]) -> None:
        listed = {
            name: {
                "routing_url": f"http://127.0.0.1:{port}/graphql",
                "schema": {"subgraph_url": f"http://127.0.0.1:{port}/graphql"},
            }
            for name, port in ports.items()
        }
        (self.directory / "supergraph.yaml").write_text(yaml.safe_dump({"subgraphs": listed}))

    def write(self, name: str, *, field: str, answer: object) -> None:
        program = SUBGRAPH.format(field=field, answer=answer, type=type(answer).__name__)
        (self.directory / name / "app.py").write_text(program)

    def start(self) -> None:
        command = [sys.executable, "-m", "dictamesh", "dev", "--port", str(self.port)]
        with self._output.open("wb") as output:
            self.process = subprocess.Popen(
                command, cwd=self.directory, stdout=output, stderr=output, env=os.environ.copy()
            )

    def ask(self, query: str) -> Any:
        with contextlib.suppress(httpx.HTTPError):
            url = f"http://127.0.0.1:{self.port}/graphql"
            return httpx.post(url, json={"query": query}, timeout=5).json()
        return None

    @property
    def said(self) -> str:
        return self._output.read_text()


@pytest.fixture
def mesh(tmp_path: Path) -> Iterator[Mesh]:
    mesh = Mesh(tmp_path)
    try:
        yield mesh
    finally:
        if mesh.process is not None and mesh.process.poll() is None:
            mesh.process.terminate()
            mesh.process.wait(20)


def eventually(holds: Callable[[], bool], mesh: Mesh) -> None:
    until = time.monotonic() + PATIENCE_SECONDS
    while not holds():
        assert time.monotonic() < until, mesh.said
        time.sleep(0.1)


@pytest.mark.embedded
def test_a_mesh_follows_what_is_edited(mesh: Mesh) -> None:
    both = "{ books shops }"
    mesh.start()
    eventually(lambda: mesh.ask(both) == {"data": {"books": "one", "shops": "one"}}, mesh)

    # A subgraph that changed starts again, and its new field is part of the graph.
    mesh.write("books", field="novels", answer="two")
    eventually(
        lambda: mesh.ask("{ novels shops }") == {"data": {"novels": "two", "shops": "one"}}, mesh
    )

    # A graph that does not compose is not served: the last good one is, and the reason is shown.
    mesh.write("books", field="shops", answer=1)
    eventually(lambda: "The graph does not compose" in mesh.said, mesh)
    assert "FIELD_TYPE_MISMATCH" in mesh.said
    assert mesh.ask("{ shops }") == {"data": {"shops": "one"}}

    # A subgraph that cannot start is said, and comes back when it is mended.
    (mesh.directory / "books/app.py").write_text("raise SystemExit('out of ink')")
    eventually(lambda: "out of ink" in mesh.said, mesh)
    mesh.write("books", field="books", answer="three")
    eventually(lambda: mesh.ask(both) == {"data": {"books": "three", "shops": "one"}}, mesh)

    # The end leaves nothing behind.
    assert mesh.process is not None
    started = psutil.Process(mesh.process.pid).children(recursive=True)
    assert len(started) >= 3
    mesh.process.send_signal(signal.SIGINT)
    assert mesh.process.wait(20) == 0
    _gone, alive = psutil.wait_procs(started, timeout=5)
    assert not alive
    assert "Traceback" not in mesh.said


def test_a_taken_port_is_said_before_anything_starts(mesh: Mesh) -> None:
    async def run() -> None:
        server = await asyncio.start_server(lambda r, w: w.close(), "127.0.0.1", mesh.port)
        async with server:
            mesh.start()
            assert mesh.process is not None
            assert await asyncio.to_thread(mesh.process.wait, 30) == 4

    asyncio.run(run())
    assert f"Port {mesh.port} on 127.0.0.1 is in use" in mesh.said
