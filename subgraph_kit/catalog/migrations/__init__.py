"""Brings a database to the schema this version needs (row 59).

Each migration is a pair of files, `0001_name.up.sql` and `0001_name.down.sql`. Each is applied in
a transaction of its own and recorded in `schema_migrations`. An advisory lock lets any number of
processes call `migrate` at the same time: one works, the others wait and find nothing to do.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

from subgraph_kit.catalog.database import (
    connect,
    describe_dsn,
    translated_errors,
)
from subgraph_kit.errors import ConfigurationError

_LOCK = 0x64696374616D  # "dictam": one lock for all migrations of a database
_FILE = re.compile(r"(\d{4})_([a-z0-9_]+)\.up\.sql")
_TABLE = """
CREATE TABLE IF NOT EXISTS schema_migrations (
    version INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    checksum TEXT NOT NULL,
    applied_at TIMESTAMPTZ NOT NULL DEFAULT NOW()
)
"""


@dataclass(frozen=True, slots=True)
class Migration:
    """One step, `up` and `down` being SQL."""

    version: int
    name: str
    up: str
    down: str

    @property
    def checksum(self) -> str:
        """By which a changed file is noticed."""
        return hashlib.sha256(self.up.encode()).hexdigest()


def migrations() -> list[Migration]:
    """All migrations that are shipped, in order."""
    found = []
    folder = files(__name__)
    for file in folder.iterdir():
        if match := _FILE.fullmatch(file.name):
            down = folder.joinpath(file.name.replace(".up.", ".down."))
            found.append(
                Migration(
                    int(match[1]),
                    match[2],
                    file.read_text(encoding="utf-8"),
                    down.read_text(encoding="utf-8"),
                )
            )
    return sorted(found, key=lambda migration: migration.version)


async def migrate(dsn: str) -> list[int]:
    """Apply what is missing; return the versions that were applied.

    Raises:
        RetriableError: if the database does not answer.
        ConfigurationError: if it refuses us, or was migrated by a newer or altered DictaMesh.
    """
    wanted = migrations()
    async with _connection(dsn) as connection:
        # The usual case, everything there, must not wait for another process's lock.
        if await _applied(connection, dsn, wanted) == [m.version for m in wanted]:
            return []
        async with _locked(connection):
            await connection.execute(_TABLE)
            present = await _applied(connection, dsn, wanted)
            missing = [m for m in wanted if m.version not in present]
            for migration in missing:
                async with connection.transaction():
                    await connection.execute(migration.up)
                    await connection.execute(
                        "INSERT INTO schema_migrations (version, name, checksum)"
                        " VALUES ($1, $2, $3)",
                        migration.version,
                        migration.name,
                        migration.checksum,
                    )
            return [m.version for m in missing]


async def rollback(dsn: str, *, to_version: int) -> list[int]:
    """Undo every migration above `to_version`, newest first; return the versions undone.

    This deletes the tables those migrations made, with what is in them.
    """
    wanted = migrations()
    async with _connection(dsn) as connection, _locked(connection):
        present = await _applied(connection, dsn, wanted)
        undone = []
        for migration in reversed(wanted):
            if migration.version > to_version and migration.version in present:
                async with connection.transaction():
                    await connection.execute(migration.down)
                    await connection.execute(
                        "DELETE FROM schema_migrations WHERE version = $1", migration.version
                    )
                undone.append(migration.version)
        return undone


@asynccontextmanager
async def _connection(dsn: str) -> AsyncIterator[Any]:
    with translated_errors(dsn):
        connection = await connect(dsn, timeout_seconds=10)
        try:
            yield connection
        finally:
            await connection.close(timeout=5)


@asynccontextmanager
async def _locked(connection: Any) -> AsyncIterator[None]:
    await connection.execute("SELECT pg_advisory_lock($1)", _LOCK)
    try:
        yield
    finally:
        await connection.execute("SELECT pg_advisory_unlock($1)", _LOCK)


async def _applied(connection: Any, dsn: str, wanted: list[Migration]) -> list[int]:
    if await connection.fetchval("SELECT to_regclass('schema_migrations')") is None:
        return []
    rows = await connection.fetch(
        "SELECT version, checksum FROM schema_migrations ORDER BY version"
    )
    known = {migration.version: migration.checksum for migration in wanted}
    for row in rows:
        if known.get(row["version"]) != row["checksum"]:
            raise ConfigurationError(
                f"{describe_dsn(dsn)} was migrated to step {row['version']} by another version of"
                " DictaMesh; use that version, or an empty database"
            )
    return [row["version"] for row in rows]
