"""From a source of every kind to subgraphs behind the running demo's gateway.

One is made by the commands that a user types, and is a process of its own; the others, one for each
kind of source, are served by this process. All of them are in the mesh at once.
"""

from __future__ import annotations

import asyncio
import os
import sqlite3
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, closing
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio
import uvicorn
from typer.testing import CliRunner

from subgraph_kit.app import MeshApp
from subgraph_kit.cli import app as subgraph_commands
from subgraph_kit.embedded import free_ports
from tests.e2e import visits
from tests.e2e.conftest import RunningMesh, error_free
from tests.testkit.generated import app_of, imported, make_project, run_tests_of
from tests.testkit.servers import eventually

MYSQL = os.environ.get("DICTAMESH_TEST_MYSQL")
PATIENCE_SECONDS = 30.0
KINDS = ("sqlite", "postgres", "csv", "jsonl", "parquet", "openapi", "graphql")
MYSQL_MARKS = (
    pytest.mark.mysql,
    pytest.mark.skipif(MYSQL is None, reason="`make test-mysql` starts the server"),
)


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where sources and projects lie."""
    return tmp_path_factory.mktemp("generated")


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def mesh(running: RunningMesh, directory: Path) -> AsyncIterator[RunningMesh]:
    """The demo with a generated subgraph for each kind of source, and one made by commands."""
    async with AsyncExitStack() as stack:
        stack.push_async_callback(running.mesh.compose)  # as it was, for the other tests
        sources: dict[str, visits.Source] = {
            "sqlite": visits.in_sqlite(directory),
            "postgres": await visits.in_postgres(running.mesh.catalog_dsn),
            "csv": visits.in_csv(directory),
            "jsonl": visits.in_jsonl(directory),
            "parquet": visits.in_parquet(directory),
            "openapi": await stack.enter_async_context(visits.behind_http(directory)),
            "graphql": await stack.enter_async_context(visits.behind_graphql()),
            "blank": visits.Source("blank"),
        }
        if MYSQL is not None:
            sources["mysql"] = await visits.in_mysql(MYSQL)
        for kind, source in sources.items():
            answers: dict[str, Any] = {"include": ("parcel",)} if kind == "blank" else {}
            name = f"from-{kind}"
            supergraph = str(running.mesh.supergraph_file)
            await make_project(directory, name, source.place, supergraph=supergraph, **answers)
            stack.enter_context(imported(directory / name, f"from_{kind}_subgraph"))
            app = app_of(f"from_{kind}_subgraph", **source.settings)
            url = await stack.enter_async_context(served(app))
            add_to_configuration(directory / name, url, running)
        await stack.enter_async_context(made_by_commands(running, directory))
        await eventually(lambda: took_over(running), seconds=PATIENCE_SECONDS)
        yield running


@asynccontextmanager
async def served(app: MeshApp) -> AsyncIterator[str]:
    """Serve an app on a free port; its address."""
    (port,) = free_ports(1)
    config = uvicorn.Config(app.asgi(), port=port, log_config=None, access_log=False)
    server = uvicorn.Server(config)
    task = asyncio.create_task(server._serve())  # `serve` would take over the signals
    await eventually(lambda: server.started, seconds=PATIENCE_SECONDS)
    try:
        yield f"http://127.0.0.1:{port}/graphql"
    finally:
        server.should_exit = True
        await task


def add_to_configuration(project: Path, url: str, running: RunningMesh) -> None:
    """`dictamesh subgraph add`, without composing yet."""
    config = running.mesh.supergraph_file.with_name("supergraph.yaml")
    arguments = ["add", str(project), "--url", url, "--config", str(config)]
    result = CliRunner().invoke(subgraph_commands, arguments)
    assert result.exit_code == 0, result.output


@asynccontextmanager
async def made_by_commands(running: RunningMesh, directory: Path) -> AsyncIterator[None]:
    """New, started, added to the running demo: as the README says it."""
    loyalty_database(directory / "loyalty.db")
    (port,) = free_ports(1)
    new = ["subgraph", "new", "loyalty", "--from", "sqlite:loyalty.db", "--yes"]
    await command(directory, *new, "--supergraph", str(running.mesh.supergraph_file))
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "loyalty_subgraph", "--port", str(port),
        cwd=directory / "loyalty", env={**os.environ, "LOG_LEVEL": "ERROR"},
    )  # fmt: skip
    try:
        await eventually(lambda: is_up(port), seconds=PATIENCE_SECONDS)
        url = f"http://127.0.0.1:{port}/graphql"
        add = ["subgraph", "add", "loyalty", "--url", url]
        await command(directory, *add, "--demo", str(running.mesh.data_dir))
        yield
    finally:
        process.terminate()
        await process.wait()


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


async def is_up(port: int) -> bool:
    async with httpx.AsyncClient() as client:
        try:
            return (await client.get(f"http://127.0.0.1:{port}/health/live")).is_success
        except httpx.HTTPError:
            return False


async def took_over(running: RunningMesh) -> bool:
    """Whether the gateway serves the new graph."""
    answer = await running.gateway.ask("{ loyaltyAccounts { id } }")
    return answer.get("data") is not None


@pytest.mark.asyncio(loop_scope="session")
async def test_one_made_by_commands_joins_the_running_demo(mesh: RunningMesh) -> None:
    answer = await mesh.gateway.ask(
        """{ loyaltyAccounts(filter: {points: {gte: 10}}, orderBy: [points_DESC]) {
          points tier customer { id name invoices(limit: 1) { invoiceNumber } }
        } }"""
    )
    accounts = error_free(answer)["loyaltyAccounts"]
    assert [(each["points"], each["tier"], each["customer"]["id"]) for each in accounts] == [
        (70, "GOLD", "1"),
        (20, "IN_TRIAL", "2"),
    ]
    assert all(each["customer"]["name"] for each in accounts)


@pytest.mark.parametrize("kind", [*KINDS, pytest.param("mysql", marks=MYSQL_MARKS)])
@pytest.mark.asyncio(loop_scope="session")
async def test_a_source_of_every_kind_is_joined_with_the_demo(mesh: RunningMesh, kind: str) -> None:
    answer = await mesh.gateway.ask(
        """{
          visits: ourKindVisits(limit: 10) { id points customer { ...Known } }
          visit: ourKindVisit(id: "2") { points customer { name } }
          one: customer(id: "1") { ...Known }
          two: customer(id: "2") { ...Known }
        }
        fragment Known on Customer { id name invoices { invoiceNumber } }
        """.replace("Kind", kind.capitalize())
    )
    data = error_free(answer)
    customers: Mapping[str, Any] = {"1": data["one"], "2": data["two"]}
    assert sorted(data["visits"], key=lambda visit: visit["id"]) == [
        {"id": each["id"], "points": each["points"], "customer": customers[each["customer_id"]]}
        for each in visits.VISITS
    ]
    assert data["visit"] == {"points": 20, "customer": {"name": data["two"]["name"]}}


@pytest.mark.asyncio(loop_scope="session")
async def test_a_blank_one_serves_its_sample_rows(mesh: RunningMesh) -> None:
    data = error_free(await mesh.gateway.ask('{ parcel(id: "1") { name } customers { id } }'))
    assert data["parcel"] == {"name": "name 1"}
    assert data["customers"]


@pytest.mark.usefixtures("mesh")
def test_each_passes_its_own_tests(directory: Path) -> None:
    projects = sorted(path.parent for path in directory.glob("*/pyproject.toml"))
    assert len(projects) > len(KINDS)
    result = run_tests_of(projects)
    assert result.returncode == 0, result.stdout[-4000:]
