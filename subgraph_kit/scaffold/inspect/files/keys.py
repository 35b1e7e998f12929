"""Which columns tell the rows of a table apart, and which are the key of another table.

Uniqueness is asked of the values, names only decide between candidates: `id`, `<table>_id`, then
what ends like a key. A column that is unique by accident (a price among ten rows) is no candidate.
"""

# ruff: noqa: S608 - names come through quoted_name, values are parameters
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

from subgraph_kit.scaffold.inspect.files.columns import Column
from subgraph_kit.scaffold.names import singular, words
from subgraph_kit.sources.file_scan import quoted_name

_KEY_SCALARS = frozenset({"Int", "BigInt", "String", "UUID", "ID", "Date"})
_KEY_WORDS = ("id", "uuid", "guid", "key", "code", "number", "no", "nr", "sku", "slug", "isbn",
              "ean", "iban", "email", "login", "username", "name")  # fmt: skip
_MAX_LENGTH = 64
_COMPOSITE_COLUMNS = 7
"""So many candidates are combined; more would ask too much of a large file."""


@dataclass(frozen=True, slots=True)
class FoundKey:
    """Columns that tell rows apart. `sure` is False where only the values say so."""

    columns: tuple[str, ...]
    sure: bool = True


def find_keys(
    connection: Any,
    relation: str,
    table: str,
    columns: Sequence[Column],
    partitions: Sequence[str] = (),
) -> list[FoundKey]:
    """All single columns that are keys, best first; else the smallest combination that is one."""
    ranked = sorted(
        (column for column in columns if _may_be_key(column)),
        key=lambda column: (_rank(column.name, table), list(columns).index(column)),
    )
    singles = [column for column in ranked if _near_unique(column)]
    unique = [c for c in singles if _is_unique(connection, relation, [c.name], c.rows)]
    if unique:
        named = [c for c in unique if _rank(c.name, table) < len(_KEY_WORDS) + 2]
        if named:
            # A name that happens to be unique is no second key.
            kept = [c for c in named if c is named[0] or words(c.name)[-1] != "name"]
            return [FoundKey((c.name,)) for c in kept if c.scalar != "Date"]
        plain = [c for c in unique if c.scalar != "Date" and (c.longest <= 40)]
        return [FoundKey((plain[0].name,), False)] if plain else []
    candidates = [c for c in ranked if c.distinct > 1][:_COMPOSITE_COLUMNS]
    candidates += [c for c in columns if c.name in partitions and c not in candidates]
    for size in (2, 3):
        for group in combinations(candidates, size):
            possible = 1
            for column in group:
                possible *= max(column.distinct, 1)
            if possible < group[0].rows * 0.9:
                continue
            sure = all(_rank(c.name, table) < len(_KEY_WORDS) + 2 for c in group)
            names = [c.name for c in group]
            if _is_unique(connection, relation, names, group[0].rows):
                return [FoundKey(tuple(names), sure)]
    return []


def is_key(connection: Any, relation: str, columns: Sequence[str], rows: int) -> bool:
    """Whether these columns tell all rows apart and are never empty."""
    return _is_unique(connection, relation, columns, rows)


def refers(connection: Any, relation: str, column: str, target: str, key: str) -> bool:
    """Whether every value of a column is a key of the other table."""
    row = connection.execute(
        f"SELECT count(*) FROM (SELECT DISTINCT CAST({quoted_name(column)} AS VARCHAR) AS v "
        f"FROM {relation} WHERE {quoted_name(column)} IS NOT NULL) AS o "
        f"WHERE v <> '' AND v NOT IN (SELECT CAST({quoted_name(key)} AS VARCHAR) FROM {target})"
    ).fetchone()
    return bool(row[0] == 0)


def _may_be_key(column: Column) -> bool:
    return (
        column.scalar in _KEY_SCALARS
        and not column.nullable
        and column.rows > 0
        and column.longest <= _MAX_LENGTH
    )


def _near_unique(column: Column) -> bool:
    """Distinct values were counted approximately: within a tenth is worth an exact count."""
    return column.distinct >= column.rows * 0.85


def _is_unique(connection: Any, relation: str, names: Sequence[str], rows: int) -> bool:
    listed = ", ".join(map(quoted_name, names))
    filled = " AND ".join(
        f"{quoted_name(n)} IS NOT NULL AND CAST({quoted_name(n)} AS VARCHAR) <> ''" for n in names
    )
    row = connection.execute(
        f"SELECT count(*) FROM (SELECT DISTINCT {listed} FROM {relation} WHERE {filled})"
    ).fetchone()
    return bool(row[0] == rows)


def _rank(name: str, table: str) -> int:
    """Less is more like a key."""
    parts = words(name)
    table_parts = words(table)
    own = [*table_parts[:-1], singular(table_parts[-1])]
    if parts == ["id"]:
        return 0
    if parts in ([*own, "id"], [*own, "key"], [*own, "no"], [*own, "number"], [*own, "code"],
                 [own[-1], "id"]):  # fmt: skip
        return 1
    if parts[-1] in _KEY_WORDS:
        return 2 + _KEY_WORDS.index(parts[-1])
    return 2 + len(_KEY_WORDS)
