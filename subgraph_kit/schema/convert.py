"""From an entity's canonical data to an object of a Strawberry type.

Names are matched as GraphQL has them (`createdAt`) or as Python does (`created_at`); values become
what the type's annotations say: `Decimal`, `datetime`, an enum, another type. Where a field is of
an interface or union, the data's `__typename` says which type it is. Fields with a resolver of
their own are left to it.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from datetime import date, datetime, time
from decimal import Decimal, InvalidOperation
from enum import EnumMeta
from typing import Any, Final, TypeVar
from uuid import UUID

from strawberry.schema.name_converter import NameConverter
from strawberry.types import get_object_definition
from strawberry.types.base import StrawberryList, StrawberryOptional
from strawberry.types.enum import StrawberryEnumDefinition
from strawberry.types.field import StrawberryField
from strawberry.types.union import StrawberryUnion

from subgraph_kit.errors import SourceResponseError

T = TypeVar("T")

RUNTIME_TYPES: Final = "_dictamesh_runtime_types"
"""On an interface's class: the classes that have it, by their GraphQL name."""

_names = NameConverter()

_FROM_TEXT: dict[object, Callable[[str], Any]] = {
    datetime: datetime.fromisoformat,
    date: date.fromisoformat,
    time: time.fromisoformat,
    UUID: UUID,
}


def to_object(cls: type[T], data: Mapping[str, Any]) -> T:
    """Make a `cls` (a Strawberry type) of canonical data.

    A field the data does not have takes its default, else None. A class that needs more than that
    defines `from_entity(entity)`, which `entities.py` prefers.

    Raises:
        SourceResponseError: if a value does not fit its field; the text names the field only.
    """
    definition = get_object_definition(cls, strict=True)
    result = object.__new__(cls)
    for field in definition.fields:
        if field.base_resolver is not None:
            continue
        setattr(result, field.python_name, _field_value(definition.name, field, data))
    return result


def _field_value(type_name: str, field: StrawberryField, data: Mapping[str, Any]) -> Any:
    name = _names.from_field(field)
    for key in (name, field.python_name):
        if key in data:
            try:
                return _convert(field.type, data[key])
            except (ValueError, TypeError, KeyError, InvalidOperation):
                break
    else:
        return _default(field)
    raise SourceResponseError(f"the value of {type_name}.{name} does not fit its type")


def _default(field: StrawberryField) -> Any:
    if field.default is not dataclasses.MISSING:
        return field.default
    if field.default_factory is not dataclasses.MISSING:
        return field.default_factory()
    return None


def _convert(target: Any, value: Any) -> Any:
    if value is None:
        return None
    if isinstance(target, StrawberryOptional):
        return _convert(target.of_type, value)
    if isinstance(target, StrawberryList):
        if not isinstance(value, list | tuple):
            raise TypeError("not a list")
        return [_convert(target.of_type, item) for item in value]
    if isinstance(target, StrawberryEnumDefinition):
        return _enum_member(target.wrapped_cls, value)
    if isinstance(target, StrawberryUnion):
        members = {get_object_definition(t, strict=True).name: t for t in target.types}
        return _member_of(members, value)
    if target is Decimal:
        return value if isinstance(value, Decimal) else Decimal(str(value))
    if (parse := _FROM_TEXT.get(target)) is not None:
        return parse(value) if isinstance(value, str) else value
    if get_object_definition(target) is not None:
        if isinstance(value, target):
            return value
        if not isinstance(value, Mapping):
            raise TypeError("not an object")
        members = vars(target).get(RUNTIME_TYPES)
        return to_object(target, value) if members is None else _member_of(members, value)
    return value


def _member_of(members: Mapping[str, Any], value: Any) -> Any:
    if not isinstance(value, Mapping):
        return value
    return to_object(members[value["__typename"]], value)


def _enum_member(cls: EnumMeta, value: Any) -> Any:
    if isinstance(value, cls):
        return value
    try:
        return cls(value)
    except ValueError:
        return cls[value]
