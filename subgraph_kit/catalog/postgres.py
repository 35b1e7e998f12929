"""The catalog in PostgreSQL (rows 44 to 57)."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import astuple
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from subgraph_kit.catalog import statements
from subgraph_kit.catalog.apply_event import append_event, apply_event
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
from subgraph_kit.catalog.database import Connection, Database
from subgraph_kit.catalog.locations import LocationCache
from subgraph_kit.catalog.registration import (
    check_depth,
    check_event,
    check_registration,
    check_relationship,
    location_url,
    unknown_schema,
)
from subgraph_kit.catalog.schema_compatibility import compare_with_latest, same_schema
from subgraph_kit.data_product import HealthState, HealthStatus, TransformationType
from subgraph_kit.errors import (
    ConfigurationError,
    EntityNotFoundError,
    FatalError,
    KitError,
)
from subgraph_kit.events.datum import event_from_datum
from subgraph_kit.events.model import EntityChangeEvent


class PostgresCatalog:
    """A `Catalog` in one database, connected and migrated when it is first used.

    Raises from every method `RetriableError` if the database does not answer.
    """

    def __init__(
        self,
        dsn: str,
        *,
        max_connections: int = 8,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`clock` gives seconds, for the age of remembered locations."""
        self._database = Database(dsn, max_connections=max_connections)
        self._locations = LocationCache(clock)
        self._partitions: set[tuple[int, int]] = set()

    async def open(self) -> None:
        """Connect and migrate now, so that a wrong address is noticed at start."""
        await self._database.open()

    async def health_check(self) -> HealthStatus:
        """Ask the database; never raises."""
        started = time.perf_counter()
        try:
            async with self._database.acquire() as connection:
                await connection.fetchval("SELECT 1")
        except KitError as error:
            return HealthStatus(HealthState.UNHEALTHY, str(error))
        return HealthStatus(HealthState.HEALTHY, latency_ms=(time.perf_counter() - started) * 1000)

    async def register_entity(self, registration: EntityRegistration) -> UUID:
        """Insert or refresh one entity; `last_seen_at` moves on."""
        (entity_id,) = await self.register_entities([registration])
        return entity_id

    async def register_entities(self, registrations: Sequence[EntityRegistration]) -> list[UUID]:
        """The same for many, in one round trip, in the order given.

        Raises:
            ConfigurationError: if a registration is invalid or names an unknown schema version.
        """
        if not registrations:
            return []
        distinct = {_identity(r): check_registration(r) for r in registrations}
        columns = [list(column) for column in zip(*map(_columns, distinct.values()), strict=True)]
        async with self._database.transaction() as connection:
            await _require_schemas(connection, columns[0], columns[8])
            rows = await connection.fetch(statements.REGISTER_ENTITIES, *columns)
        ids: dict[tuple[str, str, str], UUID] = {
            (row["source_system"], row["source_entity_id"], row["entity_type"]): row["id"]
            for row in rows
        }
        for _, entity_id, entity_type in distinct:
            self._locations.forget(entity_type, entity_id)
        return [ids[_identity(registration)] for registration in registrations]

    async def record_relationship(self, relationship: RelationshipRecord) -> UUID:
        """Insert or refresh the current row between the two entities."""
        r = check_relationship(relationship)
        async with self._database.acquire() as connection:
            row_id: UUID = await connection.fetchval(
                statements.RECORD_RELATIONSHIP,
                r.subject_type, r.subject_id, r.relationship_type, r.cardinality,
                r.object_type, r.object_id, r.subject_display_name, r.object_display_name,
                dict(r.metadata), r.created_by_event_id,
            )  # fmt: skip
            return row_id

    async def end_relationship(self, relationship: RelationshipRecord) -> bool:
        """Set `valid_to` of the current row; False where there is none."""
        r = relationship
        async with self._database.acquire() as connection:
            found = await connection.fetchval(
                statements.END_RELATIONSHIP,
                r.subject_type, r.subject_id, r.relationship_type, r.object_type, r.object_id,
            )  # fmt: skip
            return found is not None

    async def query_relationship_graph(
        self,
        entity_type: str,
        entity_id: str,
        *,
        max_depth: int = 5,
        as_of: datetime | None = None,
    ) -> list[RelationshipHop]:
        """Walk relationships outward; see `Catalog.query_relationship_graph`."""
        depth = check_depth(max_depth)
        async with self._database.acquire() as connection:
            moment = as_of or await connection.fetchval("SELECT clock_timestamp()")
            rows = await connection.fetch(
                statements.RELATIONSHIP_GRAPH, entity_type, entity_id, depth, moment, GRAPH_LIMIT
            )
            return [RelationshipHop(*row) for row in rows]

    async def get_entity_location(self, entity_type: str, entity_id: str) -> EntityLocation:
        """Where to fetch the entity; remembered for 10 minutes.

        Raises:
            EntityNotFoundError: if no active entity of that type and id is registered.
        """
        if (known := self._locations.get(entity_type, entity_id)) is not None:
            return known
        async with self._database.acquire() as connection:
            row = await connection.fetchrow(statements.ENTITY_LOCATION, entity_type, entity_id)
        if row is None:
            raise EntityNotFoundError(entity_type, entity_id)
        location = EntityLocation(
            source_system=row["source_system"],
            full_url=location_url(row["api_base_url"], row["api_path_template"], entity_id),
            api_method=row["api_method"],
            api_auth_type=row["api_auth_type"],
            schema_version=row["schema_version"],
            contains_pii=row["contains_pii"],
            data_classification=row["data_classification"],
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
        async with self._database.acquire() as connection:
            row_id: UUID = await connection.fetchval(
                statements.TRACK_LINEAGE,
                upstream_system, downstream_system, transformation_type, transformation_logic,
                latency_ms, PRODUCT_ROW_ID,
            )  # fmt: skip
            return row_id

    async def register_schema(
        self,
        entity_type: str,
        version: str,
        schema_format: SchemaFormat,
        definition: Mapping[str, Any],
        *,
        compatibility: Compatibility | None = None,
    ) -> SchemaVersion:
        """Publish a schema version; publishing the same again returns what is there.

        Raises:
            IncompatibleSchemaError: if it could not read what the latest version wrote, or if the
                version exists with another definition.
        """
        async with self._database.transaction() as connection:
            await connection.execute(
                "SELECT pg_advisory_xact_lock(hashtext('dictamesh_schema'), hashtext($1))",
                entity_type,
            )
            existing = await _schema(
                connection, "s.entity_type = $1 AND version = $2", entity_type, version
            )
            if existing is not None:
                return same_schema(existing, schema_format, definition)
            latest = await _latest_schema(connection, entity_type)
            fits = compare_with_latest(
                latest, entity_type, schema_format, definition, compatibility
            )
            await connection.execute(
                statements.INSERT_SCHEMA,
                entity_type, version, schema_format, dict(definition), fits.backward, fits.forward,
            )  # fmt: skip
            published = await _schema(
                connection, "s.entity_type = $1 AND version = $2", entity_type, version
            )
        if published is None:
            raise FatalError(f"schema {entity_type!r} {version!r} could not be published")
        return published

    async def get_schema_by_wire_id(self, wire_id: int) -> SchemaVersion:
        """The schema with this number in the wire format.

        Raises:
            FatalError: if the number is unknown.
        """
        async with self._database.acquire() as connection:
            found = await _schema(connection, "w.wire_id::bigint = $1::bigint", wire_id)
        if found is None:
            raise FatalError(f"no schema has number {wire_id}")
        return found

    async def latest_schema(self, entity_type: str) -> SchemaVersion | None:
        """The newest version that is not retired."""
        async with self._database.acquire() as connection:
            return await _latest_schema(connection, entity_type)

    async def append_event(self, event: EntityChangeEvent) -> bool:
        """Write the event to `event_log` once; False if it was there already."""
        check_event(event)
        await self._ensure_partition(event.timestamp)
        async with self._database.transaction() as connection:
            new = await connection.fetchval(
                "INSERT INTO event_log_ids (event_id, event_timestamp) VALUES ($1, $2)"
                " ON CONFLICT DO NOTHING RETURNING TRUE",
                event.event_id,
                event.timestamp,
            )
            if new:
                catalog_id = await connection.fetchval(
                    "SELECT id FROM entity_catalog WHERE source_system = $1"
                    " AND source_entity_id = $2 AND entity_type = $3",
                    event.source_system,
                    event.entity.id,
                    event.entity.type,
                )
                await append_event(connection, event, catalog_id)
            return bool(new)

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
        async with self._database.acquire() as connection:
            rows = await connection.fetch(
                statements.READ_EVENTS, entity_type, entity_id, since, until, limit
            )
            return [event_from_datum(row["event_payload"]) for row in rows]

    async def apply_event(self, event: EntityChangeEvent) -> bool:
        """Bring catalog, relationships and log up to date with the event, in one transaction.

        Returns False, and changes nothing, if the event was applied before.

        Raises:
            FatalError: if the event can never be applied.
        """
        check_event(event)
        await self._ensure_partition(event.timestamp)
        async with self._database.transaction() as connection:
            applied = await apply_event(connection, event)
        self._locations.forget(event.entity.type, event.entity.id)
        return applied

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
        async with self._database.acquire() as connection:
            await connection.execute(
                statements.RECORD_CACHE_STATUS,
                entity_type, entity_id, layer, cache_key[:500], expires_at, PRODUCT_ROW_ID,
            )  # fmt: skip

    async def close(self) -> None:
        """Release connections."""
        await self._database.close()

    async def _ensure_partition(self, moment: datetime) -> None:
        # Before the transaction that writes: making a partition locks the whole table, and must
        # not wait for others while holding locks of its own.
        month = (moment.year, moment.month)
        if month not in self._partitions:
            async with self._database.acquire() as connection:
                await connection.execute("SELECT ensure_event_log_partition($1)", moment)
            self._partitions.add(month)


async def _latest_schema(connection: Connection, entity_type: str) -> SchemaVersion | None:
    return await _schema(
        connection,
        "s.entity_type = $1 AND retired_at IS NULL ORDER BY w.wire_id DESC LIMIT 1",
        entity_type,
    )


async def _schema(connection: Connection, where: str, *values: object) -> SchemaVersion | None:
    row = await connection.fetchrow(f"{statements.SCHEMA_COLUMNS} WHERE {where}", *values)
    return None if row is None else SchemaVersion(*row)


async def _require_schemas(
    connection: Connection, entity_types: list[str], versions: list[str | None]
) -> None:
    missing = await connection.fetch(statements.MISSING_SCHEMAS, entity_types, versions)
    if missing:
        raise ConfigurationError(unknown_schema(missing[0]["entity_type"], missing[0]["version"]))


def _identity(registration: EntityRegistration) -> tuple[str, str, str]:
    return registration.source_system, registration.source_entity_id, registration.entity_type


def _columns(registration: EntityRegistration) -> tuple[object, ...]:
    """The fields in their order, which is that of the statement's parameters."""
    values = list(astuple(registration))
    if registration.availability_sla is not None:
        values[9] = Decimal(str(registration.availability_sla))
    return tuple(values)
