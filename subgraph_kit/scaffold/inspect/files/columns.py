"""What the values of a column are: every value is looked at (or a sample of a huge file), once.

The columns of a CSV are text; one pass of aggregates says of each how many of its values are
numbers, dates, identifiers, and how many differ. A column is a type only if all its values are:
`007` is no number (the zeros would be lost), and one `n/a` among numbers makes them text, which is
noted. Parquet and JSON lines say their types themselves; only sizes and distinct values are asked.
"""

# ruff: noqa: S608 - names come through quoted_name, values are parameters
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from subgraph_kit.sources.file_scan import quoted_name

_INT32_HALF = 2**30
"""A whole number is `Int` up to here: the file will grow."""
_MAX_ENUM = 25
_MIN_ROWS_PER_VALUE = 10
_MAX_ENUM_LENGTH = 40
_COLUMNS_PER_PASS = 40
_FIRST_ROWS = 2_000
_MOST = 0.8
"""A column most of whose values are numbers was meant to be of numbers: the others are noted."""

_INTEGER = "[-+]?(0|[1-9][0-9]{0,37})"
_DECIMAL = "[-+]?(0|[1-9][0-9]*)?[.][0-9]+|[-+]?(0|[1-9][0-9]*)"
_FLOAT = "[-+]?((0|[1-9][0-9]*)([.][0-9]*)?|[.][0-9]+)([eE][-+]?[0-9]{1,3})?"
_DATE = "[0-9]{4}-[0-9]{2}-[0-9]{2}"
_TIME_STAMP = (
    "[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(:[0-9]{2}([.][0-9]{1,9})?)?"
    "(Z|[-+][0-9]{2}(:?[0-9]{2})?)?"
)
_TIME = "[0-9]{2}:[0-9]{2}(:[0-9]{2}([.][0-9]{1,9})?)?"
_UUID = "[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"

_NUMERIC_SCALARS = frozenset({"Int", "BigInt"})

SQL_SCALARS = {
    "BOOLEAN": "Boolean", "TINYINT": "Int", "SMALLINT": "Int", "INTEGER": "Int",
    "UTINYINT": "Int", "USMALLINT": "Int", "UINTEGER": "BigInt", "BIGINT": "BigInt",
    "UBIGINT": "BigInt", "HUGEINT": "BigInt", "UHUGEINT": "BigInt", "FLOAT": "Float",
    "DOUBLE": "Float", "VARCHAR": "String", "DATE": "Date", "TIME": "Time",
    "TIME WITH TIME ZONE": "Time", "TIMESTAMP": "DateTime", "TIMESTAMP WITH TIME ZONE": "DateTime",
    "TIMESTAMP_S": "DateTime", "TIMESTAMP_MS": "DateTime", "TIMESTAMP_NS": "DateTime",
    "INTERVAL": "Duration", "UUID": "UUID", "BLOB": "Bytes", "JSON": "JSON",
}  # fmt: skip
"""The scalar of the graph for a type of DuckDB; `DECIMAL(p,s)` is a `Decimal`."""


@dataclass(frozen=True, slots=True)
class Column:
    """What was found: `scalar` is None for what is no plain value (`sql_type` says what)."""

    name: str
    scalar: str | None
    sql_type: str
    rows: int
    filled: int
    distinct: int
    longest: int
    values: tuple[str, ...] = ()
    """All distinct values, where they are few enough to be an enum."""
    samples: tuple[Any, ...] = ()
    doubt: str | None = None
    """Why it is not what most of its values are."""

    @property
    def nullable(self) -> bool:
        """Whether a row has no value."""
        return self.filled < self.rows

    @property
    def unique(self) -> bool:
        """Whether every row has a value of its own."""
        return self.rows > 0 and self.filled == self.rows and self.distinct == self.rows


def scalar_of_sql(sql_type: str) -> str | None:
    """The scalar for a type of DuckDB; None for structs, lists and maps."""
    if sql_type.startswith("DECIMAL"):
        return "BigInt" if sql_type.endswith(",0)") else "Decimal"
    if sql_type.startswith("ENUM"):
        return "String"
    return SQL_SCALARS.get(sql_type)


def look_at_columns(
    connection: Any,
    relation: str,
    columns: Sequence[tuple[str, str]],
    *,
    as_text: bool,
    sample_rows: int,
    partitions: Sequence[str] = (),
) -> list[Column]:
    """Look at all values of `relation`, whose columns are (name, SQL type).

    `as_text` says that the types are to be found in the values, as in a CSV. With `sample_rows` 0
    no value leaves the database: no enums, no guess at personal data.
    """
    found: list[Column] = []
    for start in range(0, len(columns), _COLUMNS_PER_PASS):
        part = columns[start : start + _COLUMNS_PER_PASS]
        found += _one_pass(connection, relation, part, as_text, sample_rows, set(partitions))
    return found


def _one_pass(
    connection: Any,
    relation: str,
    columns: Sequence[tuple[str, str]],
    as_text: bool,
    sample_rows: int,
    partitions: set[str],
) -> list[Column]:
    wanted: list[str] = ["count(*)"]
    kinds: list[tuple[str, ...] | None] = []
    sizes: list[int] = []
    for name, sql_type in columns:
        textual = (as_text or name in partitions) and sql_type == "VARCHAR"
        kinds.append(_likely_kinds(connection, relation, name) if textual else None)
        parts = (
            _text_aggregates(name, kinds[-1] or ())
            if textual
            else _typed_aggregates(name, sql_type)
        )
        sizes.append(len(parts))
        wanted += parts
    row = connection.execute(f"SELECT {', '.join(wanted)} FROM {relation}").fetchone()
    rows, at = int(row[0]), 1
    found: list[Column] = []
    for (name, sql_type), size, likely in zip(columns, sizes, kinds, strict=True):
        numbers = row[at : at + size]
        at += size
        if likely is not None:
            found.append(_of_text(name, rows, numbers, likely))
        else:
            filled, distinct, longest, largest = numbers
            scalar = scalar_of_sql(sql_type)
            if scalar == "BigInt" and largest is not None and abs(int(largest)) < _INT32_HALF:
                scalar = "Int"
            found.append(
                Column(name, scalar, sql_type, rows, int(filled), int(distinct or 0),
                       int(longest or 0))
            )  # fmt: skip
    return [_with_values(connection, relation, column, sample_rows) for column in found]


_TEXT_COUNTS = {
    "integer": f"regexp_full_match(VALUE, '{_INTEGER}')",
    "decimal": f"regexp_full_match(VALUE, '{_DECIMAL}')",
    "float": f"regexp_full_match(VALUE, '{_FLOAT}')",
    "boolean": "lower(VALUE) IN ('true', 'false')",
    "date": f"regexp_full_match(VALUE, '{_DATE}') AND try_cast(VALUE AS DATE) IS NOT NULL",
    "stamp": f"regexp_full_match(VALUE, '{_TIME_STAMP}') "
    "AND try_cast(VALUE AS TIMESTAMP WITH TIME ZONE) IS NOT NULL",
    "time": f"regexp_full_match(VALUE, '{_TIME}') AND try_cast(VALUE AS TIME) IS NOT NULL",
    "uuid": f"regexp_full_match(VALUE, '{_UUID}')",
}


def _likely_kinds(connection: Any, relation: str, name: str) -> tuple[str, ...]:
    """The kinds that most of the first values are; only these are asked of all values."""
    column = f"nullif({quoted_name(name)}, '')"
    tests = [f"count(*) FILTER ({t.replace('VALUE', column)})" for t in _TEXT_COUNTS.values()]
    filled, *counts = connection.execute(
        f"SELECT count({column}), {', '.join(tests)} "
        f"FROM (SELECT * FROM {relation} WHERE {column} IS NOT NULL LIMIT {_FIRST_ROWS})"
    ).fetchone()
    return tuple(
        kind
        for kind, count in zip(_TEXT_COUNTS, counts, strict=True)
        if count and count >= filled * _MOST
    )


def _text_aggregates(name: str, kinds: Sequence[str]) -> list[str]:
    column = f"nullif({quoted_name(name)}, '')"
    return [
        f"count({column})",
        f"approx_count_distinct({column})",
        f"max(length({column}))",
        f"max(abs(try_cast({column} AS HUGEINT)))" if "integer" in kinds else "NULL",
        f"max(length({column}) - coalesce(nullif(strpos({column}, '.'), 0), length({column})))"
        if "decimal" in kinds
        else "NULL",
        *(f"count(*) FILTER ({_TEXT_COUNTS[kind].replace('VALUE', column)})" for kind in kinds),
    ]


def _typed_aggregates(name: str, sql_type: str) -> list[str]:
    column = quoted_name(name)
    scalar = scalar_of_sql(sql_type)
    is_number = scalar in _NUMERIC_SCALARS
    return [
        f"count({column})",
        f"approx_count_distinct({column})" if scalar is not None else "NULL",
        f"max(length({column}))" if sql_type == "VARCHAR" else "NULL",
        f"max(abs({column}::HUGEINT))" if is_number else "NULL",
    ]


def _of_text(name: str, rows: int, numbers: Sequence[Any], kinds: Sequence[str]) -> Column:
    filled, distinct, longest, largest, places = (int(n or 0) for n in numbers[:5])
    counts = {kind: int(n) for kind, n in zip(kinds, numbers[5:], strict=True)}
    scalar, doubt = "String", None
    if filled and counts:
        whole = [kind for kind in kinds if counts[kind] == filled]
        if whole:
            scalar = _scalar(whole[0], largest, places, longest)
        else:
            kind = max(counts, key=lambda each: counts[each])
            if counts[kind] >= filled * _MOST:
                doubt = (
                    f"{filled - counts[kind]:,} of {filled:,} values are not like the others, "
                    f"which are of the kind {kind!r}; all are read as text"
                )
    return Column(name, scalar, "VARCHAR", rows, filled, distinct, longest, doubt=doubt)


def _scalar(kind: str, largest: int, places: int, longest: int) -> str:
    match kind:
        case "integer":
            return "Int" if largest < _INT32_HALF else "BigInt"
        case "decimal":
            # Few places and the same kind all over: money. A float would round it.
            return "Decimal" if places <= 4 or longest > 16 else "Float"
        case "float":
            return "Float"
        case "boolean":
            return "Boolean"
        case "date":
            return "Date"
        case "stamp":
            return "DateTime"
        case "time":
            return "Time"
        case _:
            return "UUID"


def _with_values(connection: Any, relation: str, column: Column, sample_rows: int) -> Column:
    """The column with its few values, if it is an enum, and a sample of them."""
    if sample_rows == 0 or column.scalar not in ("String", "ID"):
        return column
    name = quoted_name(column.name)
    values: tuple[str, ...] = ()
    if (
        column.distinct <= _MAX_ENUM
        and column.longest <= _MAX_ENUM_LENGTH
        and column.filled >= _MIN_ROWS_PER_VALUE * max(column.distinct, 2)
    ):
        rows = connection.execute(
            f"SELECT {name}, count(*) FROM {relation} WHERE {name} <> '' GROUP BY 1 ORDER BY 1"
        ).fetchall()
        # A value that is there once or twice is no kind of thing.
        if 2 <= len(rows) <= _MAX_ENUM and all(count > 2 for _, count in rows):
            values = tuple(str(value) for value, _ in rows)
    samples = connection.execute(
        f"SELECT DISTINCT {name} FROM (SELECT {name} FROM {relation} WHERE {name} <> '' "
        f"LIMIT {int(sample_rows)})"
    ).fetchall()
    return Column(
        column.name, column.scalar, column.sql_type, column.rows, column.filled, column.distinct,
        column.longest, values, tuple(value for (value,) in samples), column.doubt,
    )  # fmt: skip
