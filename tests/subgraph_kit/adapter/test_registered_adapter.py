"""What registration puts around an adapter."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from decimal import Decimal

import pytest
import structlog

from subgraph_kit.cache.memory import MemoryCache
from subgraph_kit.data_product import Entity, EntityQuery, HealthState
from subgraph_kit.errors import EntityNotFoundError, SourceResponseError, SourceUnavailableError
from subgraph_kit.registration import RegisteredAdapter
from subgraph_kit.telemetry.metrics import render_metrics
from tests.subgraph_kit.adapter.people import PeopleSource, PersonAdapter, people_source


@pytest.fixture
async def people() -> AsyncIterator[PeopleSource]:
    async with people_source() as people:
        yield people


@pytest.fixture
async def registered(people: PeopleSource) -> AsyncIterator[RegisteredAdapter]:
    registered = RegisteredAdapter(PersonAdapter(people), cache=MemoryCache())
    yield registered
    await registered.close()


async def test_a_batch_asks_the_source_once_for_what_the_cache_has_not(
    registered: RegisteredAdapter, people: PeopleSource
) -> None:
    await registered.get_entity("1")
    people.asked.clear()
    found = await registered.query_entities(EntityQuery(ids=("3", "1", "2", "3", "99")))
    assert sorted(entity.id for entity in found) == ["1", "2", "3"]
    assert people.asked == ["/people?ids=3%2C2%2C99"]
    people.asked.clear()
    await registered.query_entities(EntityQuery(ids=("1", "2", "3")))
    assert people.asked == []
    assert registered.get_metrics().cache_hits == 4


async def test_a_source_with_a_largest_batch_is_asked_in_parts(people: PeopleSource) -> None:
    class Limited(PersonAdapter):
        max_batch_size = 2

    registered = RegisteredAdapter(Limited(people), cache=MemoryCache())
    found = await registered.query_entities(EntityQuery(ids=("1", "2", "3", "4", "5")))
    assert len(found) == 5
    assert len(people.asked) == 3
    await registered.close()


async def test_fresh_and_cached_entities_are_equal(registered: RegisteredAdapter) -> None:
    assert await registered.get_entity("1") == await registered.get_entity("1")


async def test_data_that_is_not_canonical_is_the_adapter_s_fault(people: PeopleSource) -> None:
    class Wrong(PersonAdapter):
        async def get_entity(self, entity_id: str) -> Entity:
            return Entity("Person", entity_id, {"name": object()})

    registered = RegisteredAdapter(Wrong(people), cache=MemoryCache())
    with pytest.raises(SourceResponseError, match="make it canonical first"):
        await registered.get_entity("1")
    await registered.close()


async def test_a_decimal_reads_the_same_fresh_and_cached(people: PeopleSource) -> None:
    class Exact(PersonAdapter):
        async def get_entity(self, entity_id: str) -> Entity:
            return Entity("Person", entity_id, {"balance": Decimal("1.10")})

    registered = RegisteredAdapter(Exact(people), cache=MemoryCache())
    assert (await registered.get_entity("1")).data == {"balance": "1.10"}
    assert (await registered.get_entity("1")).data == {"balance": "1.10"}
    await registered.close()


async def test_a_drop_while_reading_keeps_the_stale_answer_out_of_the_cache(
    people: PeopleSource,
) -> None:
    reading, release = asyncio.Event(), asyncio.Event()

    class Held(PersonAdapter):
        async def query_entities(self, query: EntityQuery) -> Sequence[Entity]:
            found = await super().query_entities(query)
            reading.set()
            await release.wait()
            return found

    registered = RegisteredAdapter(Held(people), cache=MemoryCache())
    stale = asyncio.create_task(registered.query_entities(EntityQuery(ids=("1", "2"))))
    await reading.wait()
    people.people["1"]["name"] = "New"
    await registered.invalidate(["1"])
    release.set()
    await stale
    assert (await registered.get_entity("1")).data["name"] == "New"
    people.asked.clear()
    await registered.get_entity("2")
    assert people.asked == [], "only what was dropped is kept out"
    await registered.close()


async def test_a_drop_while_writing_to_the_cache_drops_it_again(people: PeopleSource) -> None:
    class SlowCache(MemoryCache):
        async def set_many(self, items: object, **options: object) -> None:
            await wrapped.invalidate(["1"])
            await super().set_many(items, **options)  # type: ignore[arg-type] # passed through

    wrapped = RegisteredAdapter(PersonAdapter(people), cache=SlowCache())
    await wrapped.get_entity("1")
    assert await wrapped.cache.get_many(["Person:1"]) == {}
    await wrapped.close()


async def test_tenants_do_not_share_cached_entities(people: PeopleSource) -> None:
    cache = MemoryCache()
    one, two = (
        RegisteredAdapter(PersonAdapter(people), cache=cache, key_prefix=f"{tenant}:")
        for tenant in ("acme", "globex")
    )
    await one.get_entity("1")
    people.asked.clear()
    await two.get_entity("1")
    assert people.asked == ["/people/1"]
    await one.close()
    await two.close()


async def test_failures_are_counted_by_code_and_not_found_is_no_failure(
    registered: RegisteredAdapter, people: PeopleSource
) -> None:
    with pytest.raises(EntityNotFoundError):
        await registered.get_entity("99")
    assert registered.get_metrics().errors == 0
    async with people.failure():
        with pytest.raises(SourceUnavailableError):
            await registered.get_entity("1")
    assert registered.get_metrics().errors == 1
    text = render_metrics().decode()
    assert 'adapter_errors_total{code="SOURCE_UNAVAILABLE",entity_type="Person"}' in text
    assert 'adapter_request_duration_milliseconds_count{entity_type="Person"' in text


async def test_an_adapter_that_raises_in_its_health_check_is_unhealthy(
    people: PeopleSource,
) -> None:
    class Raising(PersonAdapter):
        async def health_check(self) -> None:  # type: ignore[override] # wrong on purpose
            raise ValueError("jane@example.com")

    registered = RegisteredAdapter(Raising(people), cache=MemoryCache())
    status = await registered.health_check()
    assert (status.state, status.detail) == (HealthState.UNHEALTHY, "ValueError")
    await registered.close()


async def test_a_cache_entry_of_another_version_is_a_miss(registered: RegisteredAdapter) -> None:
    await registered.cache.set_many({"Person:1": b"\x00garbage"}, ttl_seconds=60)
    assert (await registered.get_entity("1")).id == "1"


async def test_entities_that_break_their_schema_are_counted_and_named_once_without_data(
    registered: RegisteredAdapter, people: PeopleSource
) -> None:
    for number in "12":
        people.people[number]["balance"] = "jane@example.com"
    with structlog.testing.capture_logs() as logs:
        found = await registered.query_entities(EntityQuery(ids=("1", "2", "3")))
    assert len(found) == 3
    assert [log["problem"] for log in logs] == ["balance is no decimal but str"]
    assert "jane" not in repr(logs)
    assert b'data_quality_violations_total{entity_type="Person"}' in render_metrics()
