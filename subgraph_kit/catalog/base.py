"""The catalog as its users see it; `postgres.py` and `memory.py` implement it.

The catalog knows which entities exist in which system, how to reach them, how they relate, what
their schemas are, where data flows, and what happened (rows 45 to 57). It holds no entity's data.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, Protocol
from uuid import UUID

from subgraph_kit.data_product import (
    AuthType,
    Cardinality,
    DataClassification,
    TransformationType,
)
from subgraph_kit.events.model import EntityChangeEvent

EntityStatus = Literal["active", "deprecated", "archived"]
SchemaFormat = Literal["avro", "json_schema", "protobuf", "graphql"]
CacheLayer = Literal["l1_memory", "l2_redis", "l3_postgres"]

MAX_GRAPH_DEPTH = 20
GRAPH_LIMIT = 10_000
"""Bounds on a relationship graph query, so that a dense graph cannot occupy the catalog."""

PRODUCT_ROW_ID = "*"
"""`source_entity_id` of the row that stands for a data product as a whole.

Registering an adapter writes this row; an entity met later in an event inherits its access, SLA
and classification columns.
"""


@dataclass(frozen=True, slots=True)
class EntityRegistration:
    """One row of `entity_catalog`. Its identity is (source system, source entity id, type)."""

    entity_type: str
    domain: str
    source_system: str
    source_entity_id: str
    api_base_url: str
    api_path_template: str
    api_method: str = "GET"
    api_auth_type: AuthType | None = None
    schema_version: str | None = None
    availability_sla: float | None = None
    latency_p99_ms: int | None = None
    freshness_sla_seconds: int | None = None
    contains_pii: bool = False
    data_classification: DataClassification | None = None
    retention_days: int | None = None
    status: EntityStatus = "active"


@dataclass(frozen=True, slots=True)
class RelationshipRecord:
    """One current row of `entity_relationships`."""

    subject_type: str
    subject_id: str
    relationship_type: str
    object_type: str
    object_id: str
    cardinality: Cardinality = "one_to_many"
    subject_display_name: str | None = None
    object_display_name: str | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)
    created_by_event_id: str | None = None


@dataclass(frozen=True, slots=True)
class RelationshipHop:
    """One edge met by `query_relationship_graph`, `depth` 1 being nearest."""

    depth: int
    subject_type: str
    subject_id: str
    relationship_type: str
    object_type: str
    object_id: str
    subject_display_name: str | None
    object_display_name: str | None


@dataclass(frozen=True, slots=True)
class EntityLocation:
    """Where and how to fetch one entity from its source (row 55)."""

    source_system: str
    full_url: str
    api_method: str
    api_auth_type: str | None
    schema_version: str | None
    contains_pii: bool
    data_classification: str | None


@dataclass(frozen=True, slots=True)
class Compatibility:
    """How a schema version relates to its predecessor."""

    backward: bool
    """Readers of this version can read what was written with the one before."""
    forward: bool
    """Readers of the one before can read what is written with this version."""


@dataclass(frozen=True, slots=True)
class SchemaVersion:
    """One row of `schemas` (row 47). `wire_id` is the number in the Confluent wire format."""

    id: UUID
    wire_id: int
    entity_type: str
    version: str
    schema_format: SchemaFormat
    definition: Mapping[str, Any]
    backward_compatible: bool
    forward_compatible: bool
    published_at: datetime


class Catalog(Protocol):
    """Reads and writes of the catalog. All writes are idempotent."""

    async def register_entity(self, registration: EntityRegistration) -> UUID:
        """Insert or refresh one entity; `last_seen_at` moves on (row 52)."""
        ...

    async def register_entities(self, registrations: Sequence[EntityRegistration]) -> list[UUID]:
        """The same for many, in one round trip, in the order given."""
        ...

    async def record_relationship(self, relationship: RelationshipRecord) -> UUID:
        """Insert or refresh the current row between the two entities (row 53)."""
        ...

    async def end_relationship(self, relationship: RelationshipRecord) -> bool:
        """Set `valid_to` of the current row; False where there is none."""
        ...

    async def query_relationship_graph(
        self,
        entity_type: str,
        entity_id: str,
        *,
        max_depth: int = 5,
        as_of: datetime | None = None,
    ) -> list[RelationshipHop]:
        """Walk current relationships outward, no cycles, by depth, then type (row 54).

        Each relationship is listed once, where it is nearest; `GRAPH_LIMIT` of them at most.
        With `as_of` the graph is that of an earlier moment (row 37).
        """
        ...

    async def get_entity_location(self, entity_type: str, entity_id: str) -> EntityLocation:
        """Where to fetch the entity; cached for 10 minutes (row 55).

        Raises:
            EntityNotFoundError: if no active entity of that type and id is registered.
        """
        ...

    async def track_lineage(
        self,
        upstream_system: str,
        downstream_system: str,
        transformation_type: TransformationType,
        *,
        transformation_logic: str | None = None,
        latency_ms: int | None = None,
    ) -> UUID:
        """Insert or refresh one flow of data (row 56)."""
        ...

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

        With `compatibility` somebody has compared it with the latest version already and let it
        pass; that is recorded as it is. A GraphQL schema is published so only.

        Raises:
            IncompatibleSchemaError: if it would break readers of the latest version, or if the
                version exists with another definition.
        """
        ...

    async def get_schema_by_wire_id(self, wire_id: int) -> SchemaVersion:
        """Raises `FatalError` if the id is unknown."""
        ...

    async def latest_schema(self, entity_type: str) -> SchemaVersion | None:
        """The newest version that is not retired."""
        ...

    async def append_event(self, event: EntityChangeEvent) -> bool:
        """Write the event to `event_log` once; False if it was there already (row 48)."""
        ...

    async def read_events(
        self,
        *,
        entity_type: str | None = None,
        entity_id: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        limit: int = 1000,
    ) -> list[EntityChangeEvent]:
        """The logged events from `since` to before `until`, oldest first, for replay (row 37)."""
        ...

    async def apply_event(self, event: EntityChangeEvent) -> bool:
        """Bring catalog, relationships and log up to date with the event, in one transaction.

        Returns False, and changes nothing, if the event was applied before (row 57).
        """
        ...

    async def record_cache_status(
        self,
        entity_type: str,
        entity_id: str,
        layer: CacheLayer,
        *,
        cache_key: str,
        expires_at: datetime | None,
    ) -> None:
        """Note that the entity was cached (row 50); noting it again counts a hit."""
        ...

    async def close(self) -> None:
        """Release connections."""
        ...
