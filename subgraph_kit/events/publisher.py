"""Events onto topics: the record of an event, and helpers that publish it (rows 26 to 35)."""

from __future__ import annotations

import json
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from subgraph_kit.catalog.base import EntityRegistration, RelationshipRecord
from subgraph_kit.data_product import LineageEdge
from subgraph_kit.events.avro import CONTENT_TYPE, EventCodec, content_type
from subgraph_kit.events.base import EventBus, Record
from subgraph_kit.events.model import EntityChangeEvent, TraceContext
from subgraph_kit.events.schemas import (
    ENTITY_CHANGE_EVENT,
    ENTITY_REGISTERED,
    RELATIONSHIP_CREATED,
    EventSchema,
)
from subgraph_kit.events.topics import ENTITY_REGISTERED as ENTITY_REGISTERED_TOPIC
from subgraph_kit.events.topics import RELATIONSHIP_CREATED as RELATIONSHIP_CREATED_TOPIC
from subgraph_kit.events.topics import entity_topic

TRACEPARENT = "traceparent"
SYSTEM_TYPE = "System"
"""Entity type of the ends of an announced flow of data."""


@dataclass(frozen=True, slots=True)
class EventPublisher:
    """Publishes events on a bus. `tenant` puts entity topics into that tenant's name space."""

    bus: EventBus
    codec: EventCodec = field(default_factory=EventCodec)
    tenant: str | None = None

    async def publish_event(self, event: EntityChangeEvent) -> None:
        """Return when the event is durable on its topic.

        Raises:
            InvalidEventError: if it does not fit the schema.
            RetriableError: if bus or registry cannot be reached.
        """
        await self.bus.publish([await self.record(event)])

    async def publish_events(self, events: Sequence[EntityChangeEvent]) -> None:
        """The same for many, in the order given."""
        await self.bus.publish([await self.record(event) for event in events])

    async def record(self, event: EntityChangeEvent) -> Record:
        """Return the record of the event; the key is the entity's id (row 30)."""
        headers = {
            CONTENT_TYPE: content_type(ENTITY_CHANGE_EVENT),
            "event-id": event.event_id.encode(),
        }
        if parent := traceparent(event.trace_context):
            headers[TRACEPARENT] = parent
        return Record(
            topic=entity_topic(event.domain, event.source_system, tenant=self.tenant),
            key=event.entity.id.encode(),
            value=await self.codec.encode(event),
            headers=headers,
        )

    async def announce_entities(self, registrations: Sequence[EntityRegistration]) -> None:
        """Publish on `system.metadata.entity_registered`; the topic keeps the latest per entity."""
        await self.bus.publish(
            [
                await self._system_record(
                    ENTITY_REGISTERED_TOPIC,
                    ENTITY_REGISTERED,
                    (r.source_system, r.entity_type, r.source_entity_id),
                    {field: getattr(r, field) for field in _REGISTRATION_FIELDS},
                )
                for r in registrations
            ]
        )

    async def announce_relationships(self, relationships: Sequence[RelationshipRecord]) -> None:
        """Publish on `system.lineage.relationship_created`; the latest per relationship stays."""
        await self.bus.publish(
            [
                await self._system_record(
                    RELATIONSHIP_CREATED_TOPIC,
                    RELATIONSHIP_CREATED,
                    (r.subject_type, r.subject_id, r.relationship_type, r.object_type, r.object_id),
                    {field: getattr(r, field) for field in _RELATIONSHIP_FIELDS},
                )
                for r in relationships
            ]
        )

    async def announce_lineage(self, edges: Sequence[LineageEdge]) -> None:
        """Publish flows of data as relationships between systems, on the same topic."""
        await self.announce_relationships(
            [
                RelationshipRecord(
                    subject_type=SYSTEM_TYPE,
                    subject_id=edge.upstream_system,
                    relationship_type=edge.transformation_type,
                    object_type=SYSTEM_TYPE,
                    object_id=edge.downstream_system,
                )
                for edge in edges
            ]
        )

    async def _system_record(
        self, topic: str, schema: EventSchema, key: tuple[str, ...], values: dict[str, Any]
    ) -> Record:
        datum = {"event_id": str(uuid.uuid4()), "timestamp": datetime.now(UTC), **values}
        return Record(
            topic=topic,
            key=json.dumps(key).encode(),
            value=await self.codec.encode_datum(schema, datum),
            headers={CONTENT_TYPE: content_type(schema)},
        )


def traceparent(trace: TraceContext) -> bytes | None:
    """Return the W3C header of a trace context; None if it is not a valid one."""
    lengths = (len(trace.trace_id), len(trace.span_id))
    if lengths != (32, 16) or not set(trace.trace_id + trace.span_id) <= set("0123456789abcdef"):
        return None
    return f"00-{trace.trace_id}-{trace.span_id}-01".encode()


_REGISTRATION_FIELDS = (
    "entity_type", "domain", "source_system", "source_entity_id", "api_base_url",
    "api_path_template", "schema_version", "status", "contains_pii", "data_classification",
)  # fmt: skip
_RELATIONSHIP_FIELDS = (
    "subject_type", "subject_id", "relationship_type", "object_type", "object_id",
    "cardinality", "created_by_event_id",
)  # fmt: skip
