"""Whether two values written in SDL are the same value."""

from __future__ import annotations

from graphql import (
    BooleanValueNode,
    EnumValueNode,
    FloatValueNode,
    IntValueNode,
    ListValueNode,
    NullValueNode,
    ObjectValueNode,
    StringValueNode,
    ValueNode,
)


def same_value(one: ValueNode | None, other: ValueNode | None) -> bool:
    """Compare values; the order of an object's fields and the form of a string do not count."""
    if one is None or other is None:
        return one is other
    match one, other:
        case IntValueNode() | FloatValueNode(), IntValueNode() | FloatValueNode():
            return one.value == other.value or float(one.value) == float(other.value)
        case StringValueNode(), StringValueNode():
            return one.value == other.value
        case BooleanValueNode(), BooleanValueNode():
            return one.value == other.value
        case EnumValueNode(), EnumValueNode():
            return one.value == other.value
        case NullValueNode(), NullValueNode():
            return True
        case ListValueNode(), ListValueNode():
            return len(one.values) == len(other.values) and all(
                same_value(a, b) for a, b in zip(one.values, other.values, strict=True)
            )
        case ObjectValueNode(), ObjectValueNode():
            first = {item.name.value: item.value for item in one.fields}
            second = {item.name.value: item.value for item in other.fields}
            return first.keys() == second.keys() and all(
                same_value(value, second[name]) for name, value in first.items()
            )
        case _:
            return False
