"""The catalog in memory: same behaviour as the one in PostgreSQL, gone with the process."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from subgraph_kit.catalog.apply_event import distinct_relationships, status_after
from subgraph_kit.catalog.base import (
    GRAPH_LIMIT,
    PRODUCT_ROW_ID,
    CacheLayer,
    Compatibility,
    EntityLocation,
    EntityRegistration,
    RelationshipHop,
    RelationshipRecord,
    SchemaFormat,
    SchemaVersion,
)
from subgraph_kit.catalog.locations import LocationCache
from subgraph_kit.catalog.registration import (
    check_depth,
    check_event,
    check_registration,
    check_relationship,
    location_url,
    split_entity_url,
    unknown_schema,
)
from subgraph_kit.catalog.schema_compatibility import compare_with_latest, same_schema
from subgraph_kit.data_product import (
    ChangeType,
    HealthState,
    HealthStatus,
    TransformationType,
)
from subgraph_kit.errors import ConfigurationError, EntityNotFoundError, FatalError
from subgraph_kit.events.model import EntityChangeEvent

_TICK = timedelta(microseconds=1)
EntityKey = tuple[str, str, str]
"""(source system, source entity id, entity type)."""
Ends = tuple[str, str, str, str, str]
"""(subject type, subject id, relationship type, object type, object id)."""


@dataclass
class _Entity:
    id: UUID
    registration: EntityRegistration
    last_seen_at: datetime


@dataclass
class _Relationship:
    id: UUID
    record: RelationshipRecord
    valid_from: datetime
    valid_to: datetime | None = None

    def holds(self, moment: datetime) -> bool:
        return self.valid_from <= moment and (self.valid_to is None or self.valid_to > moment)


class MemoryCatalog:
    """A `Catalog` in this process."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """`clock` gives seconds, for the age of remembered locations."""
        self._locations = LocationCache(clock)
        self._entities: dict[EntityKey, _Entity] = {}
        self._current: dict[Ends, _Relationship] = {}
        self._ended: list[_Relationship] = []
        self._schemas: list[SchemaVersion] = []
        self._lineage: dict[tuple[str, str, str], UUID] = {}
        self._log: dict[str, EntityChangeEvent] = {}
        self._applied: set[str] = set()
        self._cache_status: dict[tuple[str, str, str], int] = {}

    async def health_check(self) -> HealthStatus:
        """Memory is always there."""
        return HealthStatus(HealthState.HEALTHY, "in memory", latency_ms=0.0)

    async def register_entity(self, registration: EntityRegistration) -> UUID:
        """Insert or refresh one entity; `last_seen_at` moves on."""
        (entity_id,) = await self.register_entities([registration])
        return entity_id

    async def register_entities(self, registrations: Sequence[EntityRegistration]) -> list[UUID]:
        """The same for many, in the order given; all or none."""
        for r in registrations:
            check_registration(r)
            if r.schema_version is not None and not self._find_schema(
                r.entity_type, r.schema_version
            ):
                raise ConfigurationError(unknown_schema(r.entity_type, r.schema_version))
        return [self._put(registration) for registration in registrations]

    async def record_relationship(self, relationship: RelationshipRecord) -> UUID:
        """Insert or refresh the current row between the two entities."""
        return self._record(check_relationship(relationship), datetime.now(UTC))

    async def end_relationship(self, relationship: RelationshipRecord) -> bool:
        """Set `valid_to` of the current row; False where there is none."""
        return self._end(_ends(relationship), datetime.now(UTC))

    async def query_relationship_graph(
        self,
        entity_type: str,
        entity_id: str,
        *,
        max_depth: int = 5,
        as_of: datetime | None = None,
    ) -> list[RelationshipHop]:
        """Walk relationships outward; see `Catalog.query_relationship_graph`."""
        check_depth(max_depth)
        moment = as_of or datetime.now(UTC)
        outgoing: dict[tuple[str, str], list[RelationshipRecord]] = {}
        for row in [*self._current.values(), *self._ended]:
            if row.holds(moment):
                subject = (row.record.subject_type, row.record.subject_id)
                outgoing.setdefault(subject, []).append(row.record)
        hops: dict[Ends, RelationshipHop] = {}
        frontier = {(entity_type, entity_id)}
        for depth in range(1, max_depth + 1):
            met = [r for entity in frontier for r in outgoing.get(entity, ())]
            new = [r for r in met if _ends(r) not in hops]
            hops |= {_ends(r): _hop(depth, r) for r in new}
            frontier = {(r.object_type, r.object_id) for r in new}
        return sorted(hops.values(), key=_hop_order)[:GRAPH_LIMIT]

    async def get_entity_location(self, entity_type: str, entity_id: str) -> EntityLocation:
        """Where to fetch the entity; remembered for 10 minutes."""
        if (known := self._locations.get(entity_type, entity_id)) is not None:
            return known
        found = [
            row
            for row in self._entities.values()
            if row.registration.entity_type == entity_type
            and row.registration.source_entity_id == entity_id
            and row.registration.status == "active"
        ]
        if not found:
            raise EntityNotFoundError(entity_type, entity_id)
        r = max(found, key=lambda row: row.last_seen_at).registration
        location = EntityLocation(
            source_system=r.source_system,
            full_url=location_url(r.api_base_url, r.api_path_template, entity_id),
            api_method=r.api_method,
            api_auth_type=r.api_auth_type,
            schema_version=r.schema_version,
            contains_pii=r.contains_pii,
            data_classification=r.data_classification,
        )
        self._locations.put(entity_type, entity_id, location)
        return location

    async def track_lineage(
        self,
        upstream_system: str,
        downstream_system: str,
        transformation_type: TransformationType,
        *,
        transformation_logic: str | None = None,
        latency_ms: int | None = None,
    ) -> UUID:
        """Insert or refresh one flow of data."""
        flow = (upstream_system, downstream_system, transformation_type)
        return self._lineage.setdefault(flow, uuid4())

    async def register_schema(
        self,
        entity_type: str,
        version: str,
        schema_format: SchemaFormat,
        definition: Mapping[str, Any],
        *,
        compatibility: Compatibility | None = None,
    ) -> SchemaVersion:
        """Publish a schema version; publishing the same again returns what is there."""
        existing = self._find_schema(entity_type, version)
        if existing is not None:
            return same_schema(existing, schema_format, definition)
        latest = await self.latest_schema(entity_type)
        fits = compare_with_latest(latest, entity_type, schema_format, definition, compatibility)
        published = SchemaVersion(
            id=uuid4(),
            wire_id=len(self._schemas) + 1,
            entity_type=entity_type,
            version=version,
            schema_format=schema_format,
            definition=dict(definition),
            backward_compatible=fits.backward,
            forward_compatible=fits.forward,
            published_at=datetime.now(UTC),
        )
        self._schemas.append(published)
        return published

    async def get_schema_by_wire_id(self, wire_id: int) -> SchemaVersion:
        """The schema with this number in the wire format."""
        if not 1 <= wire_id <= len(self._schemas):
            raise FatalError(f"no schema has number {wire_id}")
        return self._schemas[wire_id - 1]

    async def latest_schema(self, entity_type: str) -> SchemaVersion | None:
        """The newest version."""
        return next((s for s in reversed(self._schemas) if s.entity_type == entity_type), None)

    async def append_event(self, event: EntityChangeEvent) -> bool:
        """Write the event to the log once; False if it was there already."""
        check_event(event)
        if event.event_id in self._log:
            return False
        self._log[event.event_id] = event
        return True

    async def read_events(
        self,
        *,
        entity_type: str | None = None,
        entity_id: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        limit: int = 1000,
    ) -> list[EntityChangeEvent]:
        """The logged events from `since` to before `until`, oldest first."""
        found = [
            event
            for event in self._log.values()
            if entity_type in (None, event.entity.type)
            and entity_id in (None, event.entity.id)
            and (since is None or event.timestamp >= since)
            and (until is None or event.timestamp < until)
        ]
        return sorted(found, key=lambda event: event.timestamp)[:limit]

    async def apply_event(self, event: EntityChangeEvent) -> bool:
        """Bring catalog, relationships and log up to date; False if it was applied before."""
        check_event(event)
        if event.event_id in self._applied:
            return False
        self._see(event)
        self._log.setdefault(event.event_id, event)
        self._apply_relationships(event)
        self._applied.add(event.event_id)
        return True

    async def record_cache_status(
        self,
        entity_type: str,
        entity_id: str,
        layer: CacheLayer,
        *,
        cache_key: str,
        expires_at: datetime | None,
    ) -> None:
        """Note that the entity was cached; noting it again counts a hit."""
        key = (entity_type, entity_id, layer)
        self._cache_status[key] = self._cache_status.get(key, -1) + 1

    async def close(self) -> None:
        """Nothing to release."""

    def _find_schema(self, entity_type: str, version: str) -> SchemaVersion | None:
        wanted = (entity_type, version)
        return next((s for s in self._schemas if (s.entity_type, s.version) == wanted), None)

    def _put(self, registration: EntityRegistration) -> UUID:
        key = (
            registration.source_system, registration.source_entity_id, registration.entity_type,
        )  # fmt: skip
        known = self._entities.get(key)
        entity_id = known.id if known else uuid4()
        self._entities[key] = _Entity(entity_id, registration, datetime.now(UTC))
        self._locations.forget(registration.entity_type, registration.source_entity_id)
        return entity_id

    def _see(self, event: EntityChangeEvent) -> None:
        entity, status = event.entity, status_after(event.event_type)
        known = self._entities.get((event.source_system, entity.id, entity.type))
        product = self._entities.get((event.source_system, PRODUCT_ROW_ID, entity.type))
        if known is not None:
            registration = known.registration
        elif product is not None:
            registration = replace(
                product.registration, domain=event.domain, source_entity_id=entity.id
            )
        else:
            base_url, path_template = split_entity_url(entity.url, entity.id)
            registration = EntityRegistration(
                entity_type=entity.type,
                domain=event.domain,
                source_system=event.source_system,
                source_entity_id=entity.id,
                api_base_url=base_url,
                api_path_template=path_template,
            )
        self._put(replace(registration, status=status))

    def _apply_relationships(self, event: EntityChangeEvent) -> None:
        me = (event.entity.type, event.entity.id)
        if event.event_type is ChangeType.DELETED:
            for ends in [e for e in self._current if me in (e[:2], e[3:])]:
                self._end(ends, event.timestamp)
            return
        related = distinct_relationships(event)
        kinds = {r.relationship_kind for r in related}
        listed = {(*me, r.relationship_kind, r.type, r.entity_id) for r in related}
        for ends in [e for e in self._current if e[:2] == me and e[2] in kinds]:
            if ends not in listed:
                self._end(ends, event.timestamp)
        for r in related:
            self._record(
                RelationshipRecord(
                    *me,
                    r.relationship_kind,
                    r.type,
                    r.entity_id,
                    object_display_name=r.display_name,
                    created_by_event_id=event.event_id,
                ),
                event.timestamp,
            )

    def _record(self, record: RelationshipRecord, moment: datetime) -> UUID:
        known = self._current.get(_ends(record))
        if known is None:
            known = self._current[_ends(record)] = _Relationship(uuid4(), record, moment)
        else:
            known.record = replace(
                record,
                subject_display_name=record.subject_display_name
                or known.record.subject_display_name,
                object_display_name=record.object_display_name or known.record.object_display_name,
                created_by_event_id=known.record.created_by_event_id,
            )
        return known.id

    def _end(self, ends: Ends, moment: datetime) -> bool:
        row = self._current.pop(ends, None)
        if row is None:
            return False
        row.valid_to = max(moment, row.valid_from + _TICK)
        self._ended.append(row)
        return True


def _ends(r: RelationshipRecord) -> Ends:
    return (r.subject_type, r.subject_id, r.relationship_type, r.object_type, r.object_id)


def _hop(depth: int, r: RelationshipRecord) -> RelationshipHop:
    return RelationshipHop(depth, *_ends(r), r.subject_display_name, r.object_display_name)


def _hop_order(hop: RelationshipHop) -> tuple[object, ...]:
    return (
        hop.depth, hop.relationship_type, hop.object_type, hop.object_id,
        hop.subject_type, hop.subject_id,
    )  # fmt: skip
