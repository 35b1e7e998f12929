"""What a registration must be before any catalog takes it (row 52)."""

from __future__ import annotations

from typing import get_args
from urllib.parse import quote, urlsplit

from subgraph_kit.catalog.base import (
    MAX_GRAPH_DEPTH,
    PRODUCT_ROW_ID,
    EntityRegistration,
    EntityStatus,
    RelationshipRecord,
)
from subgraph_kit.data_product import AuthType, Cardinality, DataClassification
from subgraph_kit.errors import ConfigurationError, FatalError
from subgraph_kit.events.model import EntityChangeEvent

_LENGTHS = {
    "entity_type": 100, "domain": 100, "source_system": 100, "source_entity_id": 255,
    "api_method": 10, "schema_version": 50,
}  # fmt: skip
_SCHEMES = {"http", "https", "postgresql", "mysql", "file", "s3", "mongodb", "oracle", "ftp"}


def check_registration(registration: EntityRegistration) -> EntityRegistration:
    """Return the registration, or say what is wrong with it.

    Raises:
        ConfigurationError: if a column could not hold it or its address makes no sense.
    """
    what = f"{registration.entity_type[:100]!r} of {registration.source_system[:100]!r}"
    for name, length in _LENGTHS.items():
        value = getattr(registration, name)
        if value is None and name == "schema_version":
            continue
        if not value or len(value) > length or "\x00" in value:
            raise ConfigurationError(f"{what}: {name} must have 1 to {length} characters")
    if urlsplit(registration.api_base_url).scheme not in _SCHEMES:
        raise ConfigurationError(
            f"{what}: api_base_url must be an address such as https://crm.example.org"
        )
    if urlsplit(registration.api_base_url).password:
        raise ConfigurationError(f"{what}: api_base_url must not contain a password")
    if "{id}" not in registration.api_path_template:
        raise ConfigurationError(
            f"{what}: api_path_template must say where the id goes, e.g. /items/customers/{{id}}"
        )
    _check_choice(what, "status", registration.status, get_args(EntityStatus))
    _check_choice(what, "api_auth_type", registration.api_auth_type, get_args(AuthType))
    _check_choice(
        what, "data_classification", registration.data_classification, get_args(DataClassification)
    )
    if registration.availability_sla is not None and not 0 <= registration.availability_sla <= 1:
        raise ConfigurationError(f"{what}: availability_sla is a ratio, e.g. 0.999")
    for name in ("latency_p99_ms", "freshness_sla_seconds", "retention_days"):
        number = getattr(registration, name)
        if number is not None and not 0 <= number < 2**31:
            raise ConfigurationError(f"{what}: {name} must be 0 or more")
    return registration


def check_relationship(relationship: RelationshipRecord) -> RelationshipRecord:
    """Return the relationship, or say what is wrong with it.

    Raises:
        FatalError: if a column could not hold it.
    """
    for name in (
        "subject_type", "subject_id", "relationship_type", "object_type", "object_id",
    ):  # fmt: skip
        length = 255 if name.endswith("_id") else 100
        _check_text(f"a relationship's {name}", getattr(relationship, name), length)
    if relationship.cardinality not in get_args(Cardinality):
        raise FatalError(
            f"a relationship's cardinality must be one of {', '.join(get_args(Cardinality))}"
        )
    return relationship


def check_event(event: EntityChangeEvent) -> EntityChangeEvent:
    """Return the event, or say why the catalog cannot hold it.

    Raises:
        FatalError: if a column could not hold it.
    """
    for name, value, length in (
        ("event_id", event.event_id, 255),
        ("domain", event.domain, 100),
        ("source_system", event.source_system, 100),
        ("entity type", event.entity.type, 100),
        ("entity id", event.entity.id, 255),
    ):
        _check_text(f"an event's {name}", value, length)
    if event.entity.id == PRODUCT_ROW_ID:
        raise FatalError(f"an entity cannot have the id {PRODUCT_ROW_ID!r}")
    for related in event.relationships:
        _check_text("a relationship's kind", related.relationship_kind, 100)
        _check_text("a relationship's type", related.type, 100)
        _check_text("a relationship's entity_id", related.entity_id, 255)
    if event.timestamp.tzinfo is None:
        raise FatalError("an event's timestamp needs a time zone")
    return event


def check_depth(max_depth: int) -> int:
    """Return the depth of a graph query, or say that it makes no sense.

    Raises:
        ConfigurationError: if it is below 1 or above `MAX_GRAPH_DEPTH`.
    """
    if not 1 <= max_depth <= MAX_GRAPH_DEPTH:
        raise ConfigurationError(f"max_depth must be 1 to {MAX_GRAPH_DEPTH}, not {max_depth}")
    return max_depth


def unknown_schema(entity_type: str, version: str) -> str:
    """What to tell about a registration whose schema was not published."""
    return (
        f"version {version!r} of the schema of {entity_type!r} is not published;"
        " call register_schema first"
    )


def location_url(api_base_url: str, api_path_template: str, entity_id: str) -> str:
    """Return where the entity is served; the id is quoted, whatever it contains."""
    path = api_path_template.replace("{id}", quote(entity_id, safe=""))
    return f"{api_base_url.rstrip('/')}/{path.lstrip('/')}"


def split_entity_url(url: str, entity_id: str) -> tuple[str, str]:
    """Return base address and path template of one entity's address.

    Where the id does not stand in the path, the path is taken as it is and the id follows it.
    """
    parts = urlsplit(url)
    base = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}" if parts.scheme else ""
    path = parts.path + (f"?{parts.query}" if parts.query else "")
    for written in (quote(entity_id, safe=""), entity_id):
        before, found, after = path.rpartition(written)
        if found:
            return base, f"{before}{{id}}{after}"
    return base, f"{path.rstrip('/')}/{{id}}"


def _check_choice(what: str, name: str, value: str | None, known: tuple[str, ...]) -> None:
    if value is not None and value not in known:
        raise ConfigurationError(f"{what}: {name} must be one of {', '.join(known)}")


def _check_text(what: str, value: str, length: int) -> None:
    if not value or len(value) > length or "\x00" in value:
        raise FatalError(f"{what} must have 1 to {length} characters, none of them zero")
