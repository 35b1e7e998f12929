"""What is not part of the conformance class: the clock, the consumer, what stands in the rows."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import asyncpg
import pytest

from subgraph_kit.catalog.base import EntityRegistration, RelationshipRecord
from subgraph_kit.catalog.consumer import CatalogConsumer
from subgraph_kit.catalog.locations import LocationCache
from subgraph_kit.catalog.memory import MemoryCatalog
from subgraph_kit.catalog.postgres import PostgresCatalog
from subgraph_kit.catalog.registration import split_entity_url
from subgraph_kit.data_product import HealthState
from subgraph_kit.errors import EntityNotFoundError
from subgraph_kit.events.avro import EventCodec
from subgraph_kit.events.base import Record
from subgraph_kit.events.memory import MemoryBus
from subgraph_kit.events.model import EntityReference
from subgraph_kit.events.publisher import EventPublisher
from subgraph_kit.events.registry import CatalogRegistry
from subgraph_kit.events.topics import dead_letter_topic
from subgraph_kit.testing.catalog import a_registration, an_event


class Clock:
    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


async def letters(bus: MemoryBus) -> list[Record]:
    return [record async for record in bus.replay(dead_letter_topic("catalog"))]


@pytest.fixture
async def catalog(postgres_dsn: str) -> AsyncIterator[PostgresCatalog]:
    catalog = PostgresCatalog(postgres_dsn)
    yield catalog
    await catalog.close()


@pytest.mark.embedded
async def test_a_location_is_remembered_for_ten_minutes(postgres_dsn: str) -> None:
    clock = Clock()
    reader, writer = PostgresCatalog(postgres_dsn, clock=clock), PostgresCatalog(postgres_dsn)
    await writer.register_entity(a_registration())
    assert (await reader.get_entity_location("Customer", "42")).contains_pii
    await writer.register_entity(a_registration(contains_pii=False))
    clock.seconds = 599
    assert (await reader.get_entity_location("Customer", "42")).contains_pii
    clock.seconds = 600
    assert not (await reader.get_entity_location("Customer", "42")).contains_pii
    await reader.close()
    await writer.close()


def test_the_location_cache_is_bounded() -> None:
    cache = LocationCache(Clock())
    location = object()
    for number in range(10_001):
        cache.put("T", str(number), location)  # type: ignore[arg-type]  # only passed through
    assert cache.get("T", "0") is None
    assert cache.get("T", "10000") is location


@pytest.mark.parametrize(
    ("url", "entity_id", "parts"),
    [
        ("https://a.org/items/42", "42", ("https://a.org", "/items/{id}")),
        ("https://u:p@a.org:81/x?id=42", "42", ("https://a.org:81", "/x?id={id}")),
        ("https://a.org/x/a%20b", "a b", ("https://a.org", "/x/{id}")),
        ("https://a.org/x", "42", ("https://a.org", "/x/{id}")),
        ("https://a.org/42/42", "42", ("https://a.org", "/42/{id}")),
        ("", "42", ("", "/{id}")),
    ],
)
def test_an_entitys_address_becomes_a_template(
    url: str, entity_id: str, parts: tuple[str, str]
) -> None:
    assert split_entity_url(url, entity_id) == parts


@pytest.mark.embedded
async def test_the_rows_hold_what_was_said(catalog: PostgresCatalog, postgres_dsn: str) -> None:
    schema = await catalog.register_schema("Customer", "1.0.0", "json_schema", {"type": "object"})
    entity_id = await catalog.register_entity(a_registration(schema_version="1.0.0"))
    await catalog.record_relationship(
        RelationshipRecord("Customer", "42", "has_invoice", "Invoice", "7", metadata={"n": 1})
    )
    await catalog.track_lineage(
        "shop", "invoices", "join", transformation_logic="a=b", latency_ms=100
    )
    await catalog.track_lineage("shop", "invoices", "join", latency_ms=200)
    for _ in range(3):
        await catalog.record_cache_status(
            "Customer", "42", "l1_memory", cache_key="Customer:42",
            expires_at=datetime.now(UTC) + timedelta(hours=1),
        )  # fmt: skip
    connection = await asyncpg.connect(postgres_dsn)
    entity = await connection.fetchrow("SELECT * FROM entity_catalog")
    assert (entity["id"], entity["schema_id"]) == (entity_id, schema.id)
    assert str(entity["availability_sla"]) == "0.9990"
    relation = await connection.fetchrow("SELECT * FROM entity_relationships")
    assert (relation["subject_catalog_id"], relation["object_catalog_id"]) == (entity_id, None)
    assert relation["relationship_metadata"] == '{"n": 1}'
    lineage = await connection.fetchrow("SELECT * FROM data_lineage")
    assert (lineage["average_latency_ms"], lineage["transformation_logic"]) == (120, "a=b")
    cached = await connection.fetchrow("SELECT * FROM cache_status")
    assert (cached["entity_catalog_id"], cached["hit_count"]) == (entity_id, 2)

    await catalog.apply_event(an_event())
    expired = await connection.fetchval("SELECT expires_at <= now() FROM cache_status")
    assert expired  # the event says that what was cached is stale
    await connection.close()


@pytest.mark.embedded
async def test_the_graph_is_walked_by_catalog_id_too(
    catalog: PostgresCatalog, postgres_dsn: str
) -> None:
    """Rows that name entities only by catalog id, as other writers may, are steps as well."""
    ids = [
        await catalog.register_entity(a_registration(source_entity_id=number)) for number in "123"
    ]
    connection = await asyncpg.connect(postgres_dsn)
    for left, right in pairwise(ids):
        await connection.execute(
            "INSERT INTO entity_relationships"
            " (subject_catalog_id, relationship_type, object_catalog_id) VALUES ($1, 'next', $2)",
            left,
            right,
        )
    await connection.close()
    hops = await catalog.query_relationship_graph("Customer", "1")
    assert [hop.depth for hop in hops] == [1, 2]


@pytest.mark.embedded
async def test_health(catalog: PostgresCatalog) -> None:
    assert (await catalog.health_check()).state is HealthState.HEALTHY
    away = PostgresCatalog("postgresql://me:hunter2@127.0.0.1:1/x")
    status = await away.health_check()
    assert status.state is HealthState.UNHEALTHY
    assert "hunter2" not in str(status.detail)


@pytest.mark.embedded
async def test_registers_thousands_in_one_round_trip(catalog: PostgresCatalog) -> None:
    registrations = [a_registration(source_entity_id=str(n)) for n in range(5000)]
    ids = await catalog.register_entities(registrations)
    assert len(set(ids)) == 5000


@pytest.mark.embedded
async def test_the_consumer_keeps_the_catalog_current(catalog: PostgresCatalog) -> None:
    """Events are applied once and bad records set aside, whatever order they come in."""
    bus = MemoryBus()
    publisher = EventPublisher(bus, EventCodec(CatalogRegistry(catalog)))
    good, impossible = an_event(), an_event(entity=EntityReference("Customer", "x" * 300, 1, "u"))
    await bus.publish([Record("customers.directus.entity_changed", b"42", b"no event")])
    await publisher.publish_events([impossible, good, good])
    tenant = replace(an_event(), entity=EntityReference("Customer", "43", 1, "https://a.org/43"))
    await EventPublisher(bus, publisher.codec, tenant="acme").publish_event(tenant)

    consumer = CatalogConsumer(bus, catalog)
    running = asyncio.create_task(consumer.run())
    async with asyncio.timeout(10):
        while len(await catalog.read_events()) < 2 or len(await letters(bus)) < 2:  # noqa: ASYNC110 - no event tells when both are there
            await asyncio.sleep(0.02)
        consumer.stop()
        await running
    assert {event.event_id for event in await catalog.read_events()} == {
        good.event_id,
        tenant.event_id,
    }
    assert {letter.headers["dead-letter-code"] for letter in await letters(bus)} == {
        b"INVALID_EVENT",
        b"FATAL_ERROR",
    }


async def test_the_memory_catalog_forgets_locations_of_what_changed() -> None:
    catalog = MemoryCatalog()
    registration: EntityRegistration = a_registration()
    await catalog.register_entity(registration)
    await catalog.get_entity_location("Customer", "42")
    await catalog.register_entity(replace(registration, status="archived"))
    with pytest.raises(EntityNotFoundError):
        await catalog.get_entity_location("Customer", "42")
