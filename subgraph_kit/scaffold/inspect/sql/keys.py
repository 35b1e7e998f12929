"""Which columns identify a row, and which columns hold such ids."""

from __future__ import annotations

from collections.abc import Mapping

from subgraph_kit.errors import ConfigurationError
from subgraph_kit.scaffold.inspect.sql.catalog import Table

Place = tuple[str | None, str]

_KEY_KINDS = frozenset(
    {"boolean", "smallint", "integer", "bigint", "numeric", "text", "char", "enum", "uuid", "date",
     "timestamp", "timestamptz", "time", "bytes", "other"}
)  # fmt: skip
_ID_KINDS = frozenset({"smallint", "integer", "bigint", "numeric", "text", "char", "uuid", "other"})


def keys_of(table: Table, asked: tuple[str, ...] | None) -> tuple[tuple[str, ...], ...]:
    """The keys of a table by column names, the primary one first; empty if it has none.

    `asked` is what the user says the primary key is.

    Raises:
        ConfigurationError: if `asked` names a column that is not there.
    """
    found: list[tuple[str, ...]] = []
    if asked:
        known = {column.name for column in table.columns}
        if missing := [name for name in asked if name not in known]:
            raise ConfigurationError(
                f"the key of {table.source_name!r} names {', '.join(map(repr, missing))}, but its "
                f"columns are {', '.join(sorted(known))}"
            )
        found.append(asked)
    if table.primary_key:
        found.append(table.primary_key)
    unique_indexes = [
        index.columns for index in table.indexes if index.unique and not index.partial
    ]
    found += [
        columns
        for columns in sorted([*table.uniques, *unique_indexes], key=lambda each: (len(each), each))
        if columns and not any(table.column(name).nullable for name in columns)
    ]
    usable = [key for key in found if all(_can_be_key(table, name) for name in key)]
    kept: list[tuple[str, ...]] = []
    for key in usable:
        if not any(set(key) == set(other) for other in kept):
            kept.append(key)
    return tuple(kept)


def _can_be_key(table: Table, name: str) -> bool:
    type_ = table.column(name).type
    return not type_.array and type_.kind in _KEY_KINDS


class Ids:
    """Tells which columns are ids: keys of one column, and whatever refers to them.

    Both sides of a reference have the same type in the graph, so the chain is followed to its end.
    """

    def __init__(
        self, tables: Mapping[Place, Table], keys: Mapping[Place, tuple[tuple[str, ...], ...]]
    ) -> None:
        self._tables = tables
        self._keys = keys
        self._known: dict[tuple[Place, str], bool] = {}

    def is_id(self, table: Table, column: str) -> bool:
        """Whether the column is `ID` in the graph."""
        place = (table.place, column)
        if place not in self._known:
            self._known[place] = False  # what a circle of references comes back to
            self._known[place] = self._find(table, column)
        return self._known[place]

    def _find(self, table: Table, column: str) -> bool:
        type_ = table.column(column).type
        if type_.values or type_.array or type_.kind not in _ID_KINDS:
            return False
        keys = self._keys.get(table.place)
        if keys and keys[0] == (column,):
            return True
        for foreign_key in table.foreign_keys:
            target = self._tables.get(foreign_key.target)
            if column not in foreign_key.columns or target is None:
                continue
            there = foreign_key.target_columns[foreign_key.columns.index(column)]
            if self.is_id(target, there):
                return True
        return False
