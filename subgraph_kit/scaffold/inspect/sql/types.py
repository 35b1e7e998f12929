"""A column's type, as SQLAlchemy reflects it, to the graph's scalar and the adapter's kind."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from sqlalchemy import types as sqltypes
from sqlalchemy.dialects import mysql
from sqlalchemy.dialects import postgresql as pg
from sqlalchemy.dialects.postgresql.ranges import AbstractMultiRange, AbstractSingleRange

from subgraph_kit.scaffold.inspect.sql.catalog import ColumnType
from subgraph_kit.scaffold.inspect.sql.enums import values_of_check
from subgraph_kit.scaffold.model import FieldModel, TypeRef, ValueType

_RANGES = {
    "int4range": ("IntRange", "Int"),
    "int8range": ("BigIntRange", "BigInt"),
    "numrange": ("DecimalRange", "Decimal"),
    "daterange": ("DateRange", "Date"),
    "tsrange": ("DateTimeRange", "DateTime"),
    "tstzrange": ("DateTimeRange", "DateTime"),
}
_INT_DIGITS = 9
"""Whole numbers of so many digits surely fit GraphQL's `Int`."""
_BITS_OF_REAL = 24
_SIMPLE = (
    (sqltypes.Boolean, "boolean", "Boolean"),
    (sqltypes.SmallInteger, "smallint", "Int"),
    (sqltypes.BigInteger, "bigint", "BigInt"),
    (sqltypes.Integer, "integer", "Int"),
    (sqltypes.JSON, "json", "JSON"),
    (sqltypes.Date, "date", "Date"),
)
_BINARY = (sqltypes.LargeBinary, sqltypes.BINARY, sqltypes.VARBINARY, pg.BYTEA)


def column_type(type_: Any, dialect: str, declared: str = "") -> ColumnType:
    """What a column of this type holds. `declared` is SQLite's own text of the type."""
    found = _postgres(type_) if dialect == "postgresql" else None
    if found is None and dialect in ("mysql", "mariadb"):
        found = _mysql(type_)
    if found is None and dialect == "sqlite":
        found = _sqlite(type_, declared.upper())
    return found or _standard(type_, dialect)


def range_types(names: set[str]) -> tuple[ValueType, ...]:
    """The value types of the ranges that are used."""
    bounds = dict(sorted(_RANGES.values()))
    return tuple(
        ValueType(
            name=name,
            fields=(
                _bound("lower", bound, "Where it begins; null if it has no beginning."),
                _bound("upper", bound, "Where it ends; null if it has no end."),
                _flag("lowerInclusive", "Whether `lower` belongs to it."),
                _flag("upperInclusive", "Whether `upper` belongs to it."),
                _flag("isEmpty", "Whether nothing is in it."),
            ),
            description=f"A range of {bound} values.",
        )
        for name, bound in bounds.items()
        if name in names
    )


def _bound(name: str, scalar: str, description: str) -> FieldModel:
    return FieldModel(name, name, TypeRef(scalar), description)


def _flag(name: str, description: str) -> FieldModel:
    return FieldModel(name, name, TypeRef("Boolean", nullable=False), description)


def _postgres(type_: Any) -> ColumnType | None:
    match type_:
        case pg.DOMAIN():
            return _domain(type_)
        case pg.ARRAY():
            item = column_type(type_.item_type, "postgresql")
            return replace(item, array=True)
        case AbstractMultiRange():
            kind = type_.__visit_name__.lower().replace("multirange", "range")
            return ColumnType(kind, _RANGES[kind][0], array=True)
        case AbstractSingleRange():
            kind = type_.__visit_name__.lower()
            return ColumnType(kind, _RANGES[kind][0])
        case pg.ENUM():
            native = ".".join(_quoted(str(name)) for name in (type_.schema, type_.name) if name)
            return ColumnType(
                "enum", "String", native=native, values=tuple(type_.enums), type_name=type_.name
            )
        case pg.CITEXT():
            return ColumnType("text", "String", native="citext")
        case pg.MONEY():
            return ColumnType("money", "Decimal")
        case pg.INTERVAL():
            return ColumnType("interval", "Duration")
        case sqltypes.CHAR():
            return ColumnType("char", "String")
        case sqltypes.Time() if type_.timezone:
            return ColumnType("other", "String")
        case _:
            return None


def _domain(domain: Any) -> ColumnType:
    base = column_type(domain.data_type, "postgresql")
    check = domain.check.text if hasattr(domain.check, "text") else domain.check
    found = values_of_check(str(check)) if check is not None else None
    if found is not None and found[0].lower() == "value" and not base.values:
        base = replace(base, values=found[1], type_name=domain.name)
    return replace(base, not_null=bool(domain.not_null), declared=domain.name)


def _mysql(type_: Any) -> ColumnType | None:
    unsigned = bool(getattr(type_, "unsigned", False))
    match type_:
        case mysql.TINYINT() if type_.display_width == 1:
            return ColumnType("boolean", "Boolean")
        case mysql.TINYINT() | mysql.YEAR():
            return ColumnType("integer", "Int")
        case mysql.BIGINT() if unsigned:
            return ColumnType("numeric", "BigInt")
        case mysql.INTEGER() if unsigned:
            return ColumnType("bigint", "BigInt")
        case mysql.SMALLINT() | mysql.MEDIUMINT():
            return ColumnType("integer", "Int")
        case mysql.SET():
            return ColumnType("text", "String")
        case mysql.ENUM():
            return ColumnType("text", "String", values=tuple(type_.enums))
        case mysql.BIT():
            return ColumnType("bytes", "Bytes")
        case mysql.TIME():
            return ColumnType("time", "Time")
        case _:
            return None


def _sqlite(type_: Any, declared: str) -> ColumnType | None:
    base = declared.partition("(")[0].strip()
    if base in ("UUID", "GUID", "UNIQUEIDENTIFIER"):
        return ColumnType("text", "String")
    if isinstance(type_, sqltypes.Integer):
        wide = any(word in base for word in ("BIG", "INT8", "UNSIGNED", "LONG"))
        return ColumnType("bigint", "BigInt") if wide else ColumnType("integer", "Int")
    if isinstance(type_, sqltypes.Numeric) and not isinstance(type_, sqltypes.Float):
        if not base.startswith(("NUM", "DEC", "MONEY", "CURRENCY")):
            return ColumnType("other", "String")
        return ColumnType("numeric", "Decimal")
    if isinstance(type_, sqltypes.NullType):
        return ColumnType("other", "String")
    return None


def _standard(type_: Any, dialect: str) -> ColumnType:
    for class_, kind, scalar in _SIMPLE:
        if isinstance(type_, class_):
            return ColumnType(kind, scalar)
    match type_:
        case sqltypes.Uuid():
            return ColumnType("uuid" if dialect == "postgresql" else "text", "UUID")
        case sqltypes.DateTime():
            return ColumnType("timestamptz" if type_.timezone else "timestamp", "DateTime")
        case sqltypes.Time():
            return ColumnType("time", "Time")
        case sqltypes.Float():
            single = isinstance(type_, sqltypes.REAL) or (
                type_.precision is not None and type_.precision <= _BITS_OF_REAL
            )
            return ColumnType("real" if single and dialect == "postgresql" else "double", "Float")
        case sqltypes.Numeric():
            if type_.scale == 0 and type_.precision is not None:
                fits = type_.precision <= _INT_DIGITS
                return ColumnType("numeric", "Int" if fits else "BigInt")
            return ColumnType("numeric", "Decimal")
        case sqltypes.String():
            return ColumnType("text", "String")
        case _ if isinstance(type_, _BINARY):
            return ColumnType("bytes", "Bytes")
        case _:
            return ColumnType("other", "String", declared=str(type_.__visit_name__))


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
