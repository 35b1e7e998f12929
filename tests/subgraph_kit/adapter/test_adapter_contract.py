"""The contract passes for an adapter that keeps it, and fails for each that does not."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import aclosing
from dataclasses import replace
from typing import Any

import pytest

from subgraph_kit.cache.memory import MemoryCache
from subgraph_kit.data_product import Entity, EntityQuery, HealthState, HealthStatus
from subgraph_kit.errors import EntityNotFoundError, SourceResponseError
from subgraph_kit.registration import RegisteredAdapter
from subgraph_kit.testing.adapter_contract import AdapterContract
from subgraph_kit.testing.clock import FakeClock
from tests.subgraph_kit.adapter.people import PeopleSource, PersonAdapter, people_source

IDS = ["1", "2", "3"]


@pytest.fixture
async def people() -> AsyncIterator[PeopleSource]:
    async with people_source(delay_seconds=0.005) as people:
        yield people


class TestPersonAdapter(AdapterContract):
    @pytest.fixture
    def adapter(self, people: PeopleSource) -> PersonAdapter:
        return PersonAdapter(people)

    @pytest.fixture
    def known_ids(self) -> list[str]:
        return IDS

    @pytest.fixture
    def source_failure(self, people: PeopleSource) -> Callable[..., Any]:
        return people.failure


# --- Adapters that break it ----------------------------------------------------------------------


class OtherEntity(PersonAdapter):
    async def get_entity(self, entity_id: str) -> Entity:
        return await super().get_entity("1")


class Incomplete(PersonAdapter):
    def entity(self, data: dict[str, Any]) -> Entity:
        return Entity("Person", data["id"], {**data, "name": None})


class NotCanonical(PersonAdapter):
    def entity(self, data: dict[str, Any]) -> Entity:
        return Entity("Person", data["id"], {**data, "balance": 1.5})


class Undeclared(PersonAdapter):
    def entity(self, data: dict[str, Any]) -> Entity:
        return Entity("Person", data["id"], {**data, "extra": 1})


class Slow(PersonAdapter):
    def __init__(self, people: PeopleSource) -> None:
        super().__init__(people, p99_ms=3)


class UntypedNotFound(PersonAdapter):
    async def get_entity(self, entity_id: str) -> Entity:
        try:
            return await super().get_entity(entity_id)
        except EntityNotFoundError:
            raise LookupError(entity_id) from None


class RepeatsInBatch(PersonAdapter):
    async def query_entities(self, query: EntityQuery) -> Sequence[Entity]:
        found = list(await super().query_entities(query))
        return found + found[:1]


class IgnoresIds(PersonAdapter):
    async def query_entities(self, query: EntityQuery) -> Sequence[Entity]:
        return await super().query_entities(replace(query, ids=None))


class BatchDiffers(PersonAdapter):
    async def query_entities(self, query: EntityQuery) -> Sequence[Entity]:
        found = await super().query_entities(query)
        return [replace(each, data={**each.data, "balance": "0.00"}) for each in found]


class IgnoresLimit(PersonAdapter):
    async def query_entities(self, query: EntityQuery) -> Sequence[Entity]:
        return await super().query_entities(replace(query, limit=None))


class IgnoresOffset(PersonAdapter):
    async def query_entities(self, query: EntityQuery) -> Sequence[Entity]:
        return await super().query_entities(replace(query, offset=0))


class IgnoresFilter(PersonAdapter):
    async def query_entities(self, query: EntityQuery) -> Sequence[Entity]:
        return await super().query_entities(replace(query, filter={}))


class FatalWhenDown(PersonAdapter):
    async def get_entity(self, entity_id: str) -> Entity:
        if self.people.broken:
            raise SourceResponseError("down")
        return await super().get_entity(entity_id)


class HidesTheOutage(PersonAdapter):
    async def get_entity(self, entity_id: str) -> Entity:
        if self.people.broken:
            raise EntityNotFoundError("Person", entity_id)
        return await super().get_entity(entity_id)


class AlwaysHealthy(PersonAdapter):
    async def health_check(self) -> HealthStatus:
        return HealthStatus(HealthState.HEALTHY)


class NeverHealthy(PersonAdapter):
    async def health_check(self) -> HealthStatus:
        return HealthStatus(HealthState.UNHEALTHY)


class NoLineage(PersonAdapter):
    def __init__(self, people: PeopleSource) -> None:
        super().__init__(people)
        self.data_product = replace(self.data_product, lineage=())


class KeyIsNoField(PersonAdapter):
    def __init__(self, people: PeopleSource) -> None:
        super().__init__(people)
        schema = replace(self.data_product.schema, key=("number",))
        self.data_product = replace(self.data_product, schema=schema)


class NotCachable(PersonAdapter):
    def __init__(self, people: PeopleSource) -> None:
        super().__init__(people)
        self.data_product = replace(self.data_product, cache_ttl_seconds=0)


BROKEN = [
    (OtherEntity, "test_gets_known_entities", "another entity"),
    (Incomplete, "test_entities_keep_to_the_schema", "name is required and missing"),
    (NotCanonical, "test_entities_keep_to_the_schema", "balance is no decimal but float"),
    (Undeclared, "test_entities_keep_to_the_schema", "extra is not in the schema"),
    (Slow, "test_reads_are_within_the_promised_p99", "the promised p99 is 3 ms"),
    (UntypedNotFound, "test_an_unknown_id_is_a_typed_not_found", "no-such-entity"),
    (RepeatsInBatch, "test_queries_by_ids", "every known id once"),
    (IgnoresIds, "test_queries_by_ids", "every known id once"),
    (IgnoresIds, "test_an_empty_batch_is_empty", "no ids"),
    (BatchDiffers, "test_queries_by_ids", r"differ in \['balance'\]"),
    (IgnoresLimit, "test_lists_page_by_page", "two entities or more"),
    (IgnoresOffset, "test_lists_page_by_page", "two pages of one"),
    (IgnoresFilter, "test_filters_by_indexed_fields", "entities with another value"),
    (FatalWhenDown, "test_the_breaker_opens_and_recovers", "not a RetriableError"),
    (HidesTheOutage, "test_the_breaker_opens_and_recovers", "not a RetriableError"),
    (AlwaysHealthy, "test_health_follows_the_source", "health is healthy"),
    (NeverHealthy, "test_health_follows_the_source", "the source answers"),
    (NoLineage, "test_declares_schema_and_lineage", "where the data comes from"),
    (KeyIsNoField, "test_declares_schema_and_lineage", "not among its fields"),
    (NotCachable, "test_a_second_read_comes_from_the_cache", "asked again"),
]


@pytest.mark.parametrize(
    ("broken", "test", "text"), BROKEN, ids=[f"{b.__name__}-{t}" for b, t, _ in BROKEN]
)
async def test_an_adapter_that_breaks_the_contract_fails_it(
    people: PeopleSource, broken: type[PersonAdapter], test: str, text: str
) -> None:
    adapter = broken(people)
    clock = FakeClock()
    contract = AdapterContract()
    make_registered: Any = inspect.unwrap(AdapterContract.registered)
    wrapping = getattr(make_registered, "__wrapped__", make_registered)
    fixtures = {
        "known_ids": IDS,
        "source_failure": people.failure,
        "contract_clock": clock,
    }
    stream = wrapping.__get__(contract)(adapter, clock)
    async with aclosing(stream):
        registered = await anext(stream)
        method = getattr(contract, test)
        wanted = inspect.signature(method).parameters
        given = {name: value for name, value in fixtures.items() if name in wanted}
        with pytest.raises((AssertionError, LookupError, pytest.fail.Exception), match=text):
            await method(registered, **given)


def test_every_part_of_the_contract_was_seen_to_fail() -> None:
    tests = {name for name in dir(AdapterContract) if name.startswith("test_")}
    # Expiry is the kit's own cache's work: no adapter can break it.
    assert {test for _, test, _ in BROKEN} == tests - {"test_cached_entities_expire"}


async def test_a_missing_fixture_says_what_to_give() -> None:
    for name in ("adapter", "known_ids", "source_failure"):
        fixture: Any = getattr(AdapterContract, name)
        function = getattr(fixture, "__wrapped__", fixture)
        with pytest.raises(pytest.UsageError, match=name):
            function(AdapterContract())


async def test_failures_show_no_data(people: PeopleSource) -> None:
    """Assertion texts of the contract name fields, not values."""
    adapter = BatchDiffers(people)
    registered = RegisteredAdapter(adapter, cache=MemoryCache())
    with pytest.raises(AssertionError) as caught:
        await AdapterContract().test_queries_by_ids(registered, IDS)
    assert "Name 1" not in str(caught.value)
    await adapter.close()
    await asyncio.sleep(0)
