"""Leaf values: what a subgraph sent, as the client's schema promises it.

Lenient where nothing is lost (an Int sent as 3.0, an ID sent as a number), strict where the answer
would be wrong. Custom scalars go through as they are.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

MAX_INT = 2**31 - 1
MIN_INT = -(2**31)


class InvalidLeafError(ValueError):
    """The value is none of its type. Never holds the value: it may be personal data."""


def complete_int(value: Any) -> int:
    """A 32-bit integer; 3.0 is one, true and "3" are none."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not MIN_INT <= value <= MAX_INT:
        raise InvalidLeafError("is no 32-bit integer")
    return value


def complete_float(value: Any) -> float | int:
    """A finite number."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise InvalidLeafError("is no finite number")
    return value


def complete_string(value: Any) -> str:
    """A text; numbers and booleans are written as JSON writes them."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    raise InvalidLeafError("is no string")


def complete_boolean(value: Any) -> bool:
    """True or false."""
    if isinstance(value, bool):
        return value
    raise InvalidLeafError("is no boolean")


def complete_id(value: Any) -> str:
    """A text, also where the subgraph sent an integer."""
    if isinstance(value, str):
        return value
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    raise InvalidLeafError("is no ID")


BUILT_IN: dict[str, Callable[[Any], Any]] = {
    "Int": complete_int,
    "Float": complete_float,
    "String": complete_string,
    "Boolean": complete_boolean,
    "ID": complete_id,
}
"""By the name of the scalar type; what is not here is a custom scalar."""
