"""`EntityChangeEvent`: the one envelope every change travels in (rows 32 to 34).

The field names are those of the Avro schema in `avro.py`; both must change together.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from subgraph_kit.data_product import ChangeType


@dataclass(frozen=True, slots=True)
class TraceContext:
    """W3C trace context of the work that caused the event; lower-case hex."""

    trace_id: str
    span_id: str
    parent_span_id: str | None = None


@dataclass(frozen=True, slots=True)
class EntityReference:
    """The entity that changed. `url` is where its source serves the whole of it."""

    type: str
    id: str
    version: int
    url: str
    etag: str | None = None


@dataclass(frozen=True, slots=True)
class RelationshipReference:
    """Another entity that the changed one relates to."""

    type: str
    entity_id: str
    source_system: str
    relationship_kind: str
    display_name: str | None = None


@dataclass(frozen=True, slots=True)
class EntityChangeEvent:
    """One change of one entity. `timestamp` is timezone-aware, kept to the millisecond."""

    event_id: str
    event_type: ChangeType
    timestamp: datetime
    source_system: str
    domain: str
    entity: EntityReference
    trace_context: TraceContext
    changed_fields: tuple[str, ...] = ()
    relationships: tuple[RelationshipReference, ...] = ()
    metadata: Mapping[str, str] = field(default_factory=dict)
    """Minimal data for filtering and routing; never personal data."""
