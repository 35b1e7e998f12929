"""Does an entity keep to its schema? Violations name fields and types, never values."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time
from typing import Any
from uuid import UUID

from subgraph_kit.data_product import Entity, EntityField, EntitySchema

_DECIMAL = re.compile(r"-?\d+(\.\d+)?")
_INTEGER = re.compile(r"-?\d+")
_INT32 = range(-(2**31), 2**31)


def schema_violations(entity: Entity, schema: EntitySchema) -> list[str]:
    """Return what is wrong with `entity` by `schema`, a sentence each; empty if all is well."""
    found: list[str] = []
    if entity.type != schema.entity:
        found.append(f"its type is {entity.type!r}, the schema's is {schema.entity!r}")
    if not entity.id:
        found.append("its id is empty")
    if schema.key == ("id",) and str(entity.data.get("id")) != entity.id:
        found.append("its data's id is not its id")
    found.extend(_object_violations("", entity.data, schema.fields))
    return found


def _object_violations(
    prefix: str, data: Mapping[str, Any], fields: Sequence[EntityField]
) -> list[str]:
    known = {field.name for field in fields}
    found = [f"{prefix}{name} is not in the schema" for name in data if name not in known]
    for field in fields:
        name = prefix + field.name
        value = data.get(field.name)
        if value is None:
            if field.required:
                found.append(f"{name} is required and missing")
            continue
        if not field.is_list:
            found.extend(_value_violations(name, value, field))
        elif isinstance(value, list | tuple):
            for item in value:
                if item is None and not field.item_required:
                    continue
                found.extend(_value_violations(f"{name}[]", item, field))
        else:
            found.append(f"{name} is no list")
    return found


def _value_violations(name: str, value: Any, field: EntityField) -> list[str]:
    if field.type == "object":
        if not isinstance(value, Mapping):
            return [f"{name} is no object"]
        if not field.fields:  # a type of its own, which the schema only names
            return [] if _is_json(value) else [f"{name} is no JSON"]
        return _object_violations(f"{name}.", value, field.fields)
    if field.type == "enum":
        return [] if value in field.enum_values else [f"{name} is not one of its values"]
    fits = _fits(value, field.type)
    return [] if fits else [f"{name} is no {field.type} but {type(value).__name__}"]


def _fits(value: Any, kind: str) -> bool:
    match kind:
        case "id":
            return isinstance(value, str) and bool(value)
        case "string" | "duration" | "bytes":
            return isinstance(value, str)
        case "integer":
            return type(value) is int and value in _INT32
        case "bigint":
            # As text where it came through something that has no 64-bit integers.
            return type(value) is int or (
                isinstance(value, str) and _INTEGER.fullmatch(value) is not None
            )
        case "float":
            return type(value) in (int, float) and math.isfinite(value)
        case "decimal":
            return isinstance(value, str) and _DECIMAL.fullmatch(value) is not None
        case "boolean":
            return isinstance(value, bool)
        case "date":
            return _parses(value, date.fromisoformat)
        case "time":
            return _parses(value, time.fromisoformat)
        case "timestamp":
            return _parses(value, _aware_datetime)
        case "uuid":
            return _parses(value, UUID)
        case _:
            return _is_json(value)


def _parses(value: Any, parse: Any) -> bool:
    if not isinstance(value, str):
        return False
    try:
        parse(value)
    except ValueError:
        return False
    return True


def _aware_datetime(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("no time zone")
    return moment


def _is_json(value: Any) -> bool:
    match value:
        case None | bool() | str() | int():
            return True
        case float():
            return math.isfinite(value)
        case Mapping():
            return all(isinstance(k, str) and _is_json(v) for k, v in value.items())
        case list() | tuple():
            return all(_is_json(item) for item in value)
        case _:
            return False
