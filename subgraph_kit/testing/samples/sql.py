"""Sample rows in SQLite files, whatever database the project's tables are of.

The statements are those the adapters make for SQLite. What SQLite has no type for (arrays, ranges)
is kept as marked JSON and given back as the other database's driver would.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, closing, contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from sqlalchemy import event

from subgraph_kit.adapter import DataProductAdapter
from subgraph_kit.errors import SourceUnavailableError
from subgraph_kit.sources.sql import Row, SqlParams, SqlSource
from subgraph_kit.sources.tables.adapter import SqlTableAdapter
from subgraph_kit.sources.tables.columns import sqlite_value
from subgraph_kit.sources.tables.declaration import SqlColumn, SqlTable
from subgraph_kit.sources.tables.values import Impossible, to_parameter
from subgraph_kit.testing.samples.base import Rows, Samples

_MARK = "\x1fsample:"


class SampleSqlSource(SqlSource):
    """A `SqlSource` over the sample files; `schemas` are attached by their names."""

    def __init__(self, directory: Path) -> None:
        super().__init__("samples", f"sqlite+aiosqlite:///{directory / 'main.db'}")
        self.directory = directory
        self.schemas: set[str] = set()
        engine = self._backend._engine  # type: ignore[attr-defined] # of the SQLAlchemy backend
        event.listen(engine.sync_engine, "connect", self._attach)

    async def fetch_all(
        self, statement: str, params: SqlParams | None = None, *, name: str = "query"
    ) -> list[Row]:
        """The rows, with the values that SQLite has no types for."""
        rows = await super().fetch_all(statement, params, name=name)
        return [{column: _decoded(value) for column, value in row.items()} for row in rows]

    def _attach(self, connection: Any, _record: Any) -> None:
        cursor = connection.cursor()
        for schema in sorted(self.schemas):
            cursor.execute(f"ATTACH DATABASE ? AS {_quoted(schema)}", (self._file(schema),))
        cursor.close()

    def _file(self, schema: str) -> str:
        return str(self.directory / f"schema-{schema.encode().hex()}.db")

    def fill(self, table: SqlTable, rows: Sequence[Mapping[str, Any]]) -> None:
        """Make the table, and put the rows in."""
        schema = table.schema
        if schema in ("main", "temp"):
            schema = None
        if schema is not None:
            self.schemas.add(schema)
        path = self._file(schema) if schema is not None else str(self.directory / "main.db")
        columns = list(table.columns)
        names = ", ".join(_quoted(column.column) for column in columns)
        places = ", ".join("?" for _ in columns)
        with closing(sqlite3.connect(path)) as connection, connection:
            connection.execute(f"CREATE TABLE {_quoted(table.table)} ({names})")
            for link in table.links:
                pair = (*(column.column for column in link.near), *link.far)
                inside = ", ".join(map(_quoted, dict.fromkeys(pair)))
                connection.execute(f"CREATE TABLE IF NOT EXISTS {_quoted(link.table)} ({inside})")
            connection.executemany(
                f"INSERT INTO {_quoted(table.table)} ({names}) VALUES ({places})",  # noqa: S608 - quoted
                [[_stored(column, row.get(column.field)) for column in columns] for row in rows],
            )


class SqlSamples(Samples):
    """Tables with the sample rows."""

    def __init__(self, rows: Rows, source: SampleSqlSource) -> None:
        super().__init__(rows)
        self.source = source
        self._adapters: Sequence[DataProductAdapter] = ()

    @classmethod
    @asynccontextmanager
    async def open(cls, rows: Rows, directory: Path) -> AsyncIterator[SqlSamples]:
        """Make the files; the tables come with the adapters."""
        samples = cls(rows, SampleSqlSource(directory))
        try:
            yield samples
        finally:
            await samples.source.close()

    def serve(self, adapters: Sequence[DataProductAdapter]) -> None:
        """Make and fill the adapters' tables."""
        super().serve(adapters)
        for adapter in adapters:
            if isinstance(adapter, SqlTableAdapter):
                self.source.fill(adapter.table, self.rows[adapter.data_product.entity_type])

    @contextmanager
    def failure(self) -> Iterator[None]:
        """No statement is answered."""
        backend = self.source._backend
        self.source._backend = _Gone()
        try:
            yield
        finally:
            self.source._backend = backend


class _Gone:
    async def run(self, statement: str, params: SqlParams, name: str) -> list[Row]:
        raise SourceUnavailableError("the sample database was taken away")

    async def close(self) -> None: ...


def _stored(column: SqlColumn, value: Any) -> Any:
    if value is None:
        return None
    if column.array or "range" in column.type or column.type in ("json", "composite"):
        return _MARK + json.dumps(value)
    bound = to_parameter(column, value, wide_integers=True)
    return value if isinstance(bound, Impossible) else sqlite_value(bound)


def _decoded(value: Any) -> Any:
    if not isinstance(value, str) or not value.startswith(_MARK):
        return value
    decoded = json.loads(value[len(_MARK) :])
    if isinstance(decoded, dict) and {"lower", "upper", "isEmpty"} <= decoded.keys():
        return SimpleNamespace(
            lower=decoded["lower"],
            upper=decoded["upper"],
            lower_inc=decoded.get("lowerInclusive"),
            upper_inc=decoded.get("upperInclusive"),
            isempty=decoded["isEmpty"],
        )
    return decoded


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
