"""One event into the catalog: log, entity, relationships, cache status; all of it or nothing."""

from __future__ import annotations

from typing import Any

from subgraph_kit.catalog import statements
from subgraph_kit.catalog.base import PRODUCT_ROW_ID, EntityStatus
from subgraph_kit.catalog.registration import split_entity_url
from subgraph_kit.data_product import ChangeType
from subgraph_kit.events.datum import event_to_json
from subgraph_kit.events.model import EntityChangeEvent, RelationshipReference

# Inserts, or marks as applied what was only logged; returns nothing if it was applied before. A
# second transaction with the same event waits here for the first.
_CLAIM = """
INSERT INTO event_log_ids AS known (event_id, event_timestamp, applied) VALUES ($1, $2, TRUE)
ON CONFLICT (event_id) DO UPDATE SET applied = TRUE WHERE NOT known.applied
RETURNING xmax = 0
"""

_STATUS: dict[ChangeType, EntityStatus] = {
    ChangeType.CREATED: "active",
    ChangeType.UPDATED: "active",
    ChangeType.ARCHIVED: "archived",
    ChangeType.DELETED: "archived",
}


def status_after(change: ChangeType) -> EntityStatus:
    """The status of an entity after a change of this type."""
    return _STATUS[change]


def distinct_relationships(event: EntityChangeEvent) -> list[RelationshipReference]:
    """The event's relationships, each once; of several with the same ends the last one."""
    found = {(r.relationship_kind, r.type, r.entity_id): r for r in event.relationships}
    return [found[key] for key in sorted(found)]


async def apply_event(connection: Any, event: EntityChangeEvent) -> bool:
    """Apply the event in the transaction of `connection`; False if it was applied before."""
    is_new = await connection.fetchval(_CLAIM, event.event_id, event.timestamp)
    if is_new is None:
        return False
    entity = event.entity
    base_url, path_template = split_entity_url(entity.url, entity.id)
    catalog_id = await connection.fetchval(
        statements.SEE_ENTITY,
        entity.type,
        event.domain,
        event.source_system,
        entity.id,
        base_url,
        path_template,
        status_after(event.event_type),
        PRODUCT_ROW_ID,
    )
    if is_new:
        await append_event(connection, event, catalog_id)
    await _apply_relationships(connection, event, catalog_id)
    await connection.execute(statements.EXPIRE_CACHE_STATUS, entity.type, entity.id, PRODUCT_ROW_ID)
    return True


async def append_event(connection: Any, event: EntityChangeEvent, catalog_id: Any) -> None:
    """Write the row of `event_log`."""
    trace = event.trace_context
    await connection.execute(
        statements.APPEND_EVENT,
        event.event_id,
        event.event_type.value,
        catalog_id,
        event.entity.type,
        event.entity.id,
        list(event.changed_fields),
        event_to_json(event),
        trace.trace_id[:64],
        trace.span_id[:16],
        event.timestamp,
    )


async def _apply_relationships(connection: Any, event: EntityChangeEvent, catalog_id: Any) -> None:
    entity = event.entity
    if event.event_type is ChangeType.DELETED:
        await connection.execute(
            statements.END_ALL_RELATIONSHIPS, entity.type, entity.id, event.timestamp
        )
        return
    related = distinct_relationships(event)
    if not related:
        return
    kinds = [r.relationship_kind for r in related]
    types = [r.type for r in related]
    ids = [r.entity_id for r in related]
    await connection.execute(
        statements.END_OTHER_RELATIONSHIPS,
        entity.type, entity.id, kinds, types, ids, event.timestamp,
    )  # fmt: skip
    await connection.execute(
        statements.RECORD_RELATIONSHIPS,
        catalog_id, entity.type, entity.id, kinds, types, ids,
        [r.source_system for r in related],
        [r.display_name[:255] if r.display_name else None for r in related],
        event.timestamp, event.event_id,
    )  # fmt: skip
