"""From a database to a subgraph behind the running demo's gateway, by the commands a user types."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest

from subgraph_kit.embedded import free_ports
from tests.e2e.conftest import RunningMesh

PATIENCE_SECONDS = 30.0
QUERY = """{
  loyaltyAccounts(filter: {points: {gte: 10}}, orderBy: [points_DESC]) {
    points tier customer { id name invoices(limit: 1) { invoiceNumber } }
  }
}"""


@pytest.mark.asyncio(loop_scope="session")
async def test_a_generated_subgraph_joins_the_running_demo(
    running: RunningMesh, tmp_path: Path
) -> None:
    loyalty_database(tmp_path / "loyalty.db")
    (port,) = free_ports(1)
    new = ["subgraph", "new", "loyalty", "--from", "sqlite:loyalty.db", "--yes"]
    await command(tmp_path, *new, "--supergraph", str(running.mesh.supergraph_file))
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "loyalty_subgraph", "--port", str(port),
        cwd=tmp_path / "loyalty", env={**os.environ, "LOG_LEVEL": "ERROR"},
    )  # fmt: skip
    try:
        await until_up(port)
        url = f"http://127.0.0.1:{port}/graphql"
        add = ["subgraph", "add", "loyalty", "--url", url]
        await command(tmp_path, *add, "--demo", str(running.mesh.data_dir))
        accounts = (await answered(running))["data"]["loyaltyAccounts"]
    finally:
        await running.mesh.compose()  # as it was, for the other tests
        process.terminate()
        await process.wait()
    assert [(each["points"], each["tier"], each["customer"]["id"]) for each in accounts] == [
        (70, "GOLD", "1"),
        (20, "IN_TRIAL", "2"),
    ]
    assert all(each["customer"]["name"] for each in accounts)


def loyalty_database(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(
            """CREATE TABLE loyalty_accounts (
              id INTEGER PRIMARY KEY, customer_id TEXT NOT NULL, points INTEGER NOT NULL,
              tier TEXT NOT NULL CHECK (tier IN ('gold', 'in trial'))
            );
            CREATE INDEX by_points ON loyalty_accounts(points);
            INSERT INTO loyalty_accounts VALUES
              (1, '1', 70, 'gold'), (2, '2', 20, 'in trial'), (3, '3', 5, 'gold');"""
        )
        connection.commit()


async def command(directory: Path, *arguments: str) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "dictamesh", *arguments,
        cwd=directory, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    output, _ = await process.communicate()
    assert process.returncode == 0, output.decode()


async def until_up(port: int) -> None:
    async with asyncio.timeout(PATIENCE_SECONDS), httpx.AsyncClient() as client:
        while True:
            try:
                if (await client.get(f"http://127.0.0.1:{port}/health/live")).is_success:
                    return
            except httpx.HTTPError:
                pass
            await asyncio.sleep(0.1)


async def answered(running: RunningMesh) -> dict[str, Any]:
    """The gateway's answer once it has taken the new graph over."""
    answer: dict[str, Any] = {}
    async with asyncio.timeout(PATIENCE_SECONDS):
        while "data" not in answer or "errors" in answer:
            answer = await running.gateway.ask(QUERY)
            await asyncio.sleep(0.1)
    return answer
