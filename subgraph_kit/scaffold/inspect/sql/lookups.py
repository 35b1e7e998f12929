"""Lookup tables: a few rows of a code and a name, which others refer to. They are enums.

    order_status(id, name): 1 open, 2 paid       orders.status_id becomes status: OrderStatus

Only where the table's name says that it is one, and where the user did not name it an entity.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from subgraph_kit.scaffold.inspect.sql.catalog import Table
from subgraph_kit.scaffold.inspect.sql.keys import Place
from subgraph_kit.scaffold.inspect.sql.samples import read_rows
from subgraph_kit.scaffold.model import EnumModel, EnumValue
from subgraph_kit.scaffold.names import Names, enum_value_name, singular, words

_LAST_WORDS = frozenset(
    "type status state kind level priority reason mode method stage phase".split()  # noqa: SIM905
)
_LABELS = ("name", "label", "title", "code", "value", "description", "text", "bezeichnung")
_MAX_COLUMNS = 3
_MAX_ROWS = 50
_MIN_ROWS = 2
_KEY_KINDS = ("smallint", "integer", "bigint", "text", "char")


@dataclass(frozen=True, slots=True)
class Lookup:
    """A lookup table and what its rows are in the graph: the enum's values."""

    table: Table
    key: str
    enum: EnumModel


async def find_lookups(
    connection: AsyncConnection,
    tables: Sequence[Table],
    referred: set[Place],
    entities: Sequence[str],
) -> dict[Place, Lookup]:
    """The lookup tables among `tables`; those named in `entities` are none."""
    found: dict[Place, Lookup] = {}
    for table in tables:
        if table.place not in referred or table.source_name in entities or not _looks_so(table):
            continue
        key = table.primary_key[0]
        label = _label(table, key)
        columns = [key] if label is None else [key, label]
        rows = await read_rows(connection, table, columns, _MAX_ROWS + 1)
        if _MIN_ROWS <= len(rows) <= _MAX_ROWS:
            numbered = table.column(key).type.kind not in ("text", "char")
            found[table.place] = Lookup(table, key, _enum(table, rows, named_by_label=numbered))
    return found


def _looks_so(table: Table) -> bool:
    return (
        not table.is_view
        and singular(words(table.name)[-1]) in _LAST_WORDS
        and len(table.columns) <= _MAX_COLUMNS
        and len(table.primary_key) == 1
        and not table.foreign_keys
        and table.column(table.primary_key[0]).type.kind in _KEY_KINDS
        and (table.rows is None or table.rows <= _MAX_ROWS)
        and (_is_text(table, table.primary_key[0]) or _label(table, table.primary_key[0]))
        is not None
    )


def _enum(table: Table, rows: Sequence[tuple[Any, ...]], *, named_by_label: bool) -> EnumModel:
    """The enum, without its name; a number says nothing, so its label names the value."""
    names, values = Names(), []
    for row in sorted(rows, key=lambda row: row[0]):
        label = str(row[1]) if len(row) > 1 and row[1] else None
        value = str(row[0]).rstrip(" ")
        name = names.take(value, enum_value_name(label if named_by_label and label else value))
        values.append(EnumValue(name, value, label))
    return EnumModel("", tuple(values), table.comment)


def _is_text(table: Table, name: str) -> bool | None:
    return True if table.column(name).type.kind in ("text", "char") else None


def _label(table: Table, key: str) -> str | None:
    texts = [
        column.name
        for column in table.columns
        if column.name != key and column.type.kind in ("text", "char") and not column.type.array
    ]
    named = [name for wanted in _LABELS for name in texts if words(name)[-1] == wanted]
    return next(iter(named), None)
