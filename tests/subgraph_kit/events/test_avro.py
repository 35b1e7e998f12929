from __future__ import annotations

import io
import json
import struct
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import fastavro
import pytest
from hypothesis import given
from hypothesis import strategies as st

from subgraph_kit.catalog.memory import MemoryCatalog
from subgraph_kit.data_product import ChangeType
from subgraph_kit.errors import InvalidEventError
from subgraph_kit.events.avro import CONTENT_TYPE, EventCodec, content_type
from subgraph_kit.events.base import Record
from subgraph_kit.events.datum import event_from_datum, event_to_json
from subgraph_kit.events.model import (
    EntityChangeEvent,
    EntityReference,
    RelationshipReference,
    TraceContext,
)
from subgraph_kit.events.registry import CatalogRegistry, MemoryRegistry
from subgraph_kit.events.schemas import ENTITY_CHANGE_EVENT, RELEASED
from tests.subgraph_kit.events.samples import an_event

TOPIC = "customers.directus.entity_changed"


def a_record(value: bytes, **headers: bytes) -> Record:
    return Record(TOPIC, b"42", value, headers)


texts = st.text(min_size=1, max_size=20)
optional_texts = st.none() | texts
moments = st.datetimes(datetime(1970, 1, 1), datetime(2261, 1, 1), timezones=st.just(UTC)).map(
    lambda moment: moment.replace(microsecond=moment.microsecond // 1000 * 1000)
)
events = st.builds(
    EntityChangeEvent,
    event_id=texts,
    event_type=st.sampled_from(ChangeType),
    timestamp=moments,
    source_system=texts,
    domain=texts,
    entity=st.builds(
        EntityReference,
        type=texts,
        id=texts,
        version=st.integers(-(2**63), 2**63 - 1),
        url=texts,
        etag=optional_texts,
    ),
    trace_context=st.builds(
        TraceContext, trace_id=texts, span_id=texts, parent_span_id=optional_texts
    ),
    changed_fields=st.lists(texts, max_size=3).map(tuple),
    relationships=st.lists(
        st.builds(
            RelationshipReference,
            type=texts,
            entity_id=texts,
            source_system=texts,
            relationship_kind=texts,
            display_name=optional_texts,
        ),
        max_size=3,
    ).map(tuple),
    metadata=st.dictionaries(texts, texts, max_size=3),
)


@given(event=events)
async def test_every_event_survives_the_way(event: EntityChangeEvent) -> None:
    codec = EventCodec()
    assert await codec.decode(a_record(await codec.encode(event))) == event


@given(event=events)
def test_every_event_survives_as_json(event: EntityChangeEvent) -> None:
    assert event_from_datum(json.loads(json.dumps(event_to_json(event)))) == event


async def test_the_value_is_in_the_confluent_wire_format() -> None:
    registry = MemoryRegistry()
    await registry.register("Other", "1", {"type": "record", "name": "Other", "fields": []})
    value = await EventCodec(registry).encode(an_event())
    assert struct.unpack_from(">bI", value) == (0, 2)
    datum: Any = fastavro.schemaless_reader(
        io.BytesIO(value[5:]), fastavro.parse_schema(dict(ENTITY_CHANGE_EVENT.definition)), None
    )
    assert datum["event_type"] == "UPDATED"
    assert datum["timestamp"] == datetime(2026, 3, 1, 12, 0, 0, 123_000, UTC)
    assert datum["entity"]["etag"] is None


def test_the_schema_has_the_fields_of_the_contract() -> None:
    fields = {f["name"]: f for f in ENTITY_CHANGE_EVENT.definition["fields"]}
    assert list(fields) == [
        "event_id", "event_type", "timestamp", "source_system", "domain", "entity",
        "changed_fields", "relationships", "metadata", "trace_context",
    ]  # fmt: skip
    assert fields["event_type"]["type"]["symbols"] == ["CREATED", "UPDATED", "DELETED", "ARCHIVED"]
    assert fields["timestamp"]["type"] == {"type": "long", "logicalType": "timestamp-millis"}
    assert [f["name"] for f in fields["entity"]["type"]["fields"]] == [
        "type", "id", "version", "url", "etag",
    ]  # fmt: skip
    assert [f["name"] for f in fields["relationships"]["type"]["items"]["fields"]] == [
        "type", "entity_id", "source_system", "relationship_kind", "display_name",
    ]  # fmt: skip
    for schema in RELEASED:
        fastavro.parse_schema(dict(schema.definition))


async def test_writer_and_reader_share_schemas_through_the_catalog() -> None:
    catalog = MemoryCatalog()
    event = an_event()
    value = await EventCodec(CatalogRegistry(catalog)).encode(event)
    assert await EventCodec(CatalogRegistry(catalog)).decode(a_record(value)) == event
    published = await catalog.latest_schema("EntityChangeEvent")
    assert published is not None
    assert (published.version, published.schema_format) == ("1.0.0", "avro")


async def test_reads_what_a_newer_writer_wrote() -> None:
    """A field it does not know is passed over: the writer's schema comes from the registry."""
    newer = json.loads(json.dumps(ENTITY_CHANGE_EVENT.definition))
    newer["fields"].insert(0, {"name": "priority", "type": "int", "default": 0})
    registry = MemoryRegistry()
    wire_id = await registry.register("EntityChangeEvent", "1.1.0", newer)
    event = an_event()
    out = io.BytesIO()
    datum = event_to_json(event) | {"timestamp": event.timestamp, "priority": 9}
    fastavro.schemaless_writer(out, fastavro.parse_schema(newer), datum)
    value = struct.pack(">bI", 0, wire_id) + out.getvalue()
    assert await EventCodec(registry).decode(a_record(value)) == event


async def test_without_the_writers_registry_the_content_type_decides() -> None:
    value = await EventCodec().encode(an_event())
    reader = EventCodec(MemoryRegistry())
    with pytest.raises(InvalidEventError, match="has no number 1"):
        await reader.decode(a_record(value))
    announced = {CONTENT_TYPE: content_type(ENTITY_CHANGE_EVENT)}
    assert (await reader.decode(Record(TOPIC, b"42", value, announced))).entity.id == "42"


@given(value=st.binary(max_size=200) | st.binary(max_size=200).map(lambda b: b"\0\0\0\0\1" + b))
async def test_bytes_that_are_no_event_are_refused(value: bytes) -> None:
    codec = EventCodec()
    await codec.encode(an_event())
    with pytest.raises(InvalidEventError):
        await codec.decode(a_record(value))


async def test_a_value_cut_anywhere_is_refused() -> None:
    codec = EventCodec()
    value = await codec.encode(an_event())
    for length in range(len(value)):
        with pytest.raises(InvalidEventError):
            await codec.decode(a_record(value[:length]))
    with pytest.raises(InvalidEventError, match="does not end where the event ends"):
        await codec.decode(a_record(value + b"\0"))


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"timestamp": datetime(2026, 1, 1)}, "needs a time zone"),
        ({"metadata": {"big": "x" * 1_000_001}}, "larger than 1000000 bytes"),
        ({"event_id": 7}, "does not fit EntityChangeEvent 1.0.0"),
    ],
)
async def test_an_event_that_cannot_be_written_is_refused(
    changes: dict[str, Any], complaint: str
) -> None:
    with pytest.raises(InvalidEventError, match=complaint):
        await EventCodec().encode(replace(an_event(), **changes))


@pytest.mark.parametrize("missing", ["event_id", "type", "id"])
async def test_an_event_about_nothing_is_refused(missing: str) -> None:
    event = an_event()
    if missing == "event_id":
        event = replace(event, event_id="")
    else:
        empty = (
            {"type": "", "id": event.entity.id} if missing == "type" else {"type": "T", "id": ""}
        )
        event = replace(event, entity=EntityReference(**empty, version=1, url="https://x.org"))
    codec = EventCodec()
    with pytest.raises(InvalidEventError, match="needs an event_id"):
        await codec.decode(a_record(await codec.encode(event)))
