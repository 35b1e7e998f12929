"""How a column stands in a statement: quoted, selected, compared; one class per family of database.

Identifiers are always quoted, values are always parameters. A colon in an identifier is escaped:
the texts go through SQLAlchemy's `text()`, to which `:name` is a parameter.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, Protocol
from uuid import UUID

from subgraph_kit.errors import FatalError
from subgraph_kit.sources.tables.declaration import SqlColumn
from subgraph_kit.sources.tables.values import Impossible, to_parameter

_COMPARISONS = {"eq": "=", "neq": "<>", "gt": ">", "gte": ">=", "lt": "<", "lte": "<="}
_TEXTS = ("text", "char", "other", "enum")

_POSTGRES_TYPES = {
    "boolean": "boolean", "smallint": "smallint", "integer": "integer", "bigint": "bigint",
    "numeric": "numeric", "money": "numeric", "real": "real", "double": "double precision",
    "text": "text", "char": "bpchar", "enum": "text", "other": "text", "uuid": "uuid",
    "date": "date", "timestamp": "timestamp", "timestamptz": "timestamptz", "time": "time",
    "bytes": "bytea",
}  # fmt: skip


@dataclass(slots=True)
class Parameters:
    """The parameters of one statement, each with a name of its own."""

    values: dict[str, Any] = field(default_factory=dict)

    def add(self, value: Any) -> str:
        """Bind a value; its place in the text."""
        name = f"p{len(self.values)}"
        self.values[name] = value
        return f":{name}"


class Dialect(Protocol):
    """What differs between databases in a statement about one table."""

    wide_integers: bool

    def quote(self, name: str) -> str:
        """An identifier."""

    def selected(self, column: SqlColumn, table: str) -> str:
        """The expression that brings the value in the form `values.from_row` reads."""

    def compared(self, column: SqlColumn, table: str) -> str:
        """The expression to compare with parameters."""

    def parameter(self, column: SqlColumn, value: Any, parameters: Parameters) -> str:
        """A bound value to compare `compared` with."""

    def listed(self, column: SqlColumn, value: Any) -> Any:
        """A value as it stands in a list of parameters."""

    def is_in(self, column: SqlColumn, table: str, bound: list[Any], parameters: Parameters) -> str:
        """The condition that the column is one of `bound`, which is not empty."""

    def contains(self, subject: str, wanted: str) -> str:
        """The condition that one text has the other in it."""

    def starts_with(self, subject: str, wanted: str) -> str:
        """The condition that one text begins with the other."""

    def page(self, limit: int | None, offset: int, parameters: Parameters) -> str:
        """The clause that cuts a page; empty if nothing is to be cut."""


def dialect_of(name: str) -> Dialect:
    """The dialect of SQLAlchemy's name for it; a database not known is taken to be standard."""
    match name:
        case "postgresql":
            return Postgres()
        case "sqlite":
            return Sqlite()
        case "mysql" | "mariadb":
            return MySql()
        case _:
            return Standard()


class Standard:
    """What most databases understand."""

    wide_integers = False

    def quote(self, name: str) -> str:
        """Double quotes, doubled inside."""
        return '"' + _escaped(name.replace('"', '""')) + '"'

    def selected(self, column: SqlColumn, table: str) -> str:
        """The column itself."""
        return f"{table}.{self.quote(column.column)}"

    def compared(self, column: SqlColumn, table: str) -> str:
        """The column itself."""
        return f"{table}.{self.quote(column.column)}"

    def parameter(self, column: SqlColumn, value: Any, parameters: Parameters) -> str:
        """The bare parameter."""
        return parameters.add(value)

    def listed(self, column: SqlColumn, value: Any) -> Any:
        """The value itself."""
        return value

    def is_in(self, column: SqlColumn, table: str, bound: list[Any], parameters: Parameters) -> str:
        """`in` with a list, which `SqlSource` expands."""
        values = [self.listed(column, value) for value in bound]
        return f"{self.compared(column, table)} IN {parameters.add(values)}"

    def contains(self, subject: str, wanted: str) -> str:
        """`position`."""
        return f"position({wanted} IN {subject}) > 0"

    def starts_with(self, subject: str, wanted: str) -> str:
        """`position`."""
        return f"position({wanted} IN {subject}) = 1"

    def page(self, limit: int | None, offset: int, parameters: Parameters) -> str:
        """`limit` and `offset`, where given."""
        parts = [f"LIMIT {parameters.add(limit)}"] if limit is not None else []
        return " ".join([*parts, f"OFFSET {parameters.add(offset)}"] if offset else parts)


class Postgres(Standard):
    """PostgreSQL: a list is one parameter, and every parameter is cast to what it is."""

    def selected(self, column: SqlColumn, table: str) -> str:
        """The column, or what its type looks like as text, number or JSON."""
        name = super().selected(column, table)
        match column.type:
            case "other":
                return f"CAST({name} AS text[])" if column.array else _printed(name)
            case "money":
                return f"CAST({name} AS numeric{'[]' if column.array else ''})"
            case "composite":
                return f"to_jsonb({name})"
            case "interval" if not column.array:
                # The driver would make 30 days of a month.
                return (
                    f"CAST(extract(year from {name}) * 12 + extract(month from {name}) AS integer)"
                    f" || ',' || CAST(extract(day from {name}) AS integer) || ',' ||"
                    f" CAST(extract(hour from {name}) * 3600 + extract(minute from {name}) * 60"
                    f" + extract(second from {name}) AS text)"
                )
            case "interval":
                return f"CAST({name} AS text[])"
            case _:
                return name

    def compared(self, column: SqlColumn, table: str) -> str:
        """The column, as text where parameters cannot be of its own type."""
        name = super().compared(column, table)
        if column.type == "money":
            return f"CAST({name} AS numeric)"
        if column.type == "other" and column.native is None:
            return _printed(name)
        if column.type == "enum" and column.native is None:
            return f"CAST({name} AS text)"
        return name

    def cast(self, column: SqlColumn, place: str, *, array: bool = False) -> str:
        """A parameter as the type of `compared`, or an array of it."""
        brackets = "[]" if array else ""
        cast = f"CAST({place} AS {_POSTGRES_TYPES[column.type]}{brackets})"
        if column.native is None:
            return cast
        return f"CAST({cast} AS {_escaped(column.native)}{brackets})"

    def parameter(self, column: SqlColumn, value: Any, parameters: Parameters) -> str:
        """The parameter, cast."""
        return self.cast(column, parameters.add(value))

    def is_in(self, column: SqlColumn, table: str, bound: list[Any], parameters: Parameters) -> str:
        """`= any` of an array."""
        values = self.cast(column, parameters.add(bound), array=True)
        return f"{self.compared(column, table)} = ANY({values})"

    def contains(self, subject: str, wanted: str) -> str:
        """`strpos`: no sign is a wild card."""
        return f"strpos(CAST({subject} AS text), CAST({wanted} AS text)) > 0"

    def starts_with(self, subject: str, wanted: str) -> str:
        """An operator that an index can help with."""
        return f"CAST({subject} AS text) ^@ CAST({wanted} AS text)"

    def page(self, limit: int | None, offset: int, parameters: Parameters) -> str:
        """`limit` and `offset`, where given."""
        parts = [f"LIMIT CAST({parameters.add(limit)} AS bigint)"] if limit is not None else []
        if offset:
            parts.append(f"OFFSET CAST({parameters.add(offset)} AS bigint)")
        return " ".join(parts)


class Sqlite(Standard):
    """SQLite: types are of values, not of columns; times are text in any of three forms."""

    wide_integers = True

    def compared(self, column: SqlColumn, table: str) -> str:
        """The column; times in one form, to the millisecond."""
        name = super().compared(column, table)
        return _sqlite_moment(name) if column.type in ("timestamp", "timestamptz") else name

    def parameter(self, column: SqlColumn, value: Any, parameters: Parameters) -> str:
        """The parameter, as SQLite keeps such values."""
        place = parameters.add(sqlite_value(value))
        return _sqlite_moment(place) if column.type in ("timestamp", "timestamptz") else place

    def listed(self, column: SqlColumn, value: Any) -> Any:
        """As SQLite keeps such values; times in the form of `compared`."""
        if isinstance(value, datetime):
            milliseconds = timedelta(milliseconds=round(value.microsecond / 1000))
            moment = value.replace(tzinfo=None, microsecond=0) + milliseconds
            return moment.isoformat(sep=" ", timespec="milliseconds")
        return sqlite_value(value)

    def contains(self, subject: str, wanted: str) -> str:
        """`instr`: no sign is a wild card, and letters keep their case."""
        return f"instr({subject}, {wanted}) > 0"

    def starts_with(self, subject: str, wanted: str) -> str:
        """Compare the beginning."""
        return f"substr({subject}, 1, length({wanted})) = {wanted}"

    def page(self, limit: int | None, offset: int, parameters: Parameters) -> str:
        """An offset needs a limit, which may be -1."""
        return super().page(-1 if limit is None and offset else limit, offset, parameters)


class MySql(Standard):
    """MySQL and MariaDB."""

    def quote(self, name: str) -> str:
        """Back quotes, doubled inside."""
        return "`" + _escaped(name.replace("`", "``")) + "`"

    def contains(self, subject: str, wanted: str) -> str:
        """`locate`: no sign is a wild card."""
        return f"locate({wanted}, {subject}) > 0"

    def starts_with(self, subject: str, wanted: str) -> str:
        """`locate`."""
        return f"locate({wanted}, {subject}) = 1"

    def page(self, limit: int | None, offset: int, parameters: Parameters) -> str:
        """An offset needs a limit; the manual's advice is the largest number there is."""
        everything = (1 << 64) - 1
        return super().page(everything if limit is None and offset else limit, offset, parameters)


def condition(
    dialect: Dialect, column: SqlColumn, table: str, operator: str, value: Any, bound: Parameters
) -> str:
    """The condition of one operator of a filter.

    Raises:
        FatalError: if the column cannot be compared in this way.
    """
    subject = dialect.compared(column, table)
    if column.array or column.type in ("json", "composite", "interval") or "range" in column.type:
        raise FatalError(f"the source cannot filter by {column.field!r}")
    if operator == "in":
        return _is_in(dialect, column, table, list(value), bound)
    if value is None:
        if operator not in ("eq", "neq"):
            return _NEVER
        return f"{subject} IS NULL" if operator == "eq" else f"{subject} IS NOT NULL"
    if operator in ("contains", "starts_with"):
        if column.type not in _TEXTS or column.values:
            raise FatalError(f"the source cannot filter by {column.field!r} with {operator!r}")
        wanted = to_parameter(column, value)
        if isinstance(wanted, Impossible):
            return _NEVER
        test = dialect.contains if operator == "contains" else dialect.starts_with
        return test(subject, bound.add(wanted))
    if operator not in _COMPARISONS:
        raise FatalError(f"the source cannot filter by {column.field!r} with {operator!r}")
    parameter = to_parameter(column, value, wide_integers=dialect.wide_integers)
    if isinstance(parameter, Impossible):
        return _impossible(subject, operator, parameter)
    place = dialect.parameter(column, parameter, bound)
    return f"{subject} {_COMPARISONS[operator]} {place}"


_NEVER = "1 = 0"


def _is_in(
    dialect: Dialect, column: SqlColumn, table: str, values: list[Any], bound: Parameters
) -> str:
    parameters = [
        to_parameter(column, value, wide_integers=dialect.wide_integers)
        for value in values
        if value is not None
    ]
    possible = [each for each in parameters if not isinstance(each, Impossible)]
    parts = [dialect.is_in(column, table, possible, bound)] if possible else []
    if None in values:
        parts.append(f"{dialect.compared(column, table)} IS NULL")
    return f"({' OR '.join(parts)})" if parts else _NEVER


def _impossible(subject: str, operator: str, value: Impossible) -> str:
    """What is true of every value in the column, compared with one outside its range."""
    holds = (
        operator == "neq"
        or (value is Impossible.ABOVE and operator in ("lt", "lte"))
        or (value is Impossible.BELOW and operator in ("gt", "gte"))
    )
    return f"{subject} IS NOT NULL" if holds else _NEVER


def sqlite_value(value: Any) -> Any:
    """A parameter as SQLite keeps such values: it has no decimals, dates, times, booleans."""
    match value:
        case Decimal():
            whole = value == value.to_integral_value()
            return int(value) if whole and abs(value) < 1 << 63 else float(value)
        case datetime():
            return value.replace(tzinfo=None).isoformat(sep=" ")
        case date() | time():
            return value.isoformat()
        case UUID():
            return str(value)
        case bool():
            return int(value)
        case _:
            return value


def _printed(expression: str) -> str:
    """As PostgreSQL prints it; a cast would make `10.0.0.1/32` of the address 10.0.0.1."""
    return f"CASE WHEN {expression} IS NOT NULL THEN format('%s', {expression}) END"


def _sqlite_moment(expression: str) -> str:
    return f"strftime('%Y-%m-%d %H\\:%M\\:%f', {expression})"


def _escaped(name: str) -> str:
    return name.replace(":", "\\:")
