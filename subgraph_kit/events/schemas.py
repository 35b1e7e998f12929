"""The Avro schemas of the events this package writes, every version that was ever released.

A change here adds a version to the list of its name; released ones stay, because topics keep what
was written with them. Every newer version must read what the older ones wrote.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

NAMESPACE = "com.dictamesh.events"
_TIMESTAMP = {"type": "long", "logicalType": "timestamp-millis"}
_OPTIONAL_STRING = ["null", "string"]


@dataclass(frozen=True, slots=True)
class EventSchema:
    """One version of one Avro schema; `name` is the subject it is registered under."""

    name: str
    version: str
    definition: Mapping[str, Any]


def _optional(name: str, doc: str | None = None) -> dict[str, Any]:
    field: dict[str, Any] = {"name": name, "type": _OPTIONAL_STRING, "default": None}
    return field | {"doc": doc} if doc else field


def _string(name: str, doc: str | None = None) -> dict[str, Any]:
    field: dict[str, Any] = {"name": name, "type": "string"}
    return field | {"doc": doc} if doc else field


def _record(name: str, fields: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    return {"type": "record", "name": name, **more, "fields": fields}


ENTITY_CHANGE_EVENT = EventSchema(
    "EntityChangeEvent",
    "1.0.0",
    _record(
        "EntityChangeEvent",
        [
            _string("event_id", "Unique event identifier"),
            {
                "name": "event_type",
                "type": {
                    "type": "enum",
                    "name": "EventType",
                    "symbols": ["CREATED", "UPDATED", "DELETED", "ARCHIVED"],
                },
            },
            {"name": "timestamp", "type": _TIMESTAMP},
            _string("source_system"),
            _string("domain", "customers, products, invoices"),
            {
                "name": "entity",
                "type": _record(
                    "EntityReference",
                    [
                        _string("type"),
                        _string("id"),
                        {"name": "version", "type": "long"},
                        _string("url", "API endpoint to fetch the full entity"),
                        _optional("etag"),
                    ],
                ),
            },
            {"name": "changed_fields", "type": {"type": "array", "items": "string"}},
            {
                "name": "relationships",
                "type": {
                    "type": "array",
                    "items": _record(
                        "RelationshipReference",
                        [
                            _string("type"),
                            _string("entity_id"),
                            _string("source_system"),
                            _string("relationship_kind"),
                            _optional("display_name"),
                        ],
                    ),
                },
            },
            {
                "name": "metadata",
                "type": {"type": "map", "values": "string"},
                "doc": "Minimal denormalized data for filtering and routing",
            },
            {
                "name": "trace_context",
                "type": _record(
                    "TraceContext",
                    [_string("trace_id"), _string("span_id"), _optional("parent_span_id")],
                ),
                "doc": "OpenTelemetry trace propagation",
            },
        ],
        namespace=NAMESPACE,
    ),
)

ENTITY_REGISTERED = EventSchema(
    "EntityRegistered",
    "1.0.0",
    _record(
        "EntityRegistered",
        [
            _string("event_id"),
            {"name": "timestamp", "type": _TIMESTAMP},
            _string("entity_type"),
            _string("domain"),
            _string("source_system"),
            _string("source_entity_id", "'*' for a data product as a whole"),
            _string("api_base_url"),
            _string("api_path_template"),
            _optional("schema_version"),
            _string("status"),
            {"name": "contains_pii", "type": "boolean"},
            _optional("data_classification"),
        ],
        namespace=NAMESPACE,
    ),
)

RELATIONSHIP_CREATED = EventSchema(
    "RelationshipCreated",
    "1.0.0",
    _record(
        "RelationshipCreated",
        [
            _string("event_id"),
            {"name": "timestamp", "type": _TIMESTAMP},
            _string("subject_type"),
            _string("subject_id"),
            _string("relationship_type"),
            _string("object_type"),
            _string("object_id"),
            _string("cardinality"),
            _optional("created_by_event_id"),
        ],
        namespace=NAMESPACE,
    ),
)

RELEASED = (ENTITY_CHANGE_EVENT, ENTITY_REGISTERED, RELATIONSHIP_CREATED)

KNOWN_SCHEMAS: Mapping[bytes, EventSchema] = {
    f"application/avro; schema={schema.name}; version={schema.version}".encode(): schema
    for schema in RELEASED
}
"""By `content-type` header."""
