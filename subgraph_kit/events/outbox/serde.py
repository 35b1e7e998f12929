"""An `EntityChange` as JSON and back, for the outbox's rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

from subgraph_kit.data_product import ChangeType, Entity, EntityChange, Relationship
from subgraph_kit.events.model import TraceContext


def change_to_json(change: EntityChange) -> dict[str, Any]:
    """Return the change as JSON values."""
    return {
        "type": change.type.value,
        "entity_type": change.entity_type,
        "entity_id": change.entity_id,
        "changed_fields": list(change.changed_fields),
        "occurred_at": _moment_to_json(change.occurred_at),
        "change_id": change.change_id,
        "entity": _entity_to_json(change.entity) if change.entity else None,
    }


def change_from_json(data: Mapping[str, Any]) -> EntityChange:
    """Return the change of its JSON values."""
    return EntityChange(
        type=ChangeType(data["type"]),
        entity_type=data["entity_type"],
        entity_id=data["entity_id"],
        changed_fields=tuple(data["changed_fields"]),
        occurred_at=_moment_from_json(data["occurred_at"]),
        change_id=data["change_id"],
        entity=_entity_from_json(data["entity"]) if data["entity"] else None,
    )


def trace_to_json(trace: TraceContext | None) -> dict[str, Any] | None:
    """Return the trace context as JSON values."""
    return asdict(trace) if trace else None


def trace_from_json(data: Mapping[str, Any] | None) -> TraceContext | None:
    """Return the trace context of its JSON values."""
    return TraceContext(**data) if data else None


def _entity_to_json(entity: Entity) -> dict[str, Any]:
    return {
        "type": entity.type,
        "id": entity.id,
        "data": dict(entity.data),
        "version": entity.version,
        "etag": entity.etag,
        "updated_at": _moment_to_json(entity.updated_at),
        "relationships": [asdict(r) for r in entity.relationships],
    }


def _entity_from_json(data: Mapping[str, Any]) -> Entity:
    return Entity(
        type=data["type"],
        id=data["id"],
        data=data["data"],
        version=data["version"],
        etag=data["etag"],
        updated_at=_moment_from_json(data["updated_at"]),
        relationships=tuple(Relationship(**r) for r in data["relationships"]),
    )


def _moment_to_json(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None


def _moment_from_json(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
