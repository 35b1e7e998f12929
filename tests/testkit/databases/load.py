"""Make a database from its statements."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path

import asyncpg

from tests.testkit.databases.model import Database


async def load_postgres(statements: Iterable[str], dsn: str) -> None:
    """Make the tables in a PostgreSQL database; whatever is in `public` is dropped."""
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
        await connection.execute(";\n".join(statements))
        await connection.execute("ANALYZE")
    finally:
        await connection.close()


def load_sqlite(database: Database, path: Path) -> str:
    """Make a SQLite file; its address."""
    path.unlink(missing_ok=True)
    with closing(sqlite3.connect(path)) as connection:
        for statement in database.statements():
            connection.execute(statement)
        connection.commit()
    return f"sqlite:///{path}"
