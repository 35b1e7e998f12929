"""The scalars of declared fields, and the three that Strawberry does not bring.

A `BigInt` is text in JSON: JavaScript reads numbers as floats and would round it. It takes numbers,
too. `Duration` is ISO 8601 text, `Bytes` is base64.
"""

from __future__ import annotations

import re
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any, NewType
from uuid import UUID

import strawberry
from graphql import GraphQLError
from strawberry.scalars import JSON
from strawberry.types.scalar import ScalarDefinition

BigInt = NewType("BigInt", int)
Duration = NewType("Duration", str)
Bytes = NewType("Bytes", str)

SCALAR_OF_TYPE: dict[str, Any] = {
    "id": strawberry.ID,
    "string": str,
    "integer": int,
    "bigint": BigInt,
    "float": float,
    "decimal": Decimal,
    "boolean": bool,
    "date": date,
    "timestamp": datetime,
    "time": time,
    "duration": Duration,
    "uuid": UUID,
    "bytes": Bytes,
    "json": JSON,
}
"""The Python type of a declared field's `FieldType`, for Strawberry's annotations."""

SCALAR_NAMES: dict[str, str] = {
    "id": "ID", "string": "String", "integer": "Int", "bigint": "BigInt", "float": "Float",
    "decimal": "Decimal", "boolean": "Boolean", "date": "Date", "timestamp": "DateTime",
    "time": "Time", "duration": "Duration", "uuid": "UUID", "bytes": "Bytes", "json": "JSON",
}  # fmt: skip
"""Their names in GraphQL."""

_INTEGER = re.compile(r"-?\d{1,78}")


def _big_int(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise GraphQLError("a BigInt is a whole number, as text or as a number")
    if isinstance(value, str) and not _INTEGER.fullmatch(value):
        raise GraphQLError("a BigInt is a whole number, as text or as a number")
    return int(value)


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise GraphQLError("the value must be a string")
    return value


SCALAR_MAP: dict[object, ScalarDefinition] = {
    BigInt: strawberry.scalar(
        name="BigInt",
        description="A whole number of any size, as text.",
        serialize=lambda value: str(_big_int(value)),
        parse_value=_big_int,
    ),
    Duration: strawberry.scalar(
        name="Duration", description="A span of time, ISO 8601.", serialize=_text, parse_value=_text
    ),
    Bytes: strawberry.scalar(
        name="Bytes", description="Bytes, as base64.", serialize=_text, parse_value=_text
    ),
}
