"""A database as data: its tables, and their rows as SQL literals."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

Dialect = Literal["postgresql", "sqlite"]

ROW = "seq"
"""Every table but those that only link has such a column: the number of a row, to compare by."""


@dataclass(frozen=True, slots=True)
class DbColumn:
    """A column; `extra` is what follows the type (`CHECK (...)`)."""

    name: str
    type: str
    nullable: bool = True
    extra: str = ""


@dataclass(frozen=True, slots=True)
class DbForeignKey:
    """A foreign key to a table made before, or to the table itself."""

    columns: tuple[str, ...]
    target: str
    target_columns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DbTable:
    """A table; a row has a literal (or `NULL`) per column."""

    name: str
    columns: tuple[DbColumn, ...]
    primary_key: tuple[str, ...]
    uniques: tuple[tuple[str, ...], ...] = ()
    foreign_keys: tuple[DbForeignKey, ...] = ()
    indexes: tuple[tuple[str, ...], ...] = ()
    rows: tuple[dict[str, str], ...] = ()

    def statements(self) -> Iterator[str]:
        """What makes the table and its rows."""
        parts = [
            f"{quote(each.name)} {each.type}{'' if each.nullable else ' NOT NULL'} {each.extra}"
            for each in self.columns
        ]
        if self.primary_key:
            parts.append(f"PRIMARY KEY ({_list(self.primary_key)})")
        parts += [f"UNIQUE ({_list(names)})" for names in self.uniques]
        parts += [
            f"FOREIGN KEY ({_list(each.columns)}) REFERENCES {quote(each.target)}"
            f" ({_list(each.target_columns)})"
            for each in self.foreign_keys
        ]
        yield f"CREATE TABLE {quote(self.name)} ({', '.join(parts)})"
        for columns in self.indexes:
            yield f"CREATE INDEX ON {quote(self.name)} ({_list(columns)})"
        if self.rows:
            columns = [each.name for each in self.columns]
            values = ", ".join(f"({', '.join(row[name] for name in columns)})" for row in self.rows)
            yield f"INSERT INTO {quote(self.name)} ({_list(columns)}) VALUES {values}"


@dataclass(frozen=True, slots=True)
class Database:
    """Tables in the order in which they can be made; `first` makes types, `last` views."""

    dialect: Dialect
    tables: tuple[DbTable, ...]
    first: tuple[str, ...] = ()
    last: tuple[str, ...] = field(default=())

    def statements(self) -> Iterator[str]:
        """What makes the database."""
        yield from self.first
        for table in self.tables:
            for number, statement in enumerate(table.statements()):
                if self.dialect == "sqlite" and statement.startswith("CREATE INDEX ON"):
                    named = quote(f"index {number} of {table.name}")
                    statement = statement.replace("CREATE INDEX ON", f"CREATE INDEX {named} ON", 1)
                yield statement
        yield from self.last

    def table(self, name: str) -> DbTable:
        """The table of this name."""
        return next(table for table in self.tables if table.name == name)


def quote(name: str) -> str:
    """An identifier."""
    return '"' + name.replace('"', '""') + '"'


def _list(names: tuple[str, ...] | list[str]) -> str:
    return ", ".join(map(quote, names))
