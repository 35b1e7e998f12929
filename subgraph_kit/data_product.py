"""What an adapter declares about its data product, and the values that cross its contract.

Shapes only: no I/O, no clients. `adapter.py` is the contract that speaks in these.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Literal

FieldType = Literal[
    "id", "string", "integer", "bigint", "float", "decimal", "boolean",
    "date", "timestamp", "time", "duration", "uuid", "bytes", "json", "enum", "object",
]  # fmt: skip
FilterOperator = Literal[
    "eq", "neq", "in", "gt", "gte", "lt", "lte", "contains", "starts_with"
]  # fmt: skip
AuthType = Literal["bearer", "api_key", "oauth2", "basic", "none"]
DataClassification = Literal["public", "internal", "confidential", "restricted"]
TransformationType = Literal["direct_copy", "aggregation", "join", "enrichment"]
Cardinality = Literal["one_to_one", "one_to_many", "many_to_one", "many_to_many"]


@dataclass(frozen=True, slots=True)
class EntityField:
    """A field of an entity type. `references` names the entity type its value is an id of.

    `filters` are the operators that the source answers well; without any, an `indexed` field can
    be asked for by equality. `deprecated` is the reason why nobody should use it any more.
    """

    name: str
    type: FieldType
    required: bool = False
    indexed: bool = False
    pii: bool = False
    is_list: bool = False
    description: str | None = None
    enum_values: tuple[str, ...] = ()
    references: str | None = None
    fields: tuple[EntityField, ...] = ()
    """The members of an `object` that has no type of its own."""
    type_name: str | None = None
    """The GraphQL name of an `enum` or `object`; several fields may share a type by it."""
    filters: tuple[FilterOperator, ...] = ()
    orderable: bool = False
    deprecated: str | None = None
    item_required: bool = True
    """Whether the items of a list are never null."""


@dataclass(frozen=True, slots=True)
class EnumMember:
    """A value of an enum: `name` in GraphQL and in `Entity.data`, `source_value` in the source."""

    name: str
    source_value: str | None = None
    description: str | None = None


@dataclass(frozen=True, slots=True)
class EnumType:
    """An enum that fields name by `type_name`."""

    name: str
    members: tuple[EnumMember, ...]
    description: str | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """The values as the graph has them, for `EntityField.enum_values`."""
        return tuple(member.name for member in self.members)


@dataclass(frozen=True, slots=True)
class ObjectType:
    """An object, interface or union without identity, that fields name by `type_name`.

    An object lists the `interfaces` it has, a union its `members`. Where a field is of an interface
    or union, the data has the object's type as `__typename`.
    """

    name: str
    fields: tuple[EntityField, ...] = ()
    kind: Literal["object", "interface", "union"] = "object"
    interfaces: tuple[str, ...] = ()
    members: tuple[str, ...] = ()
    description: str | None = None


NamedType = EnumType | ObjectType


@dataclass(frozen=True, slots=True)
class EntityReference:
    """One other entity: the `fields` here equal the `target_fields`, a key of `target`.

    `reverse` names the list on the other side. A target that no adapter of the subgraph serves is
    another subgraph's: it is known by its key, whose GraphQL types are `target_types` where they
    are not those of the fields here (`"ID"` for an integer column).
    """

    name: str
    target: str
    fields: tuple[str, ...]
    target_fields: tuple[str, ...] = ("id",)
    target_types: tuple[FieldType, ...] = ()
    required: bool = False
    reverse: str | None = None
    description: str | None = None


@dataclass(frozen=True, slots=True)
class EntityLink:
    """Many of `target`, through a `link` that is no entity: a table or resource of pairs.

    The adapter of `target` is asked for them (`query_by_link`), by the key of the entity here.
    """

    name: str
    target: str
    link: str
    description: str | None = None


@dataclass(frozen=True, slots=True)
class EntitySchema:
    """Row 4: the canonical form of one entity type. `entity` is its GraphQL name ("Customer").

    `key` is the primary key; the id of an entity is `entity_key.entity_id` of its values.
    `plural` names the list of all (`customers`); `row_estimate` is about how many there are.
    """

    entity: str
    version: str
    fields: tuple[EntityField, ...]
    key: tuple[str, ...] = ("id",)
    description: str | None = None
    plural: str | None = None
    other_keys: tuple[tuple[str, ...], ...] = ()
    references: tuple[EntityReference, ...] = ()
    links: tuple[EntityLink, ...] = ()
    row_estimate: int | None = None
    has_list: bool = True
    """Whether the source can list them; else they are reached by their keys alone."""

    def field(self, name: str) -> EntityField:
        """The field of this name; KeyError if there is none."""
        for each in self.fields:
            if each.name == name:
                return each
        raise KeyError(name)

    @property
    def contains_pii(self) -> bool:
        """Whether any field, at any depth, is marked as personal data."""

        def any_pii(fields: tuple[EntityField, ...]) -> bool:
            return any(f.pii or any_pii(f.fields) for f in fields)

        return any_pii(self.fields)


@dataclass(frozen=True, slots=True)
class LatencySLA:
    """Promised latencies, in milliseconds."""

    p50_ms: int = 50
    p95_ms: int = 200
    p99_ms: int = 500


@dataclass(frozen=True, slots=True)
class ServiceLevelAgreement:
    """Row 5. `availability` is a ratio (0.999); `freshness_seconds` how stale an answer may be."""

    availability: float = 0.999
    latency: LatencySLA = field(default_factory=LatencySLA)
    freshness_seconds: int = 5


@dataclass(frozen=True, slots=True)
class LineageEdge:
    """One flow of data from `upstream_system` into this product (or a named downstream)."""

    upstream_system: str
    downstream_system: str
    transformation_type: TransformationType = "direct_copy"
    transformation_logic: str | None = None


@dataclass(frozen=True, slots=True)
class SourceAccess:
    """Where one entity can be fetched from its source: what the catalog tells others (row 45)."""

    base_url: str
    path_template: str
    """With `{id}` where the entity's id goes, e.g. `/items/customers/{id}`."""
    method: str = "GET"
    auth_type: AuthType = "none"


@dataclass(frozen=True, slots=True)
class DataProduct:
    """Everything an adapter declares once: identity, schema, promises, classification."""

    domain: str
    """Plural, lower case: `customers`. First part of the topic name."""
    source_system: str
    """`directus`, `thirdparty`, `ecommerce`. Second part of the topic name."""
    schema: EntitySchema
    access: SourceAccess
    sla: ServiceLevelAgreement = field(default_factory=ServiceLevelAgreement)
    lineage: tuple[LineageEdge, ...] = ()
    classification: DataClassification = "internal"
    retention_days: int | None = None
    cache_ttl_seconds: float = 300.0
    source_timeout_seconds: float = 2.0

    @property
    def entity_type(self) -> str:
        """The GraphQL name of the entity type, `Customer`."""
        return self.schema.entity


@dataclass(frozen=True, slots=True)
class Relationship:
    """This entity's relation to another one, as the source knows it at this moment."""

    kind: str
    """The predicate, from this entity: `has_invoice`, `billed_to`, `contains_product`."""
    entity_type: str
    entity_id: str
    source_system: str
    cardinality: Cardinality = "one_to_many"
    display_name: str | None = None


@dataclass(frozen=True, slots=True)
class Entity:
    """A canonical entity: `data` has the schema's field names and JSON-safe values.

    Decimals are strings, dates and times ISO 8601 strings, so that an entity looks the same
    fresh from its source and out of any cache.
    """

    type: str
    id: str
    data: Mapping[str, Any]
    version: int = 1
    etag: str | None = None
    updated_at: datetime | None = None
    relationships: tuple[Relationship, ...] = ()


@dataclass(frozen=True, slots=True)
class Order:
    """Sort by a field of the schema."""

    field: str
    descending: bool = False


@dataclass(frozen=True, slots=True)
class EntityQuery:
    """Row 3. With `ids`, the batch by id; otherwise a filtered, ordered page of the list.

    `filter` maps a field name to a value (equality), or to a mapping of operators
    (`eq`, `neq`, `in`, `gt`, `gte`, `lt`, `lte`, `contains`, `starts_with`).
    """

    ids: tuple[str, ...] | None = None
    filter: Mapping[str, Any] = field(default_factory=dict)
    order: tuple[Order, ...] = ()
    limit: int | None = None
    offset: int = 0


class ChangeType(StrEnum):
    """What happened to an entity; the symbols of the Avro enum."""

    CREATED = "CREATED"
    UPDATED = "UPDATED"
    DELETED = "DELETED"
    ARCHIVED = "ARCHIVED"


@dataclass(frozen=True, slots=True)
class EntityChange:
    """A change a source reported, by webhook or found by polling; not yet an event.

    `change_id` identifies the change at its source where the source gives one: the same change
    reported twice then becomes one event.
    """

    type: ChangeType
    entity_type: str
    entity_id: str
    changed_fields: tuple[str, ...] = ()
    occurred_at: datetime | None = None
    change_id: str | None = None
    entity: Entity | None = None
    """The entity after the change, where the source sent it along."""


class HealthState(StrEnum):
    """How well something does its work."""

    HEALTHY = "healthy"
    DEGRADED = "degraded"
    UNHEALTHY = "unhealthy"


@dataclass(frozen=True, slots=True)
class HealthStatus:
    """The answer to a health check. `detail` is safe to show."""

    state: HealthState
    detail: str | None = None
    latency_ms: float | None = None


@dataclass(frozen=True, slots=True)
class AdapterMetrics:
    """Counts since the process started."""

    requests: int = 0
    source_calls: int = 0
    errors: int = 0
    cache_hits: int = 0
    cache_misses: int = 0

    @property
    def cache_hit_rate(self) -> float:
        """Hits per lookup, 0.0 before the first lookup."""
        lookups = self.cache_hits + self.cache_misses
        return self.cache_hits / lookups if lookups else 0.0
