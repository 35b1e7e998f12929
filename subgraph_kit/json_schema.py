"""An `EntitySchema` as JSON Schema (draft 2020-12): for the catalog, and to check entities by."""

from __future__ import annotations

from typing import Any

from subgraph_kit.data_product import EntityField, EntitySchema

_TYPES: dict[str, dict[str, Any]] = {
    "id": {"type": "string", "minLength": 1},
    "string": {"type": "string"},
    "integer": {"type": "integer", "minimum": -(2**31), "maximum": 2**31 - 1},
    "bigint": {"type": ["integer", "string"], "pattern": r"^-?\d+$"},
    "float": {"type": "number"},
    "decimal": {"type": "string", "pattern": r"^-?\d+(\.\d+)?$"},
    "boolean": {"type": "boolean"},
    "date": {"type": "string", "format": "date"},
    "timestamp": {"type": "string", "format": "date-time"},
    "time": {"type": "string", "format": "time"},
    "duration": {"type": "string"},
    "bytes": {"type": "string", "contentEncoding": "base64"},
    "uuid": {"type": "string", "format": "uuid"},
    "json": {},
}


def json_schema(schema: EntitySchema) -> dict[str, Any]:
    """Describe the entity's data; personal data is marked by `x-pii`."""
    described: dict[str, Any] = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": schema.entity,
        "x-version": schema.version,
        "x-key": list(schema.key),
        **_object(schema.fields),
    }
    if schema.description:
        described["description"] = schema.description
    return described


def _object(fields: tuple[EntityField, ...]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {field.name: _field(field) for field in fields},
        "required": [field.name for field in fields if field.required],
    }


def _field(field: EntityField) -> dict[str, Any]:
    described: dict[str, Any]
    if field.type == "object":
        described = _object(field.fields) if field.fields else {"type": "object"}
        if field.type_name:
            described["title"] = field.type_name
    elif field.type == "enum":
        described = {"enum": list(field.enum_values)}
    else:
        described = dict(_TYPES[field.type])
    if field.is_list:
        items: dict[str, Any] = (
            described if field.item_required else {"anyOf": [described, {"type": "null"}]}
        )
        described = {"type": "array", "items": items}
    if not field.required:
        described = {"anyOf": [described, {"type": "null"}]}
    if field.description:
        described["description"] = field.description
    if field.pii:
        described["x-pii"] = True
    if field.references:
        described["x-references"] = field.references
    return described
