"""From a source's values to canonical ones: JSON-safe, the same fresh or out of a cache.

Decimals become strings that keep their digits, dates and times ISO 8601 (times in UTC, with `Z`),
UUIDs strings, bytes base64.
"""

from __future__ import annotations

import base64
import math
from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from decimal import Decimal
from enum import Enum
from typing import Any
from uuid import UUID


def canonical(value: Any) -> Any:
    """Return `value` as an entity may carry it; mappings and sequences member by member.

    A time without a zone is taken as UTC. A number that JSON cannot write (NaN) becomes None.

    Raises:
        TypeError: for a type that has no canonical form.
    """
    match value:
        case None | bool() | int() | str() if not isinstance(value, Enum):
            return value
        case float():
            return value if math.isfinite(value) else None
        case Decimal():
            return format(value, "f") if value.is_finite() else None
        case datetime():
            moment = value if value.tzinfo is not None else value.replace(tzinfo=UTC)
            return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
        case date() | time():
            return value.isoformat()
        case UUID():
            return str(value)
        case Enum():
            return canonical(value.value)
        case bytes() | bytearray() | memoryview():
            return base64.b64encode(bytes(value)).decode("ascii")
        case Mapping():
            return {str(key): canonical(member) for key, member in value.items()}
        case list() | tuple() | set() | frozenset():
            return [canonical(member) for member in value]
        case _:
            raise TypeError(f"{type(value).__name__} has no canonical form: convert it first")
