"""Which scalar of the graph a JSON value is, by its schema: type, format, bounds and examples."""

from __future__ import annotations

import re
from typing import Any

from subgraph_kit.scaffold.inspect.openapi.schema import Shape

_INT32 = range(-(2**31), 2**31)

_STRING_FORMATS = {
    "date-time": "DateTime", "datetime": "DateTime", "date": "Date", "full-date": "Date",
    "time": "Time", "duration": "Duration", "uuid": "UUID", "guid": "UUID",
    "byte": "Bytes", "base64": "Bytes",
    "decimal": "Decimal", "money": "Decimal", "bigdecimal": "Decimal",
    "int64": "BigInt", "uint64": "BigInt",
}  # fmt: skip
_DECIMAL_FORMATS = frozenset({"decimal", "money", "currency", "bigdecimal", "decimal128"})
_SMALL_FORMATS = frozenset({"int32", "int16", "int8", "uint8", "uint16", "short", "byte"})
_LARGE_FORMATS = frozenset({"int64", "uint64", "uint32", "long", "bigint", "unix-time",
                            "timestamp", "unixtime", "int128"})  # fmt: skip
_LARGE_NAME = re.compile(
    r"(^|_|[a-z])(id|bytes|timestamp|millis|nanos|epoch)$|_(ms|ns)$", re.IGNORECASE
)
"""Members without a format whose numbers outgrow 32 bits in the products there are."""


def scalar_of(shape: Shape, name: str = "") -> str | None:
    """The scalar for values of this shape, None if they are none or of several kinds.

    `name` is what the member is called: an `id` that says nothing of its size is a `BigInt`.
    """
    match sorted(shape.types):
        case ["string"]:
            return _STRING_FORMATS.get((shape.format or "").lower(), "String")
        case ["integer"]:
            return _integer(shape, name)
        case ["number"] | ["integer", "number"]:
            return _number(shape)
        case ["boolean"]:
            return "Boolean"
        case _:
            return None


def _integer(shape: Shape, name: str) -> str:
    stated = (shape.format or "").lower()
    said = shape.keywords
    if stated in _SMALL_FORMATS:
        return "Int"
    if stated in _LARGE_FORMATS:
        return "BigInt"
    bounds = [said.get("maximum"), said.get("minimum")]
    if any(_is_large(bound) for bound in bounds):
        return "BigInt"
    if isinstance(bounds[0], int):
        return "Int"
    examples = said.get("examples")
    seen = [said.get("example"), said.get("default")]
    if isinstance(examples, list):
        seen += examples
    if any(_is_large(value) for value in seen) or _LARGE_NAME.search(name):
        return "BigInt"
    return "Int"


def _number(shape: Shape) -> str:
    stated = (shape.format or "").lower()
    if stated in _DECIMAL_FORMATS:
        return "Decimal"
    if stated in _LARGE_FORMATS:
        return "BigInt"
    if stated in _SMALL_FORMATS:
        return "Int"
    step = shape.keywords.get("multipleOf")
    # `multipleOf: 0.01` is how money is written; a float would round it.
    return "Decimal" if isinstance(step, float) and 0 < step < 1 else "Float"


def _is_large(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value not in _INT32
