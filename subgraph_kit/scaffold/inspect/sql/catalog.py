"""The shape of a database as it is, before anything is concluded from it."""

from __future__ import annotations

from dataclasses import dataclass

from subgraph_kit.scaffold.model import Note


@dataclass(frozen=True, slots=True)
class ColumnType:
    """What a column holds.

    `scalar` is the graph's scalar, or the name of a range type; `kind` the adapter's `SqlType`.
    `values` are those of an enum type or domain, in its order, and `type_name` is its name.
    `declared` is what the database calls it, for messages.
    """

    kind: str
    scalar: str
    array: bool = False
    native: str | None = None
    values: tuple[str, ...] = ()
    type_name: str | None = None
    not_null: bool = False
    declared: str = ""


@dataclass(frozen=True, slots=True)
class Column:
    """A column."""

    name: str
    type: ColumnType
    nullable: bool
    comment: str | None = None


@dataclass(frozen=True, slots=True)
class Index:
    """An index; `columns` until the first expression. `method` is `btree`, `gin`, ..."""

    columns: tuple[str, ...]
    unique: bool = False
    partial: bool = False
    method: str = "btree"
    trigrams: bool = False


@dataclass(frozen=True, slots=True)
class ForeignKey:
    """A foreign key; `target` is the (schema, table) it points to."""

    name: str
    columns: tuple[str, ...]
    target: tuple[str | None, str]
    target_columns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """A table or view. `source_name` is how users say it: with its schema if not the default one.

    `checks` are the texts of check constraints; `rows` is about how many there are.
    """

    schema: str | None
    name: str
    source_name: str
    columns: tuple[Column, ...]
    is_view: bool = False
    primary_key: tuple[str, ...] = ()
    uniques: tuple[tuple[str, ...], ...] = ()
    foreign_keys: tuple[ForeignKey, ...] = ()
    indexes: tuple[Index, ...] = ()
    checks: tuple[str, ...] = ()
    comment: str | None = None
    rows: int | None = None

    @property
    def place(self) -> tuple[str | None, str]:
        """What foreign keys call it."""
        return (self.schema, self.name)

    def column(self, name: str) -> Column:
        """The column of this name; KeyError if there is none."""
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(name)


@dataclass(frozen=True, slots=True)
class Catalog:
    """All tables and views that may be read, in the order of their names."""

    dialect: str
    tables: tuple[Table, ...]
    notes: tuple[Note, ...] = ()
