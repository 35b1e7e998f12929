"""Canonical rows as a source has them: what `sources/shapes.py` reads, the other way round."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from subgraph_kit.sources.shapes import (
    SourceEnum,
    SourceField,
    SourceObject,
    SourceTypes,
    SourceVariants,
)


def to_source_item(
    row: Mapping[str, Any], fields: Sequence[SourceField], types: SourceTypes
) -> dict[str, Any]:
    """The item of a source from which an adapter reads this row."""
    item: dict[str, Any] = {}
    for field in sorted(fields, key=lambda each: each.path.count(".")):
        if field.path.startswith("{"):
            continue  # a part of the address
        *above, last = field.path.split(".")
        place = item
        for name in above:
            inner = place.get(name)
            if not isinstance(inner, dict):
                inner = place[name] = {}
            place = inner
        value = _value(row.get(field.name), field.type, types)
        if not isinstance(place.get(last), dict):
            place[last] = value
    return item


def _value(value: Any, type_name: str, types: SourceTypes) -> Any:
    if value is None:
        return None
    if isinstance(value, list):
        return [_value(each, type_name, types) for each in value]
    match types.get(type_name):
        case SourceEnum(names):
            return next((source for source, name in names.items() if name == value), value)
        case SourceObject(fields):
            return to_source_item(value, fields, types)
        case SourceVariants(discriminator, variants):
            name = value.get("__typename")
            marks = [source for source, member in variants.items() if member == name]
            inner = _value(value, str(name), types)
            return {**inner, discriminator: marks[0]} if marks else inner
        case _:
            return value
