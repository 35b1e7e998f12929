from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from subgraph_kit.data_product import ChangeType, EntityChange
from subgraph_kit.events.model import (
    EntityChangeEvent,
    EntityReference,
    RelationshipReference,
    TraceContext,
)

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
TRACE = TraceContext("0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331", "00f067aa0ba902b7")


def an_event(**changes: Any) -> EntityChangeEvent:
    event = EntityChangeEvent(
        event_id=str(uuid.uuid4()),
        event_type=ChangeType.UPDATED,
        timestamp=NOON.replace(microsecond=123_000),
        source_system="directus",
        domain="customers",
        entity=EntityReference("Customer", "42", 3, "https://cms.example.org/items/customers/42"),
        trace_context=TRACE,
        changed_fields=("email",),
        relationships=(RelationshipReference("Invoice", "7", "shop", "has_invoice", "No. 7"),),
        metadata={"region": "eu"},
    )
    return replace(event, **changes)


def a_change(entity_id: str = "42", **changes: Any) -> EntityChange:
    return replace(EntityChange(ChangeType.UPDATED, "Customer", entity_id, ("email",)), **changes)


def describe(change: EntityChange) -> EntityChangeEvent:
    return an_event(
        event_id="not decided by describe",
        event_type=change.type,
        entity=EntityReference(change.entity_type, change.entity_id, 1, "https://cms.example.org/"),
        changed_fields=change.changed_fields,
    )
