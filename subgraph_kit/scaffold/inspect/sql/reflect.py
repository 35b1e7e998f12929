"""From a connection to the `Catalog`: SQLAlchemy's reflection, a whole schema per question."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection, Inspector, inspect, text
from sqlalchemy.engine.interfaces import TableKey
from sqlalchemy.engine.reflection import ObjectKind, ObjectScope
from sqlalchemy.exc import SAWarning

from subgraph_kit.errors import ConfigurationError
from subgraph_kit.scaffold.inspect.sql import mysql
from subgraph_kit.scaffold.inspect.sql.catalog import (
    Catalog,
    Column,
    ColumnType,
    ForeignKey,
    Index,
    Table,
)
from subgraph_kit.scaffold.inspect.sql.postgres import (
    OddColumn,
    read_foreign_keys,
    read_odd_columns,
    read_tables,
)
from subgraph_kit.scaffold.inspect.sql.types import column_type
from subgraph_kit.scaffold.model import Note

IsWanted = Callable[[str, str | None], bool]
"""Whether a table is wanted, by its name with and without schema."""


@dataclass(frozen=True, slots=True)
class _Found:
    """A table or view that is to be reflected."""

    schema: str | None
    name: str
    source_name: str
    is_view: bool
    rows: int | None


def read_catalog(connection: Connection, is_wanted: IsWanted) -> Catalog:
    """All that is wanted and may be read.

    Raises:
        ConfigurationError: if there are no tables, or none that may be read.
    """
    inspector = inspect(connection)
    dialect = connection.dialect.name
    if dialect == "postgresql":
        found, notes = _postgres_tables(connection, inspector, is_wanted)
    else:
        found, notes = _other_tables(connection, inspector, is_wanted), []
    details = _Details(connection, inspector, dialect)
    tables = [table for group in _by_schema(found) for table in details.read(group)]
    return Catalog(dialect, tuple(sorted(tables, key=_table_order)), tuple(notes))


def _table_order(table: Table) -> tuple[bool, str]:
    # Those of the default schema come first and so get the plain names.
    return ("." in table.source_name and table.source_name != table.name, table.source_name)


# --- Which tables there are ---------------------------------------------------------------------


def _postgres_tables(
    connection: Connection, inspector: Inspector, is_wanted: IsWanted
) -> tuple[list[_Found], list[Note]]:
    default = inspector.default_schema_name
    found: list[_Found] = []
    notes: list[Note] = []
    every = [table for table in read_tables(connection) if not table.is_partition]
    for table in every:
        source_name = table.name if table.schema == default else f"{table.schema}.{table.name}"
        if not is_wanted(source_name, f"{table.schema}.{table.name}"):
            continue
        if table.readable:
            found.append(_Found(table.schema, table.name, source_name, table.is_view, table.rows))
        else:
            notes.append(
                Note(source_name, "the user of the address may not read it: grant it SELECT",
                     "left_out")
            )  # fmt: skip
    _check_found(found, [table.name for table in every], len(notes))
    return found, notes


def _other_tables(
    connection: Connection, inspector: Inspector, is_wanted: IsWanted
) -> list[_Found]:
    counts = mysql.read_counts(connection) if connection.dialect.name != "sqlite" else {}
    names = [(name, False) for name in inspector.get_table_names()]
    names += [(name, True) for name in inspector.get_view_names()]
    found = [
        _Found(None, name, name, is_view, counts.get(name))
        for name, is_view in sorted(names)
        if is_wanted(name, None)
    ]
    _check_found(found, [name for name, _ in names], 0)
    if connection.dialect.name == "sqlite":
        found = [
            each if each.is_view else replace(each, rows=_sqlite_count(connection, each.name))
            for each in found
        ]
    return found


def _check_found(found: Sequence[_Found], every: Sequence[str], unreadable: int) -> None:
    if found:
        return
    if not every:
        raise ConfigurationError(
            "the database has no tables; check the name of the database in the address"
        )
    if unreadable:
        raise ConfigurationError(
            f"the user of the address may read none of the database's {unreadable} tables that "
            "were asked for; grant it USAGE on their schemas and SELECT on the tables"
        )
    raise ConfigurationError(
        f"none of the database's {len(every)} tables and views fits what is to be included; "
        f"there are: {', '.join(sorted(every)[:10])}{', ...' if len(every) > 10 else ''}"
    )


def _sqlite_count(connection: Connection, table: str) -> int:
    quoted = connection.dialect.identifier_preparer.quote_identifier(table)
    escaped = quoted.replace(":", "\\:")
    return int(connection.execute(text(f"SELECT count(*) FROM {escaped}")).scalar_one())  # noqa: S608


def _by_schema(found: Iterable[_Found]) -> list[list[_Found]]:
    groups: dict[str | None, list[_Found]] = {}
    for each in found:
        groups.setdefault(each.schema, []).append(each)
    return list(groups.values())


# --- What they are like -------------------------------------------------------------------------


class _Details:
    """Reads tables of one schema after the other."""

    def __init__(self, connection: Connection, inspector: Inspector, dialect: str) -> None:
        self._inspector = inspector
        self._dialect = dialect
        self._odd: Mapping[tuple[str, str, str], OddColumn] = {}
        self._declared: Mapping[tuple[str, str], str] = {}
        self._checks: Mapping[str, tuple[str, ...]] | None = None
        self._foreign: Mapping[TableKey, Sequence[ForeignKey]] | None = None
        if dialect == "postgresql":
            self._odd = read_odd_columns(connection)
            self._foreign = read_foreign_keys(connection)
        elif dialect == "sqlite":
            self._declared = _sqlite_types(connection)
        else:
            self._checks = mysql.read_checks(connection)

    def read(self, group: Sequence[_Found]) -> list[Table]:
        """The tables and views of one schema."""
        schema = group[0].schema
        every = self._ask("columns", group)
        primary = self._ask("pk_constraint", group)
        uniques = self._ask("unique_constraints", group)
        foreign = self._foreign
        if foreign is None:
            foreign = {
                key: tuple(_foreign_keys(found))
                for key, found in self._ask("foreign_keys", group).items()
            }
        indexes = self._ask("indexes", group)
        checks = self._checks
        if checks is None:
            checks = {
                key[1]: tuple(str(check["sqltext"]) for check in _sorted(found))
                for key, found in self._ask("check_constraints", group).items()
            }
        comments = self._ask("table_comment", group) if self._dialect != "sqlite" else {}
        tables = []
        for each in group:
            key: TableKey = (schema, each.name)
            tables.append(
                Table(
                    schema=schema,
                    name=each.name,
                    source_name=each.source_name,
                    is_view=each.is_view,
                    rows=each.rows,
                    columns=tuple(self._column(each, column) for column in every.get(key) or ()),
                    primary_key=tuple((primary.get(key) or {}).get("constrained_columns") or ()),
                    uniques=tuple(
                        tuple(unique["column_names"]) for unique in _sorted(uniques.get(key))
                    ),
                    foreign_keys=tuple(foreign.get(key) or ()),
                    indexes=tuple(map(_index, _sorted(indexes.get(key)))),
                    checks=checks.get(each.name, ()),
                    comment=(comments.get(key) or {}).get("text"),
                )
            )
        return tables

    def _ask(self, what: str, group: Sequence[_Found]) -> dict[TableKey, Any]:
        ask = getattr(self._inspector, f"get_multi_{what}")
        with warnings.catch_warnings():
            # Types and indexes it does not know are no mistake of the user's.
            warnings.simplefilter("ignore", SAWarning)
            answer: dict[TableKey, Any] = ask(
                schema=group[0].schema,
                filter_names=[each.name for each in group],
                kind=ObjectKind.ANY,
                scope=ObjectScope.DEFAULT,
            )
        return answer

    def _column(self, table: _Found, column: Mapping[str, Any]) -> Column:
        name = column["name"]
        if self._checks is not None:
            name = mysql.unescaped(name)
        odd = self._odd.get((table.schema or "", table.name, name))
        if odd is not None:
            type_ = ColumnType("composite", "JSON", declared=odd.type)
        else:
            declared = self._declared.get((table.name, name), "")
            type_ = column_type(column["type"], self._dialect, declared)
        if self._checks and name in mysql.json_columns(self._checks.get(table.name, ())):
            type_ = ColumnType("json", "JSON")
        nullable = bool(column.get("nullable", True)) and not type_.not_null
        return Column(name, type_, nullable, column.get("comment"))


def _foreign_keys(found: Iterable[Mapping[str, Any]]) -> Iterable[ForeignKey]:
    for number, each in enumerate(_sorted(found), start=1):
        yield ForeignKey(
            each["name"] or f"foreign key {number}",
            tuple(each["constrained_columns"]),
            (each["referred_schema"], each["referred_table"]),
            tuple(each["referred_columns"]),
        )


def _sorted(found: Iterable[Mapping[str, Any]] | None) -> list[Mapping[str, Any]]:
    return sorted(found or (), key=lambda each: (each.get("name") or "", str(each)))


def _index(index: Mapping[str, Any]) -> Index:
    included = set(index.get("include_columns") or ())
    columns: list[str] = []
    for name in index["column_names"]:
        if name is None or name in included:
            break
        columns.append(name)
    whole = len(columns) == len([each for each in index["column_names"] if each not in included])
    options = index.get("dialect_options") or {}
    prefix = next((key.partition("_")[0] for key in options), "")
    operators = str(options.get(f"{prefix}_ops") or "")
    return Index(
        columns=tuple(columns),
        unique=bool(index.get("unique")) and whole and not index.get("expressions"),
        partial=bool(options.get(f"{prefix}_where") is not None),
        method=str(options.get(f"{prefix}_using") or "btree"),
        trigrams="trgm" in operators,
    )


def _sqlite_types(connection: Connection) -> Mapping[tuple[str, str], str]:
    """The types as declared: SQLAlchemy makes a number of what it does not know."""
    rows = connection.execute(
        text(
            "SELECT m.name AS table_name, p.name, p.type FROM sqlite_master m,"
            " pragma_table_xinfo(m.name) p WHERE m.type IN ('table', 'view')"
        )
    )
    return {(table, name): declared for table, name, declared in rows}
