"""The generator as a user meets it: from a source to the first answer, processes and all."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import httpx

from subgraph_kit.embedded import free_ports
from tests.benchmarks.measure import Measurement

PART = "generator"
ROUNDS = 3
TARGET_MS = 10_000.0
SOURCES = ("sqlite:shop.db", "csv:orders.csv", "graphql:shop.graphql", "blank")
QUESTIONS = {"graphql": "{ __typename }", "blank": "{ orders { id } }"}


async def run() -> AsyncIterator[Measurement]:
    """Yield the time from `new` to the first answer, for sources that need no server."""
    for source in SOURCES:
        made: list[float] = []
        total: list[float] = []
        for _ in range(ROUNDS):
            with tempfile.TemporaryDirectory(prefix="dmnew") as name:
                directory = Path(name)
                _write_sources(directory)
                to_project, to_answer = await _first_answer(directory, source)
                made.append(to_project)
                total.append(to_answer)
        seconds = sorted(total)[ROUNDS // 2]
        yield Measurement(
            PART,
            f"{source.partition(':')[0]}: `new` to the first answer",
            1 / seconds,
            (max(total) - min(total)) / seconds,
            f"{sorted(made)[ROUNDS // 2]:.1f} s of it for `new`",
            TARGET_MS,
        )


async def _first_answer(directory: Path, source: str) -> tuple[float, float]:
    """Seconds until the project is written, and until it answers."""
    # As a user has it: what was compiled once is compiled.
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    (port,) = free_ports(1)
    kind = source.partition(":")[0]
    entity = ("--entity", "order") if kind == "blank" else ()
    started = time.perf_counter()
    new = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "dictamesh", "subgraph", "new", "shop", "--from", source, *entity,
        "--yes", cwd=directory, env=environment, stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    if await new.wait() != 0:
        raise ValueError(f"`new` failed for {source}")
    made = time.perf_counter() - started
    server = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "shop_subgraph", "--port", str(port), cwd=directory / "shop",
        env={**environment, "SHOP_URL": "http://127.0.0.1:9/graphql"},
        stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    try:
        await _ask(port, QUESTIONS.get(kind, "{ orders(limit: 1) { id } }"))
        return made, time.perf_counter() - started
    finally:
        server.terminate()
        await server.wait()


async def _ask(port: int, question: str) -> None:
    async with asyncio.timeout(60), httpx.AsyncClient(timeout=30) as client:
        while True:
            try:
                answer = await client.post(
                    f"http://127.0.0.1:{port}/graphql", json={"query": question}
                )
            except httpx.TransportError:
                await asyncio.sleep(0.02)
                continue
            if "errors" in answer.json():
                raise ValueError(f"no answer: {answer.text}")
            return


def _write_sources(directory: Path) -> None:
    with closing(sqlite3.connect(directory / "shop.db")) as connection:
        connection.executescript(
            """CREATE TABLE customers (id INTEGER PRIMARY KEY, email TEXT NOT NULL UNIQUE);
            CREATE TABLE orders (id INTEGER PRIMARY KEY, total NUMERIC NOT NULL,
              customer_id INTEGER NOT NULL REFERENCES customers(id));
            INSERT INTO customers VALUES (1, 'a@example.org');
            INSERT INTO orders VALUES (1, 10, 1), (2, 20, 1);"""
        )
    (directory / "orders.csv").write_text("id,total\n1,10\n2,20\n")
    (directory / "shop.graphql").write_text(
        "type Query { order(id: ID!): Order orders: [Order!]! } type Order { id: ID! total: Float }"
    )
