"""Events as plain values: what Avro writes, and what the event log keeps as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from subgraph_kit.data_product import ChangeType
from subgraph_kit.errors import InvalidEventError
from subgraph_kit.events.model import (
    EntityChangeEvent,
    EntityReference,
    RelationshipReference,
    TraceContext,
)


def event_to_datum(event: EntityChangeEvent) -> dict[str, Any]:
    """Return the event as Avro's plain values."""
    if event.timestamp.tzinfo is None:
        raise InvalidEventError("an event's timestamp needs a time zone")
    entity, trace = event.entity, event.trace_context
    return {
        "event_id": event.event_id,
        "event_type": event.event_type.value,
        "timestamp": event.timestamp,
        "source_system": event.source_system,
        "domain": event.domain,
        "entity": {
            "type": entity.type,
            "id": entity.id,
            "version": entity.version,
            "url": entity.url,
            "etag": entity.etag,
        },
        "changed_fields": list(event.changed_fields),
        "relationships": [
            {
                "type": related.type,
                "entity_id": related.entity_id,
                "source_system": related.source_system,
                "relationship_kind": related.relationship_kind,
                "display_name": related.display_name,
            }
            for related in event.relationships
        ],
        "metadata": dict(event.metadata),
        "trace_context": {
            "trace_id": trace.trace_id,
            "span_id": trace.span_id,
            "parent_span_id": trace.parent_span_id,
        },
    }


def event_from_datum(datum: Mapping[str, Any]) -> EntityChangeEvent:
    """Return the event of Avro's plain values, or of their JSON form (times as ISO 8601).

    Raises:
        InvalidEventError: if the values make no event.
    """
    try:
        timestamp = datum["timestamp"]
        if isinstance(timestamp, str):
            timestamp = datetime.fromisoformat(timestamp)
        if not isinstance(timestamp, datetime):
            # fastavro hands back the number where it is beyond what datetime can hold.
            raise InvalidEventError("the event's timestamp is out of range")
        event = EntityChangeEvent(
            event_id=datum["event_id"],
            event_type=ChangeType(datum["event_type"]),
            timestamp=timestamp.astimezone(UTC),
            source_system=datum["source_system"],
            domain=datum["domain"],
            entity=EntityReference(**datum["entity"]),
            changed_fields=tuple(datum["changed_fields"]),
            relationships=tuple(RelationshipReference(**r) for r in datum["relationships"]),
            metadata=dict(datum["metadata"]),
            trace_context=TraceContext(**datum["trace_context"]),
        )
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise InvalidEventError("the values make no event") from error
    if not event.event_id or not event.entity.type or not event.entity.id:
        raise InvalidEventError("an event needs an event_id, an entity type and an entity id")
    return event


def event_to_json(event: EntityChangeEvent) -> dict[str, Any]:
    """Return the event as JSON values; `event_from_datum` reads them."""
    return event_to_datum(event) | {"timestamp": event.timestamp.astimezone(UTC).isoformat()}
