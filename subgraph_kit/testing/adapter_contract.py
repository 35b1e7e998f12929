# ruff: noqa: S101 - a test class asserts
"""The contract every adapter keeps (rows 118 to 120), as a test class to subclass.

    class TestCustomerAdapter(AdapterContract):
        @pytest.fixture
        async def adapter(self, cms):
            return CustomerAdapter(RestSource("cms", cms.url, auth=BearerAuth("...")))

        @pytest.fixture
        def known_ids(self):
            return ["1", "2", "3"]

        @pytest.fixture
        def source_failure(self, cms):
            return cms.broken        # a function that returns a context manager

The adapter stands before its real source, or a faithful one. The contract puts around it what
registration puts around it, with a clock of its own: nobody waits for a breaker to recover.
Failures name fields and types, never an entity's data.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AbstractContextManager, AsyncExitStack
from typing import Any, ClassVar

import pytest

from subgraph_kit.adapter import DataProductAdapter
from subgraph_kit.cache.memory import MemoryCache
from subgraph_kit.data_product import (
    Entity,
    EntityField,
    EntityQuery,
    HealthState,
)
from subgraph_kit.errors import CircuitOpenError, EntityNotFoundError, RetriableError
from subgraph_kit.quality import schema_violations
from subgraph_kit.registration import RegisteredAdapter
from subgraph_kit.resilience.circuit_breaker import BreakerState
from subgraph_kit.resilience.policy import ResiliencePolicy, ResilienceSettings
from subgraph_kit.testing.clock import FakeClock

SourceFailure = Callable[[], AbstractContextManager[Any] | AbstractAsyncContextManager[Any]]

_FILTERABLE = ("id", "string", "integer", "bigint", "boolean", "uuid", "enum")


class AdapterContract:
    """Subclass it; give the fixtures `adapter`, `known_ids` and `source_failure`."""

    unknown_id: ClassVar[str] = "no-such-entity-0"
    """An id the source certainly does not have, of any form."""
    latency_samples: ClassVar[int] = 20
    """How many uncached reads are timed against the promised p99."""
    supports_list: ClassVar[bool] = True
    """Whether the source can list its entities."""
    filter_fields: ClassVar[tuple[str, ...] | None] = None
    """Fields to filter by; by default the schema's indexed ones of a simple type."""

    # --- Fixtures --------------------------------------------------------------------------

    @pytest.fixture
    def adapter(self) -> DataProductAdapter:
        """The adapter under test, before a source that answers."""
        raise pytest.UsageError("give a fixture `adapter` that returns the adapter under test")

    @pytest.fixture
    def known_ids(self) -> list[str]:
        """Three or more ids the source has."""
        raise pytest.UsageError("give a fixture `known_ids` with three or more ids of the source")

    @pytest.fixture
    def source_failure(self) -> SourceFailure:
        """A function that returns a context (async or not) in which the source does not answer."""
        raise pytest.UsageError(
            "give a fixture `source_failure`: a function that returns a context manager in which "
            "the source fails"
        )

    @pytest.fixture
    def contract_clock(self) -> FakeClock:
        """The clock of breaker and cache."""
        return FakeClock()

    @pytest.fixture
    async def registered(
        self, adapter: DataProductAdapter, contract_clock: FakeClock
    ) -> AsyncIterator[RegisteredAdapter]:
        """The adapter as the mesh uses it; closed at the end."""
        inner = adapter.adapter if isinstance(adapter, RegisteredAdapter) else adapter
        registered = RegisteredAdapter(
            inner,
            cache=MemoryCache(clock=contract_clock),
            policy=ResiliencePolicy(
                inner.data_product.entity_type,
                ResilienceSettings(timeout_seconds=inner.data_product.source_timeout_seconds),
                clock=contract_clock,
                sleep=contract_clock.sleep,
            ),
        )
        try:
            yield registered
        finally:
            await registered.close()

    # --- One entity ------------------------------------------------------------------------

    async def test_gets_known_entities(
        self, registered: RegisteredAdapter, known_ids: list[str]
    ) -> None:
        """`get_entity` answers with the entity that was asked for."""
        _check_known_ids(known_ids)
        for entity_id in known_ids:
            entity = await registered.adapter.get_entity(entity_id)
            assert isinstance(entity, Entity), "get_entity must return an Entity"
            assert entity.id == entity_id, "get_entity answered with another entity"

    async def test_entities_keep_to_the_schema(
        self, registered: RegisteredAdapter, known_ids: list[str]
    ) -> None:
        """Type, required fields, canonical values; nothing the schema does not have."""
        schema = registered.get_schema()
        for entity_id in known_ids:
            entity = await registered.adapter.get_entity(entity_id)
            violations = schema_violations(entity, schema)
            assert not violations, f"{schema.entity}: " + "; ".join(violations)

    async def test_reads_are_within_the_promised_p99(
        self, registered: RegisteredAdapter, known_ids: list[str]
    ) -> None:
        """Uncached reads stay under the p99 the data product promises (row 118)."""
        promised_ms = registered.get_sla().latency.p99_ms
        await registered.adapter.get_entity(known_ids[0])  # connect first
        taken_ms = []
        for number in range(self.latency_samples):
            started = time.perf_counter()
            await registered.adapter.get_entity(known_ids[number % len(known_ids)])
            taken_ms.append((time.perf_counter() - started) * 1000)
        slowest = max(taken_ms)
        assert slowest <= promised_ms, (
            f"a read took {slowest:.0f} ms, the promised p99 is {promised_ms} ms"
        )

    async def test_an_unknown_id_is_a_typed_not_found(self, registered: RegisteredAdapter) -> None:
        """`EntityNotFoundError` with type and id, from the adapter and through registration."""
        for reader in (registered.adapter, registered):
            with pytest.raises(EntityNotFoundError) as caught:
                await reader.get_entity(self.unknown_id)
            assert caught.value.entity_id == self.unknown_id
            assert caught.value.entity_type == registered.entity_type
        assert registered.policy.breaker.state is BreakerState.CLOSED

    # --- Batches and lists -----------------------------------------------------------------

    async def test_queries_by_ids(
        self, registered: RegisteredAdapter, known_ids: list[str]
    ) -> None:
        """A batch answers each id once, leaves missing ones out, and equals single reads."""
        ids = (*reversed(known_ids), self.unknown_id, known_ids[0])
        found = await registered.adapter.query_entities(EntityQuery(ids=ids))
        assert sorted(entity.id for entity in found) == sorted(set(known_ids)), (
            "a batch must have every known id once, and nothing else"
        )
        by_id = {entity.id: entity for entity in found}
        single = await registered.adapter.get_entity(known_ids[0])
        different = _different_fields(single, by_id[known_ids[0]])
        assert not different, f"batch and single read differ in {different}"

    async def test_an_empty_batch_is_empty(self, registered: RegisteredAdapter) -> None:
        """No ids, no entities: not the whole list."""
        found = await registered.adapter.query_entities(EntityQuery(ids=()))
        assert not list(found), "a batch of no ids must be empty"

    async def test_lists_page_by_page(self, registered: RegisteredAdapter) -> None:
        """`limit` bounds a page and `offset` moves it, in a stable order."""
        if not self.supports_list:
            pytest.skip("the source cannot list its entities")
        query = registered.adapter.query_entities
        both = [entity.id for entity in await query(EntityQuery(limit=2))]
        first = [entity.id for entity in await query(EntityQuery(limit=1))]
        second = [entity.id for entity in await query(EntityQuery(limit=1, offset=1))]
        assert len(both) == 2, "the source should have two entities or more to list"
        assert first + second == both, "two pages of one are not the page of two"
        assert list(await query(EntityQuery(limit=0))) == [], "limit 0 must give nothing"

    async def test_filters_by_indexed_fields(
        self, registered: RegisteredAdapter, known_ids: list[str]
    ) -> None:
        """Equality on a field finds the entity, and only entities with that value."""
        if not self.supports_list:
            pytest.skip("the source cannot list its entities")
        known = await registered.adapter.get_entity(known_ids[0])
        checked = 0
        for name in self._fields_to_filter_by(registered.get_schema().fields):
            value = known.data.get(name)
            if value is None:
                continue
            found = await registered.adapter.query_entities(
                EntityQuery(filter={name: value}, limit=200)
            )
            assert found, f"filtering by {name} does not find an entity that has the value"
            wrong = sum(entity.data.get(name) != value for entity in found)
            assert not wrong, f"filtering by {name} found {wrong} entities with another value"
            checked += 1
        assert checked, "no field to filter by: set filter_fields, or mark fields as indexed"

    def _fields_to_filter_by(self, fields: tuple[EntityField, ...]) -> list[str]:
        if self.filter_fields is not None:
            return list(self.filter_fields)
        return [f.name for f in fields if f.indexed and f.type in _FILTERABLE and not f.is_list]

    # --- What registration adds ------------------------------------------------------------

    async def test_a_second_read_comes_from_the_cache(
        self, registered: RegisteredAdapter, known_ids: list[str]
    ) -> None:
        """Row 119: less than half the time, an equal result, and no call of the source."""
        cold_ms, warm_ms = [], []
        await registered.adapter.get_entity(known_ids[0])  # connect first
        for entity_id in (known_ids * 3)[:9]:
            await registered.invalidate([entity_id])
            started = time.perf_counter()
            fresh = await registered.get_entity(entity_id)
            cold_ms.append((time.perf_counter() - started) * 1000)
            calls = registered.get_metrics().source_calls
            started = time.perf_counter()
            cached = await registered.get_entity(entity_id)
            warm_ms.append((time.perf_counter() - started) * 1000)
            assert cached == fresh, "the cached entity is not equal to the fresh one"
            assert registered.get_metrics().source_calls == calls, "the source was asked again"
        cold, warm = statistics.median(cold_ms), statistics.median(warm_ms)
        assert warm < cold / 2, f"a cached read took {warm:.2f} ms, an uncached one {cold:.2f} ms"

    async def test_cached_entities_expire(
        self,
        registered: RegisteredAdapter,
        known_ids: list[str],
        contract_clock: FakeClock,
    ) -> None:
        """After the declared time to live the source is asked again (row 13)."""
        await registered.get_entity(known_ids[0])
        calls = registered.get_metrics().source_calls
        contract_clock.advance(registered.data_product.cache_ttl_seconds + 1)
        await registered.get_entity(known_ids[0])
        assert registered.get_metrics().source_calls == calls + 1

    async def test_the_breaker_opens_and_recovers(
        self,
        registered: RegisteredAdapter,
        known_ids: list[str],
        source_failure: SourceFailure,
        contract_clock: FakeClock,
    ) -> None:
        """Row 100: five source errors, then breaker-open; served again 5 s after restore."""
        errors: list[Exception] = []
        async with AsyncExitStack() as broken:
            context = source_failure()
            if isinstance(context, AbstractAsyncContextManager):
                await broken.enter_async_context(context)
            else:
                broken.enter_context(context)
            for _ in range(10):
                with pytest.raises(Exception) as caught:  # noqa: PT011 - judged below
                    await registered.get_entity(known_ids[0])
                errors.append(caught.value)
        for number, error in enumerate(errors, start=1):
            what = f"call {number} to the dead source raised {type(error).__name__}"
            if number <= 5:
                assert isinstance(error, RetriableError), f"{what}, not a RetriableError"
                assert not isinstance(error, CircuitOpenError), f"{what}: opened too early"
            else:
                assert isinstance(error, CircuitOpenError), f"{what}: the breaker is not open"
        contract_clock.advance(5.0)
        entity = await registered.get_entity(known_ids[0])
        assert entity.id == known_ids[0]
        assert registered.policy.breaker.state is BreakerState.CLOSED

    # --- Declarations ----------------------------------------------------------------------

    async def test_health_follows_the_source(
        self, registered: RegisteredAdapter, source_failure: SourceFailure
    ) -> None:
        """Healthy before a source that answers, not healthy (and no exception) else."""
        status = await registered.adapter.health_check()
        assert status.state is HealthState.HEALTHY, f"the source answers, health is {status}"
        async with AsyncExitStack() as broken:
            context = source_failure()
            if isinstance(context, AbstractAsyncContextManager):
                await broken.enter_async_context(context)
            else:
                broken.enter_context(context)
            status = await registered.adapter.health_check()
        assert status.state is not HealthState.HEALTHY, "the source is dead, health is healthy"

    async def test_declares_schema_and_lineage(self, registered: RegisteredAdapter) -> None:
        """What the catalog needs: a key among the fields, lineage, an address with `{id}`."""
        schema = registered.get_schema()
        names = [field.name for field in schema.fields]
        assert schema.key, "the schema has no key"
        assert set(schema.key) <= set(names), "the schema's key is not among its fields"
        assert len(names) == len(set(names)), "the schema has a field twice"
        lineage = registered.get_lineage()
        assert lineage, "declare where the data comes from: DataProduct(lineage=...)"
        source = registered.data_product.source_system
        assert any(source in (e.upstream_system, e.downstream_system) for e in lineage), (
            f"no lineage edge names the source {source!r}"
        )
        assert "{id}" in registered.data_product.access.path_template, (
            "the access path has no {id} where an entity's id goes"
        )


def _check_known_ids(known_ids: list[str]) -> None:
    if len(set(known_ids)) < 3:
        raise pytest.UsageError("the fixture `known_ids` must have three or more different ids")


def _different_fields(one: Entity, other: Entity) -> list[str]:
    """Names of what differs; values are nobody's business here."""
    names = sorted({*one.data, *other.data})
    differing = [name for name in names if one.data.get(name) != other.data.get(name)]
    if one.relationships != other.relationships:
        differing.append("(relationships)")
    if one.version != other.version:
        differing.append("(version)")
    return differing
