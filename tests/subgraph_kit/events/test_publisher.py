from __future__ import annotations

from subgraph_kit.catalog.base import EntityRegistration, RelationshipRecord
from subgraph_kit.data_product import LineageEdge
from subgraph_kit.events.avro import EventCodec
from subgraph_kit.events.memory import MemoryBus
from subgraph_kit.events.model import TraceContext
from subgraph_kit.events.publisher import EventPublisher, traceparent
from subgraph_kit.events.schemas import ENTITY_REGISTERED as REGISTERED_SCHEMA
from subgraph_kit.events.schemas import RELATIONSHIP_CREATED as RELATIONSHIP_SCHEMA
from subgraph_kit.events.topics import ENTITY_REGISTERED, RELATIONSHIP_CREATED
from tests.subgraph_kit.events.samples import TRACE, an_event


async def test_an_event_goes_to_its_topic_under_its_entitys_id() -> None:
    bus = MemoryBus()
    event = an_event()
    await EventPublisher(bus).publish_event(event)
    (record,) = [r async for r in bus.replay("customers.directus.entity_changed")]
    assert record.key == b"42"
    assert record.headers == {
        "content-type": b"application/avro; schema=EntityChangeEvent; version=1.0.0",
        "event-id": event.event_id.encode(),
        "traceparent": b"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    }
    assert await EventCodec().decode(record) == event


async def test_a_tenant_has_topics_of_its_own() -> None:
    bus = MemoryBus()
    await EventPublisher(bus, tenant="acme").publish_event(an_event())
    assert await bus.topics() == ["acme.customers.directus.entity_changed"]


def test_a_trace_context_that_is_none_makes_no_header() -> None:
    assert traceparent(TRACE) is not None
    assert traceparent(TraceContext("", "")) is None
    assert traceparent(TraceContext("X" * 32, "b7ad6b7169203331")) is None


async def test_registrations_are_announced_by_entity() -> None:
    bus = MemoryBus()
    publisher = EventPublisher(bus)
    registration = EntityRegistration(
        "Customer", "customers", "directus", "*", "https://cms.example.org", "/customers/{id}",
        contains_pii=True, data_classification="confidential",
    )  # fmt: skip
    await publisher.announce_entities([registration])
    await publisher.announce_entities([registration])
    first, second = [r async for r in bus.replay(ENTITY_REGISTERED)]
    assert first.key == second.key  # so that compaction keeps one
    datum = await publisher.codec.decode_datum(REGISTERED_SCHEMA, first)
    assert (datum["entity_type"], datum["contains_pii"]) == ("Customer", True)
    assert datum["schema_version"] is None


async def test_relationships_are_announced_by_their_ends() -> None:
    bus = MemoryBus()
    publisher = EventPublisher(bus)
    await publisher.announce_relationships(
        [RelationshipRecord("Customer", "42", "has_invoice", "Invoice", n) for n in ("1", "2")]
    )
    records = [r async for r in bus.replay(RELATIONSHIP_CREATED)]
    assert len({record.key for record in records}) == 2
    datum = await publisher.codec.decode_datum(RELATIONSHIP_SCHEMA, records[0])
    assert (datum["subject_id"], datum["cardinality"]) == ("42", "one_to_many")


async def test_lineage_is_announced_as_relationships_between_systems() -> None:
    bus = MemoryBus()
    publisher = EventPublisher(bus)
    await publisher.announce_lineage([LineageEdge("erp", "shop", "enrichment")])
    (record,) = [r async for r in bus.replay(RELATIONSHIP_CREATED)]
    datum = await publisher.codec.decode_datum(RELATIONSHIP_SCHEMA, record)
    assert (datum["subject_type"], datum["subject_id"]) == ("System", "erp")
    assert (datum["relationship_type"], datum["object_id"]) == ("enrichment", "shop")
