"""What every catalog must do: a class to subclass with a `catalog` fixture (rows 52 to 57)."""

# ruff: noqa: S101 - a conformance class states what must hold by asserting it
from __future__ import annotations

import asyncio
import uuid
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from subgraph_kit.catalog.base import (
    PRODUCT_ROW_ID,
    Catalog,
    Compatibility,
    EntityRegistration,
    RelationshipRecord,
)
from subgraph_kit.data_product import ChangeType
from subgraph_kit.errors import (
    ConfigurationError,
    EntityNotFoundError,
    FatalError,
    IncompatibleSchemaError,
)
from subgraph_kit.events.model import (
    EntityChangeEvent,
    EntityReference,
    RelationshipReference,
    TraceContext,
)

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def a_registration(**changes: Any) -> EntityRegistration:
    """A valid registration of customer 42."""
    return replace(
        EntityRegistration(
            entity_type="Customer",
            domain="customers",
            source_system="directus",
            source_entity_id="42",
            api_base_url="https://cms.example.org/",
            api_path_template="/items/customers/{id}",
            api_auth_type="bearer",
            availability_sla=0.999,
            latency_p99_ms=500,
            freshness_sla_seconds=5,
            contains_pii=True,
            data_classification="confidential",
            retention_days=365,
        ),
        **changes,
    )


def an_event(**changes: Any) -> EntityChangeEvent:
    """A valid event about customer 42, with an id of its own."""
    return replace(
        EntityChangeEvent(
            event_id=str(uuid.uuid4()),
            event_type=ChangeType.UPDATED,
            timestamp=NOON,
            source_system="directus",
            domain="customers",
            entity=EntityReference(
                "Customer", "42", 3, "https://cms.example.org/items/customers/42", 'W/"3"'
            ),
            trace_context=TraceContext("0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"),
            changed_fields=("email",),
            metadata={"region": "eu"},
        ),
        **changes,
    )


def an_avro_schema(*fields: dict[str, Any]) -> dict[str, Any]:
    """A record schema with an id and the fields given."""
    return {
        "type": "record",
        "name": "Thing",
        "fields": [{"name": "id", "type": "string"}, *fields],
    }


def _has_invoice(number: str, **changes: Any) -> RelationshipRecord:
    return RelationshipRecord("Customer", "42", "has_invoice", "Invoice", number, **changes)


def _invoice(number: str) -> RelationshipReference:
    return RelationshipReference("Invoice", number, "shop", "has_invoice", f"No. {number}")


class CatalogConformance:
    """The promises of `subgraph_kit.catalog.base`, as tests."""

    async def test_registering_twice_is_one_entity(self, catalog: Catalog) -> None:
        """The identity is system, id and type; what was registered last counts."""
        first = await catalog.register_entity(a_registration())
        again = await catalog.register_entity(
            a_registration(api_base_url="https://new.example.org", contains_pii=False)
        )
        assert first == again
        location = await catalog.get_entity_location("Customer", "42")
        assert location.full_url == "https://new.example.org/items/customers/42"
        assert location.contains_pii is False

    async def test_registers_many_in_their_order(self, catalog: Catalog) -> None:
        """Ids come in the order given, equal ones for equal identities."""
        numbers = ["3", "1", "2", "1"]
        ids = await catalog.register_entities([a_registration(source_entity_id=n) for n in numbers])
        assert ids[1] == ids[3]
        assert len(set(ids)) == 3
        assert ids[0] == await catalog.register_entity(a_registration(source_entity_id="3"))
        assert await catalog.register_entities([]) == []

    @pytest.mark.parametrize(
        ("changes", "complaint"),
        [
            ({"entity_type": ""}, "entity_type must have 1 to 100 characters"),
            ({"entity_type": "x" * 101}, "entity_type must have 1 to 100 characters"),
            ({"source_entity_id": "a\x00b"}, "source_entity_id"),
            ({"api_base_url": "cms"}, "api_base_url must be an address"),
            ({"api_base_url": "https://u:secret@cms"}, "must not contain a password"),
            ({"api_path_template": "/customers"}, "where the id goes"),
            ({"availability_sla": 99.9}, "availability_sla is a ratio"),
            ({"retention_days": -1}, "retention_days must be 0 or more"),
            ({"data_classification": "secret"}, "data_classification must be one of public"),
            ({"status": "gone"}, "status must be one of active"),
            ({"schema_version": "9.9"}, "call register_schema first"),
        ],
    )
    async def test_refuses_a_registration_that_makes_no_sense(
        self, catalog: Catalog, changes: dict[str, Any], complaint: str
    ) -> None:
        """The text says which field is wrong; nothing of the batch is kept, no secret is shown."""
        with pytest.raises(ConfigurationError, match=complaint) as caught:
            await catalog.register_entities([a_registration(), a_registration(**changes)])
        assert "secret@" not in str(caught.value)
        with pytest.raises(EntityNotFoundError):
            await catalog.get_entity_location("Customer", "42")

    async def test_tells_where_an_entity_is(self, catalog: Catalog) -> None:
        """The location has the full address and what one must know before asking."""
        await catalog.register_schema("Customer", "1.0.0", "json_schema", {"type": "object"})
        await catalog.register_entity(a_registration(schema_version="1.0.0"))
        location = await catalog.get_entity_location("Customer", "42")
        assert location.source_system == "directus"
        assert location.full_url == "https://cms.example.org/items/customers/42"
        assert (location.api_method, location.api_auth_type) == ("GET", "bearer")
        assert (location.schema_version, location.contains_pii) == ("1.0.0", True)
        assert location.data_classification == "confidential"

    async def test_quotes_ids_in_addresses(self, catalog: Catalog) -> None:
        """An id with special characters cannot leave its place in the path."""
        await catalog.register_entity(a_registration(source_entity_id="../a b?x=1"))
        location = await catalog.get_entity_location("Customer", "../a b?x=1")
        assert location.full_url.endswith("/items/customers/..%2Fa%20b%3Fx%3D1")

    async def test_archived_entities_have_no_location(self, catalog: Catalog) -> None:
        """Only what is active is served."""
        await catalog.register_entity(a_registration(status="archived"))
        with pytest.raises(EntityNotFoundError):
            await catalog.get_entity_location("Customer", "42")

    async def test_a_relationship_recorded_twice_is_one_row(self, catalog: Catalog) -> None:
        """The current row is refreshed, and what is not said again stays."""
        first = await catalog.record_relationship(_has_invoice("7", object_display_name="No. 7"))
        again = await catalog.record_relationship(_has_invoice("7", metadata={"total": "39.98"}))
        assert first == again
        (hop,) = await catalog.query_relationship_graph("Customer", "42")
        assert hop.object_display_name == "No. 7"

    async def test_an_ended_relationship_can_begin_anew(self, catalog: Catalog) -> None:
        """Ending is once; recording after that makes a new row."""
        first = await catalog.record_relationship(_has_invoice("7"))
        assert await catalog.end_relationship(_has_invoice("7")) is True
        assert await catalog.end_relationship(_has_invoice("7")) is False
        assert await catalog.query_relationship_graph("Customer", "42") == []
        assert await catalog.record_relationship(_has_invoice("7")) != first

    async def test_refuses_impossible_relationships(self, catalog: Catalog) -> None:
        """What no column can hold is refused with a sentence."""
        with pytest.raises(FatalError, match="object_id must have 1 to 255"):
            await catalog.record_relationship(_has_invoice("x" * 256))

    async def test_walks_the_graph_by_depth_then_type(self, catalog: Catalog) -> None:
        """Invoices are at depth 1, their products at depth 2; depth is bounded by the caller."""
        for number in ("1", "2"):
            await catalog.record_relationship(_has_invoice(number))
            await catalog.record_relationship(
                RelationshipRecord("Invoice", number, "contains_product", "Product", "9")
            )
        await catalog.record_relationship(
            RelationshipRecord("Customer", "42", "belongs_to", "Account", "5")
        )
        hops = await catalog.query_relationship_graph("Customer", "42")
        assert [(h.depth, h.relationship_type, h.object_id) for h in hops] == [
            (1, "belongs_to", "5"),
            (1, "has_invoice", "1"),
            (1, "has_invoice", "2"),
            (2, "contains_product", "9"),
            (2, "contains_product", "9"),
        ]
        near = await catalog.query_relationship_graph("Customer", "42", max_depth=1)
        assert {hop.depth for hop in near} == {1}

    async def test_cycles_end(self, catalog: Catalog) -> None:
        """Each relationship of a cycle is listed once, where it is nearest."""
        for left, right in (("a", "b"), ("b", "c"), ("c", "a"), ("a", "a")):
            await catalog.record_relationship(
                RelationshipRecord("Node", left, "next", "Node", right)
            )
        hops = await catalog.query_relationship_graph("Node", "a", max_depth=20)
        assert [(h.depth, h.subject_id, h.object_id) for h in hops] == [
            (1, "a", "a"),
            (1, "a", "b"),
            (2, "b", "c"),
            (3, "c", "a"),
        ]

    async def test_a_dense_graph_does_not_explode(self, catalog: Catalog) -> None:
        """Twelve nodes, all related to all, have 479,001,600 paths; the answer has 132 rows."""
        nodes = [str(number) for number in range(12)]
        for left in nodes:
            for right in nodes:
                if left != right:
                    await catalog.record_relationship(
                        RelationshipRecord("Node", left, "knows", "Node", right)
                    )
        async with asyncio.timeout(5):
            hops = await catalog.query_relationship_graph("Node", "0", max_depth=12)
        assert len(hops) == 132

    @pytest.mark.parametrize("depth", [0, -1, 1000])
    async def test_refuses_a_senseless_depth(self, catalog: Catalog, depth: int) -> None:
        """A depth is 1 to 20."""
        with pytest.raises(ConfigurationError, match="max_depth must be 1 to 20"):
            await catalog.query_relationship_graph("Customer", "42", max_depth=depth)

    async def test_lineage_is_one_row_per_flow(self, catalog: Catalog) -> None:
        """The same flow is refreshed, another kind of it is another flow."""
        first = await catalog.track_lineage("shop", "invoices", "direct_copy", latency_ms=10)
        again = await catalog.track_lineage("shop", "invoices", "direct_copy", latency_ms=20)
        other = await catalog.track_lineage("shop", "invoices", "enrichment")
        assert first == again != other

    async def test_publishes_schema_versions(self, catalog: Catalog) -> None:
        """A compatible version follows; each has a number of its own, and stays what it is."""
        optional = {"name": "note", "type": ["null", "string"], "default": None}
        one = await catalog.register_schema("Thing", "1.0.0", "avro", an_avro_schema())
        two = await catalog.register_schema("Thing", "1.1.0", "avro", an_avro_schema(optional))
        assert one.wire_id != two.wire_id
        assert (two.backward_compatible, two.forward_compatible) == (True, True)
        assert await catalog.register_schema("Thing", "1.0.0", "avro", an_avro_schema()) == one
        assert await catalog.get_schema_by_wire_id(one.wire_id) == one
        assert await catalog.latest_schema("Thing") == two
        assert await catalog.latest_schema("Nothing") is None

    async def test_refuses_a_schema_that_cannot_read_old_data(self, catalog: Catalog) -> None:
        """The text names the field; a published version cannot be changed either."""
        await catalog.register_schema("Thing", "1.0.0", "avro", an_avro_schema())
        required = {"name": "note", "type": "string"}
        with pytest.raises(IncompatibleSchemaError, match="note: new field without a default"):
            await catalog.register_schema("Thing", "2.0.0", "avro", an_avro_schema(required))
        with pytest.raises(IncompatibleSchemaError, match="give the changed schema a new version"):
            await catalog.register_schema("Thing", "1.0.0", "avro", an_avro_schema(required))
        with pytest.raises(IncompatibleSchemaError, match="not 'json_schema'"):
            await catalog.register_schema("Thing", "2.0.0", "json_schema", {})

    async def test_records_graphql_schemas_with_the_flags_it_is_told(
        self, catalog: Catalog
    ) -> None:
        """Who publishes them has compared them; without that they are refused."""
        first = {"sdl": "type Query { a: Int }"}
        with pytest.raises(ConfigurationError, match="dictamesh supergraph publish"):
            await catalog.register_schema("subgraph:a", "1", "graphql", first)
        told = Compatibility(backward=False, forward=True)
        one = await catalog.register_schema("subgraph:a", "1", "graphql", first, compatibility=told)
        assert (one.backward_compatible, one.forward_compatible) == (False, True)
        assert await catalog.latest_schema("subgraph:a") == one

    @pytest.mark.parametrize("wire_id", [0, -1, 99, 2**32 - 1])
    async def test_an_unknown_schema_number_is_an_error(
        self, catalog: Catalog, wire_id: int
    ) -> None:
        """Also numbers that no registry could ever give."""
        with pytest.raises(FatalError, match="no schema has number"):
            await catalog.get_schema_by_wire_id(wire_id)

    async def test_logs_an_event_once(self, catalog: Catalog) -> None:
        """Logging alone changes nothing else, and does not stand in the way of applying."""
        event = an_event()
        assert await catalog.append_event(event) is True
        assert await catalog.append_event(event) is False
        with pytest.raises(EntityNotFoundError):
            await catalog.get_entity_location("Customer", "42")
        assert await catalog.apply_event(event) is True
        assert await catalog.read_events() == [event]

    async def test_an_event_is_applied_once(self, catalog: Catalog) -> None:
        """The entity is registered, its relations are recorded, the event is logged."""
        event = an_event(relationships=(_invoice("7"),))
        assert await catalog.apply_event(event) is True
        assert await catalog.apply_event(event) is False
        location = await catalog.get_entity_location("Customer", "42")
        assert location.full_url == "https://cms.example.org/items/customers/42"
        (hop,) = await catalog.query_relationship_graph("Customer", "42")
        assert (hop.object_id, hop.object_display_name) == ("7", "No. 7")
        assert await catalog.read_events() == [event]

    async def test_applying_the_same_event_at_once_applies_it_once(self, catalog: Catalog) -> None:
        """Dispatcher and consumer may meet."""
        event = an_event()
        results = await asyncio.gather(*(catalog.apply_event(event) for _ in range(5)))
        assert sorted(results) == [False, False, False, False, True]

    async def test_a_new_entity_inherits_from_its_data_product(self, catalog: Catalog) -> None:
        """Access, SLA and classification come from the row that stands for the product."""
        await catalog.register_entity(
            a_registration(
                source_entity_id=PRODUCT_ROW_ID, api_base_url="https://public.example.org"
            )
        )
        await catalog.apply_event(an_event())
        location = await catalog.get_entity_location("Customer", "42")
        assert location.full_url == "https://public.example.org/items/customers/42"
        assert location.data_classification == "confidential"

    async def test_an_event_replaces_the_relations_of_the_kinds_it_names(
        self, catalog: Catalog
    ) -> None:
        """What is not listed any more has ended; other kinds, and events without any, stay."""
        account = RelationshipReference("Account", "5", "crm", "belongs_to")
        before = [_invoice("1"), _invoice("2"), account]
        await catalog.apply_event(an_event(relationships=tuple(before)))
        await catalog.apply_event(an_event(relationships=(_invoice("2"), _invoice("3"))))
        await catalog.apply_event(an_event(relationships=()))
        hops = await catalog.query_relationship_graph("Customer", "42")
        assert [hop.object_id for hop in hops] == ["5", "2", "3"]

    async def test_a_deleted_entity_is_archived_and_unrelated(self, catalog: Catalog) -> None:
        """Relations end in both directions."""
        await catalog.apply_event(an_event(relationships=(_invoice("7"),)))
        await catalog.record_relationship(
            RelationshipRecord("Account", "5", "has_customer", "Customer", "42")
        )
        await catalog.apply_event(
            an_event(event_type=ChangeType.DELETED, timestamp=datetime.now(UTC))
        )
        with pytest.raises(EntityNotFoundError):
            await catalog.get_entity_location("Customer", "42")
        assert await catalog.query_relationship_graph("Customer", "42") == []
        assert await catalog.query_relationship_graph("Account", "5") == []

    async def test_the_graph_of_an_earlier_moment(self, catalog: Catalog) -> None:
        """Time travel: relations as they were, by the time of the events."""
        await catalog.apply_event(an_event(relationships=(_invoice("1"),)))
        later = NOON + timedelta(days=1)
        await catalog.apply_event(an_event(relationships=(_invoice("2"),), timestamp=later))

        async def at(moment: datetime) -> list[str]:
            hops = await catalog.query_relationship_graph("Customer", "42", as_of=moment)
            return [hop.object_id for hop in hops]

        assert await at(NOON - timedelta(hours=1)) == []
        assert await at(NOON + timedelta(hours=1)) == ["1"]
        assert await at(later + timedelta(hours=1)) == ["2"]

    async def test_reads_the_log_by_entity_and_time(self, catalog: Catalog) -> None:
        """Oldest first, over months, with half-open bounds."""
        months = [NOON + timedelta(days=31 * n) for n in range(4)]
        events = [an_event(timestamp=moment) for moment in months]
        other = an_event(entity=replace(events[0].entity, id="43"))
        for event in [*reversed(events), other]:
            await catalog.apply_event(event)
        found = await catalog.read_events(entity_type="Customer", entity_id="42")
        assert found == events
        part = await catalog.read_events(entity_id="42", since=months[1], until=months[3])
        assert part == events[1:3]
        assert len(await catalog.read_events(limit=2)) == 2

    @pytest.mark.parametrize("year", [1970, 2200, 9998])
    async def test_an_event_of_an_impossible_time_is_kept(
        self, catalog: Catalog, year: int
    ) -> None:
        """A source with a wrong clock loses nothing and breaks nothing."""
        event = an_event(timestamp=datetime(year, 5, 5, tzinfo=UTC))
        assert await catalog.apply_event(event) is True
        assert await catalog.read_events() == [event]

    @pytest.mark.parametrize(
        "changes",
        [
            {"event_id": "x" * 256},
            {"event_id": "a\x00"},
            {"domain": ""},
            {"entity": EntityReference("Customer", "*", 1, "https://cms.example.org/x")},
            {"entity": EntityReference("", "42", 1, "https://cms.example.org/x")},
            {"entity": EntityReference("Customer", "y" * 256, 1, "")},
            {"timestamp": datetime(2026, 1, 1)},
        ],
    )
    async def test_refuses_an_event_it_could_never_hold(
        self, catalog: Catalog, changes: dict[str, Any]
    ) -> None:
        """Fatal, so that a consumer sets it aside instead of trying for ever."""
        with pytest.raises(FatalError):
            await catalog.apply_event(an_event(**changes))
        assert await catalog.read_events() == []

    async def test_notes_cache_status_of_known_and_unknown_entities(self, catalog: Catalog) -> None:
        """Noting what is cached never fails for an entity the catalog has not met."""
        await catalog.register_entity(a_registration())
        for entity_id in ("42", "42", "never-met"):
            await catalog.record_cache_status(
                "Customer", entity_id, "l2_redis", cache_key=f"Customer:{entity_id}",
                expires_at=NOON,
            )  # fmt: skip
