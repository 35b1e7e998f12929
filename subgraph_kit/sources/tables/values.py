"""Values on their way in and out: the graph's to parameters, a row's to canonical ones.

On the way in this is strict. An id comes from a client: `007`, `1e3` or a NUL byte is not the id of
any row of an integer or text column, so it becomes `NEVER` and finds nothing, where the database
would raise an error or, worse, find row 7. Numbers outside a column's range are `ABOVE` or `BELOW`
it, so that a comparison still has its right answer.
"""

from __future__ import annotations

import base64
import binascii
import json
import math
import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from typing import Any
from uuid import UUID

from subgraph_kit.sources.canonical import canonical
from subgraph_kit.sources.tables.declaration import SqlColumn


class Impossible(Enum):
    """A value that no row of the column can have, and where it would stand."""

    NEVER = "never"
    BELOW = "below"
    ABOVE = "above"


NEVER = Impossible.NEVER

_INTEGER = re.compile(r"0|-?[1-9][0-9]{0,30}")
_NUMBER = re.compile(r"-?[0-9]{1,200}(\.[0-9]{1,200})?([eE][+-]?[0-9]{1,3})?")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_DURATION_PARTS = 3
_BITS = {"smallint": 16, "integer": 32, "bigint": 64}


def to_parameter(column: SqlColumn, value: Any, *, wide_integers: bool = False) -> Any:
    """What to bind for `value`, which is not None: a parameter, or an `Impossible`.

    `wide_integers` is for SQLite, whose integer columns all take 64 bits.
    """
    if column.values:
        value = _source_value(column, value)
        if value is None:
            return NEVER
    if column.type in _BITS:
        return _integer(value, 64 if wide_integers else _BITS[column.type])
    return _TO_PARAMETER[column.type](value)


def from_row(column: SqlColumn, raw: Any, *, as_text: bool = False) -> Any:
    """The canonical value of what a row has; `as_text` where the graph has numbers as text."""
    if raw is None:
        return None
    if column.array and isinstance(raw, list | tuple):
        return [_one(column, item, as_text=as_text) for item in raw]
    return _one(column, raw, as_text=as_text)


def comparable(column: SqlColumn, value: Any) -> Any:
    """Equal for a parameter and for a row's value exactly where the database finds them equal."""
    if value is None:
        return None
    match column.type:
        case "numeric" | "money":
            return Decimal(str(value)).normalize() if not isinstance(value, str) else value
        case "char":
            return str(value).rstrip(" ")
        case "timestamp" | "timestamptz":
            return from_row(SqlColumn("", "", column.type), value)
        case "date" | "time" | "uuid":
            return str(canonical(value))
        case "boolean":
            return bool(value)
        case _:
            return value


def _one(column: SqlColumn, raw: Any, *, as_text: bool) -> Any:
    if raw is None:
        return None
    if column.values:
        text = _plain_text(raw)
        return next((name for name, source in column.values if source == text), text)
    value = _FROM_ROW.get(column.type, canonical)(raw)
    if as_text and value is not None and not isinstance(value, list | dict):
        return _plain_text(value)
    if not as_text and column.type in ("numeric", "money") and isinstance(value, str):
        return _number(value)
    return value


def _plain_text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def _source_value(column: SqlColumn, value: Any) -> Any:
    text = _plain_text(value)
    return next((source for name, source in column.values if name == text), None)


# --- In -----------------------------------------------------------------------------------------


def _integer(value: Any, bits: int) -> Any:
    if isinstance(value, bool):
        return NEVER
    if isinstance(value, str):
        if not _INTEGER.fullmatch(value):
            return NEVER
        value = int(value)
    elif isinstance(value, float | Decimal):
        if not math.isfinite(value) or value != int(value):
            return NEVER
        value = int(value)
    elif not isinstance(value, int):
        return NEVER
    bound = 1 << (bits - 1)
    if value >= bound:
        return Impossible.ABOVE
    return Impossible.BELOW if value < -bound else value


def _decimal(value: Any) -> Any:
    if isinstance(value, bool):
        return NEVER
    if isinstance(value, str):
        return Decimal(value) if _NUMBER.fullmatch(value) else NEVER
    if isinstance(value, float):
        return Decimal(repr(value)) if math.isfinite(value) else NEVER
    return Decimal(value) if isinstance(value, int | Decimal) else NEVER


def _float(value: Any) -> Any:
    number = _decimal(value)
    if isinstance(number, Impossible):
        return number
    result = float(number)
    return result if math.isfinite(result) else NEVER


def _real(value: Any) -> Any:
    number = _float(value)
    if isinstance(number, Impossible) or abs(number) <= _LARGEST_REAL:
        return number
    return Impossible.ABOVE if number > 0 else Impossible.BELOW


_LARGEST_REAL = 3.4028234663852886e38


def _boolean(value: Any) -> Any:
    if isinstance(value, bool):
        return value
    return {"true": True, "false": False}.get(str(value).lower(), NEVER)


def _text(value: Any) -> Any:
    text = value if isinstance(value, str) else _plain_text(canonical(value))
    if "\x00" in text:
        return NEVER
    try:
        text.encode()
    except UnicodeEncodeError:
        return NEVER
    return text


def _uuid(value: Any) -> Any:
    if isinstance(value, UUID):
        return value
    try:
        parsed = UUID(value)
    except (ValueError, AttributeError, TypeError):
        return NEVER
    return parsed if str(parsed) == value.lower() else NEVER


def _date(value: Any) -> Any:
    if isinstance(value, datetime):
        return NEVER
    if isinstance(value, date):
        return value
    try:
        return date.fromisoformat(value) if _DATE.fullmatch(value) else NEVER
    except (ValueError, TypeError):
        return NEVER


def _moment(value: Any) -> Any:
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            return NEVER
    if not isinstance(value, datetime):
        return NEVER
    if value.tzinfo is None:
        return value.replace(tzinfo=UTC)
    try:
        return value.astimezone(UTC)
    except OverflowError:
        return NEVER


def _local_moment(value: Any) -> Any:
    moment = _moment(value)
    return moment if isinstance(moment, Impossible) else moment.replace(tzinfo=None)


def _time(value: Any) -> Any:
    if isinstance(value, str):
        try:
            value = time.fromisoformat(value)
        except ValueError:
            return NEVER
    return value if isinstance(value, time) and value.tzinfo is None else NEVER


def _bytes(value: Any) -> Any:
    if isinstance(value, bytes):
        return value
    try:
        return base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError, TypeError):
        return NEVER


def _uncomparable(value: Any) -> Any:
    return NEVER


_TO_PARAMETER: Mapping[str, Callable[[Any], Any]] = {
    "boolean": _boolean, "numeric": _decimal, "money": _decimal, "real": _real, "double": _float,
    "text": _text, "char": _text, "enum": _text, "other": _text, "uuid": _uuid, "date": _date,
    "timestamp": _local_moment, "timestamptz": _moment, "time": _time, "bytes": _bytes,
    **dict.fromkeys(
        ("interval", "json", "composite", "int4range", "int8range", "numrange", "daterange",
         "tsrange", "tstzrange"),
        _uncomparable,
    ),
}  # fmt: skip


# --- Out ----------------------------------------------------------------------------------------


def _number(text: str) -> Any:
    """A number of JSON, for a graph that has the column as `Int` or `Float`."""
    try:
        number = Decimal(text)
    except ArithmeticError:
        return text
    return int(number) if number == number.to_integral_value() else float(number)


def _decimal_text(raw: Any) -> Any:
    if isinstance(raw, float):  # SQLite has no decimals; the shortest text is what was written
        return canonical(Decimal(repr(raw))) if math.isfinite(raw) else None
    return canonical(raw) if isinstance(raw, Decimal) else str(raw)


def _moment_text(raw: Any) -> Any:
    if isinstance(raw, str):  # SQLite keeps times as text, in any of three forms
        try:
            return canonical(datetime.fromisoformat(raw))
        except ValueError:
            return raw
    return canonical(raw)


def _date_text(raw: Any) -> Any:
    return canonical(raw.date() if isinstance(raw, datetime) else raw)


def _time_text(raw: Any) -> Any:
    if isinstance(raw, timedelta):  # MySQL's TIME is a span
        whole_day = timedelta(days=1)
        if timedelta() <= raw < whole_day:
            return (datetime.min + raw).time().isoformat()
        return str(raw)
    return canonical(raw)


def _json_value(raw: Any) -> Any:
    if not isinstance(raw, str | bytes):
        return canonical(raw)
    try:
        return json.loads(raw)
    except ValueError:  # SQLite takes any text
        return canonical(raw)


def _duration(raw: Any) -> Any:
    """ISO 8601, of what `columns.py` selects: months, days and seconds, with commas between."""
    if not isinstance(raw, str) or raw.count(",") != _DURATION_PARTS - 1:
        return str(raw)
    months_text, days_text, seconds_text = raw.split(",")
    months, days, seconds = int(months_text), int(days_text), Decimal(seconds_text)
    sign = -1 if months < 0 else 1
    years, months = sign * (abs(months) // 12), sign * (abs(months) % 12)
    whole = int(seconds)  # towards zero, so that all parts have the sign of the whole
    sign = -1 if seconds < 0 else 1
    hours, minutes = sign * (abs(whole) // 3600), sign * (abs(whole) % 3600 // 60)
    rest = seconds - hours * 3600 - minutes * 60
    day_part = _parts((years, "Y"), (months, "M"), (days, "D"))
    time_part = _parts((hours, "H"), (minutes, "M"), (rest.normalize(), "S"))
    if time_part or not day_part:
        return f"P{day_part}T{time_part or '0S'}"
    return f"P{day_part}"


def _parts(*parts: tuple[int | Decimal, str]) -> str:
    return "".join(f"{number:f}{unit}" if isinstance(number, Decimal) else f"{number}{unit}"
                   for number, unit in parts if number)  # fmt: skip


def _range(bound: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def convert(raw: Any) -> Any:
        if isinstance(raw, list | tuple):  # a multirange
            return [convert(each) for each in raw]
        return {
            "lower": None if raw.lower is None else bound(raw.lower),
            "upper": None if raw.upper is None else bound(raw.upper),
            "lowerInclusive": raw.lower_inc,
            "upperInclusive": raw.upper_inc,
            "isEmpty": raw.isempty,
        }

    return convert


_FROM_ROW: Mapping[str, Callable[[Any], Any]] = {
    "boolean": lambda raw: bool(raw) if isinstance(raw, int) else raw,
    "numeric": _decimal_text, "money": _decimal_text,
    "char": lambda raw: raw.rstrip(" ") if isinstance(raw, str) else raw,
    "other": _plain_text, "interval": _duration, "json": _json_value, "composite": _json_value,
    "timestamp": _moment_text, "timestamptz": _moment_text, "date": _date_text, "time": _time_text,
    "int4range": _range(canonical), "int8range": _range(str), "numrange": _range(canonical),
    "daterange": _range(canonical), "tsrange": _range(canonical), "tstzrange": _range(canonical),
}  # fmt: skip
