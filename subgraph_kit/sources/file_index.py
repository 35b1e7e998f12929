"""A snapshot of files that answers by key in milliseconds: a table in a DuckDB of its own.

The files are read once into a database file beside the temporary files (memory stays bounded,
whatever their size), sorted by key and indexed. When they change, the next snapshot is made beside
the old one, which answers until the new one is whole: files that are being written, or broken,
change nothing for whoever asks.

Rows without a key are left out, and of rows with the same key the last one is served: both are
warned of, by number.
"""

# ruff: noqa: S608 - names come through quoted_name, values are parameters
from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson
import structlog

from subgraph_kit.sources.file_scan import (
    FileScan,
    FoundFile,
    connect,
    is_remote,
    missing_table_error,
    quoted_name,
    quoted_text,
    scan_sql,
)

_log = structlog.get_logger(__name__)

_SQL_TYPES = {
    "Int": "BIGINT", "BigInt": "HUGEINT", "Float": "DOUBLE",
    "Boolean": "BOOLEAN", "Date": "DATE", "Time": "TIME",
}  # fmt: skip
"""How a column of text is kept so that it compares as what it is; others stay as they are."""

_ATTEMPTS = 3
"""A statement that finds its snapshot dropped is asked of the next one."""


@dataclass(frozen=True, slots=True)
class IndexedColumn:
    """A column: `name` in the files, `scalar` in the graph (None for what is nested)."""

    name: str
    scalar: str | None


@dataclass(frozen=True, slots=True)
class Change:
    """A row that is not what it was: its key and one of `created`, `updated`, `deleted`."""

    key: tuple[str, ...]
    kind: str


@dataclass(slots=True)
class _Snapshot:
    table: str
    types: Mapping[str, str]
    fingerprint: str | None = None


@dataclass(slots=True)
class FileIndex:
    """The current snapshot of a set of files, in a database at `directory`.

    Methods block and may be called from several threads; only one may load.
    """

    directory: Path
    scan: FileScan
    columns: tuple[IndexedColumn, ...]
    key: tuple[str, ...]
    """The key's columns."""
    _connection: Any = None
    _snapshot: _Snapshot | None = None
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    @property
    def is_loaded(self) -> bool:
        """Whether there is a snapshot to ask."""
        return self._snapshot is not None

    @property
    def types(self) -> Mapping[str, str]:
        """The SQL types of the current snapshot's columns."""
        return self._snapshot.types if self._snapshot is not None else {}

    def fingerprint(self) -> str:
        """What changes exactly when the rows do; the same in every process."""
        snapshot = self._snapshot
        if snapshot is None:
            return ""
        if snapshot.fingerprint is None:
            count, mixed = (
                self._connection.cursor()
                .execute(
                    f"SELECT count(*), bit_xor(md5_number({self._whole()})) FROM {snapshot.table}"
                )
                .fetchone()
            )
            snapshot.fingerprint = f"{count}-{int(mixed or 0) & (2**128 - 1):032x}"
        return snapshot.fingerprint

    def load(self, files: list[FoundFile], *, compare: bool) -> list[Change]:
        """Make a snapshot of the files and let it answer; with `compare`, say what changed.

        Raises:
            duckdb.Error: if the files cannot be read; the old snapshot stays.
        """
        connection = self._open()
        table = f"snapshot_{next(self._numbers)}"
        cursor = connection.cursor()
        try:
            self._read(cursor, table, files)
            changes = []
            if compare and self._snapshot is not None:
                changes = self._changes(cursor, self._snapshot.table, table)
            described = cursor.execute(f"DESCRIBE {table}").fetchall()
        except BaseException:
            cursor.execute(f"DROP TABLE IF EXISTS {table}")
            raise
        old, self._snapshot = self._snapshot, _Snapshot(table, {d[0]: d[1] for d in described})
        if old is not None:
            cursor.execute(f"DROP TABLE IF EXISTS {old.table}")
        return changes

    def rows(
        self, condition: str, parameters: Sequence[Any], *, tail: str = ""
    ) -> list[dict[str, Any]]:
        """Rows for which a SQL condition holds, by column name.

        Raises:
            duckdb.Error: if the condition compares what cannot be compared.
        """
        for attempt in range(1, _ATTEMPTS + 1):
            snapshot = self._snapshot
            if snapshot is None:
                return []
            cursor = self._connection.cursor()
            try:
                cursor.execute(
                    f"SELECT * EXCLUDE (_row) FROM {snapshot.table} WHERE {condition} {tail}",
                    list(parameters),
                )
                names = [each[0] for each in cursor.description]
                rows = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
            except missing_table_error():
                if attempt == _ATTEMPTS:
                    raise
                continue
            finally:
                cursor.close()
            for name, sql_type in snapshot.types.items():
                if sql_type == "JSON":
                    for row in rows:
                        if row[name] is not None:
                            row[name] = orjson.loads(row[name])
            return rows
        raise AssertionError("the last attempt returned or raised")

    def close(self) -> None:
        """Release the database and its memory."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _open(self) -> Any:
        if self._connection is None:
            remote = self.scan.path if is_remote(self.scan.path) else None
            self._connection = connect(str(self.directory / "index.duckdb"), remote=remote)
            spill = quoted_text(str(self.directory / "tmp"))
            self._connection.execute(f"SET temp_directory = {spill}")
        return self._connection

    def _read(self, cursor: Any, table: str, files: list[FoundFile]) -> None:
        columns = ", ".join(map(self._text_or_value, self.columns))
        keys = ", ".join(quoted_name(name) for name in self.key)
        keyed = " AND ".join(
            f"{quoted_name(name)} IS NOT NULL AND CAST({quoted_name(name)} AS VARCHAR) <> ''"
            for name in self.key
        )
        cursor.execute(
            f"CREATE TABLE {table}_all AS SELECT {columns}, row_number() OVER () AS _row "
            f"FROM {scan_sql(self.scan, files)}"
        )
        try:
            read, usable, distinct = cursor.execute(
                f"SELECT count(*), count(*) FILTER ({keyed}), "
                f"(SELECT count(*) FROM (SELECT DISTINCT {keys} FROM {table}_all WHERE {keyed})) "
                f"FROM {table}_all"
            ).fetchone()
            if distinct < read:
                _log.warning(
                    "files.rows_without_own_key", path=Path(self.scan.path).name,
                    without_key=read - usable, repeated=usable - distinct,
                )  # fmt: skip
            last = (
                f" QUALIFY row_number() OVER (PARTITION BY {keys} ORDER BY _row DESC) = 1"
                if distinct < usable
                else ""
            )
            typed = self._typed(cursor, f"{table}_all")
            replaced = f" REPLACE ({', '.join(typed)})" if typed else ""
            cursor.execute(
                f"CREATE TABLE {table} AS SELECT *{replaced} FROM {table}_all WHERE {keyed}{last} "
                f"ORDER BY {keys}"
            )
        finally:
            cursor.execute(f"DROP TABLE IF EXISTS {table}_all")
        cursor.execute(f"CREATE INDEX {table}_key ON {table} ({keys})")

    def _text_or_value(self, column: IndexedColumn) -> str:
        name = quoted_name(column.name)
        return f"nullif({name}, '') AS {name}" if self.scan.format == "csv" else name

    def _typed(self, cursor: Any, table: str) -> list[str]:
        """`REPLACE` expressions by which columns compare as what they are."""
        found = []
        for column in self.columns:
            name = quoted_name(column.name)
            if column.scalar == "DateTime":
                # Kept in UTC without a zone: a time that says none is taken as UTC.
                found.append(
                    f"try_cast({name} AS TIMESTAMP WITH TIME ZONE) AT TIME ZONE 'UTC' AS {name}"
                )
            elif self.scan.format == "csv":
                sql_type = self._sql_type(cursor, table, column)
                if sql_type is not None:
                    found.append(f"try_cast({name} AS {sql_type}) AS {name}")
        return found

    def _sql_type(self, cursor: Any, table: str, column: IndexedColumn) -> str | None:
        name = quoted_name(column.name)
        if column.scalar == "ID":
            # Identifiers that are numbers are kept as numbers: 2 comes before 10.
            (whole,) = cursor.execute(
                f"SELECT bool_and({name} IS NULL OR CAST(try_cast({name} AS BIGINT) AS VARCHAR) "
                f"IS NOT DISTINCT FROM {name}) FROM {table}"
            ).fetchone()
            return "BIGINT" if whole else None
        if column.scalar == "Decimal":
            # As many places as the values have: 9.50 stays 9.50.
            (places,) = cursor.execute(
                f"SELECT max(length({name}) - strpos({name}, '.')) FROM {table} "
                f"WHERE strpos({name}, '.') > 0"
            ).fetchone()
            return f"DECIMAL(38, {min(int(places or 0), 20)})"
        return _SQL_TYPES.get(column.scalar or "")

    def _whole(self) -> str:
        """A row as one text: a struct or a list compares as a whole."""
        listed = ", ".join(quoted_name(each.name) for each in self.columns)
        return f"CAST(row({listed}) AS VARCHAR)"

    def _changes(self, cursor: Any, old: str, new: str) -> list[Change]:
        keys = ", ".join(f"CAST({quoted_name(name)} AS VARCHAR)" for name in self.key)
        whole = f"md5({self._whole()})"
        rows = cursor.execute(
            f"SELECT coalesce(n.k, o.k), n.k IS NULL, o.k IS NULL "
            f"FROM (SELECT [{keys}] AS k, {whole} AS h FROM {new}) AS n "
            f"FULL JOIN (SELECT [{keys}] AS k, {whole} AS h FROM {old}) AS o ON n.k = o.k "
            f"WHERE n.h IS DISTINCT FROM o.h ORDER BY 1"
        ).fetchall()
        return [
            Change(tuple(key), "deleted" if gone else "created" if fresh else "updated")
            for key, gone, fresh in rows
        ]
