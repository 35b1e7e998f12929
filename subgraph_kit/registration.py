"""What registration puts around an adapter (rows 13, 15, 79, 81, 87).

    span and metrics → cache → resilience → the author's adapter

The result is an adapter itself, so whatever takes one takes it, and every adapter gets the same.
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from typing import TypeVar

import msgspec
import structlog
from opentelemetry.trace import Span, Status, StatusCode

from subgraph_kit.adapter import DataProductAdapter
from subgraph_kit.cache.base import Cache
from subgraph_kit.data_product import (
    AdapterMetrics,
    DataProduct,
    Entity,
    EntityChange,
    EntityQuery,
    EntitySchema,
    HealthState,
    HealthStatus,
    LineageEdge,
    ServiceLevelAgreement,
)
from subgraph_kit.errors import (
    EntityNotFoundError,
    KitError,
    SourceResponseError,
)
from subgraph_kit.quality import schema_violations
from subgraph_kit.resilience.policy import ResiliencePolicy, ResilienceSettings
from subgraph_kit.telemetry import metrics, names
from subgraph_kit.telemetry.setup import tracer

T = TypeVar("T")

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Entity).decode

_log = structlog.get_logger(__name__)

_KNOWN_VIOLATIONS = 100
"""After so many kinds of violation, further ones are counted only."""

_REMEMBERED_DROPS = 10_000
"""Dropped keys that are remembered by name; a read older than that is not cached at all."""


class RegisteredAdapter(DataProductAdapter):
    """An adapter with everything around it. `adapter` is the author's own.

    `key_prefix` keeps tenants apart in a shared cache.
    """

    def __init__(
        self,
        adapter: DataProductAdapter,
        *,
        cache: Cache,
        policy: ResiliencePolicy | None = None,
        key_prefix: str = "",
        cache_layer: str = "l1",
    ) -> None:
        self.adapter = adapter
        self.data_product: DataProduct = adapter.data_product
        self.cache = cache
        self.supports_polling = adapter.supports_polling
        product = adapter.data_product
        self.policy = policy or ResiliencePolicy(
            f"{product.source_system}.{product.domain}.{product.entity_type}",
            ResilienceSettings(timeout_seconds=product.source_timeout_seconds),
            on_state_change=metrics.record_breaker_change,
        )
        self._key_prefix = key_prefix
        self._cache_layer = cache_layer
        self._drops = _Drops()
        self._known_violations: set[str] = set()
        self._metrics = AdapterMetrics()

    @property
    def entity_type(self) -> str:
        """The GraphQL name of the entity type."""
        return self.data_product.entity_type

    def cache_key(self, entity_id: str) -> str:
        """`type:id` (row 13)."""
        return f"{self._key_prefix}{self.entity_type}:{entity_id}"

    # --- Reading ---------------------------------------------------------------------------

    async def get_entity(self, entity_id: str) -> Entity:
        """Return the entity, from the cache if it is there."""

        async def get(span: Span) -> Entity:
            span.set_attribute(names.ATTR_ENTITY_ID, entity_id)
            cached = await self._cached([entity_id])
            span.set_attribute(names.ATTR_CACHE_HIT, bool(cached))
            if cached:
                entity, size = cached[entity_id]
            else:
                mark = self._drops.mark()
                fresh = await self._ask(
                    lambda: self.adapter.get_entity(entity_id), names.SPAN_GET_ENTITY
                )
                entity, size = (await self._keep([fresh], mark))[0]
            span.set_attribute(names.ATTR_RESPONSE_SIZE, size)
            return entity

        return await self._observed(names.SPAN_GET_ENTITY, get)

    async def query_entities(self, query: EntityQuery) -> Sequence[Entity]:
        """Return entities; a batch by ids takes from the cache what is there.

        The source is asked once for the rest, or as often as its `max_batch_size` demands.
        """

        async def run(span: Span) -> Sequence[Entity]:
            if query.ids is None:
                mark = self._drops.mark()
                page = await self._ask(
                    lambda: self.adapter.query_entities(query), names.SPAN_QUERY_ENTITIES
                )
                kept = await self._keep(page, mark, store=False)
            else:
                kept = await self._by_ids(tuple(dict.fromkeys(query.ids)), query, span)
            span.set_attribute(names.ATTR_ENTITY_COUNT, len(kept))
            span.set_attribute(names.ATTR_RESPONSE_SIZE, sum(size for _, size in kept))
            return [entity for entity, _ in kept]

        return await self._observed(names.SPAN_QUERY_ENTITIES, run)

    async def query_by_reference(
        self, fields: tuple[str, ...], values: Sequence[tuple[str, ...]], query: EntityQuery
    ) -> Mapping[tuple[str, ...], Sequence[Entity]]:
        """The adapter's, observed and guarded; lists are not cached."""
        return await self._pages(
            lambda: self.adapter.query_by_reference(fields, values, query),
            names.SPAN_QUERY_BY_REFERENCE,
        )

    async def query_by_link(
        self, link: str, values: Sequence[tuple[str, ...]], query: EntityQuery
    ) -> Mapping[tuple[str, ...], Sequence[Entity]]:
        """The adapter's, observed and guarded; lists are not cached."""
        return await self._pages(
            lambda: self.adapter.query_by_link(link, values, query), names.SPAN_QUERY_BY_LINK
        )

    async def _pages(
        self, ask: Callable[[], Awaitable[Mapping[tuple[str, ...], Sequence[Entity]]]], what: str
    ) -> Mapping[tuple[str, ...], Sequence[Entity]]:
        async def run(span: Span) -> Mapping[tuple[str, ...], Sequence[Entity]]:
            pages = await self._ask(ask, what)
            mark = self._drops.mark()
            kept = {
                value: await self._keep(page, mark, store=False) for value, page in pages.items()
            }
            span.set_attribute(names.ATTR_ENTITY_COUNT, sum(map(len, kept.values())))
            sizes = (size for page in kept.values() for _, size in page)
            span.set_attribute(names.ATTR_RESPONSE_SIZE, sum(sizes))
            return {value: [entity for entity, _ in page] for value, page in kept.items()}

        return await self._observed(what, run)

    async def _by_ids(
        self, ids: tuple[str, ...], query: EntityQuery, span: Span
    ) -> list[tuple[Entity, int]]:
        cached = await self._cached(ids)
        span.set_attribute(names.ATTR_CACHE_HITS, len(cached))
        missing = [entity_id for entity_id in ids if entity_id not in cached]
        kept = list(cached.values())
        if missing:
            mark = self._drops.mark()
            size = self.adapter.max_batch_size or len(missing)
            batches = [missing[start : start + size] for start in range(0, len(missing), size)]
            for fresh in await asyncio.gather(*(self._ask_batch(query, b) for b in batches)):
                kept.extend(await self._keep(fresh, mark))
        return kept

    async def _ask_batch(self, query: EntityQuery, ids: Sequence[str]) -> Sequence[Entity]:
        batch = replace(query, ids=tuple(ids))
        return await self._ask(
            lambda: self.adapter.query_entities(batch), names.SPAN_QUERY_ENTITIES
        )

    async def _ask(self, operation: Callable[[], Awaitable[T]], what: str) -> T:
        self._count(source_calls=1)
        metrics.SOURCE_CALLS.labels(self.entity_type, what).inc()
        return await self.policy.call(operation)

    # --- Cache -----------------------------------------------------------------------------

    async def _cached(self, ids: Sequence[str]) -> dict[str, tuple[Entity, int]]:
        keys = {self.cache_key(entity_id): entity_id for entity_id in ids}
        found: dict[str, tuple[Entity, int]] = {}
        for key, raw in (await self.cache.get_many(list(keys))).items():
            try:
                found[keys[key]] = (_decode(raw), len(raw))
            except msgspec.MsgspecError:
                continue  # written by another version: a miss
        hits, misses = len(found), len(keys) - len(found)
        self._count(cache_hits=hits, cache_misses=misses)
        metrics.CACHE_LOOKUPS.labels(self.entity_type, "hit").inc(hits)
        metrics.CACHE_LOOKUPS.labels(self.entity_type, "miss").inc(misses)
        metrics.CACHE_HIT_RATE.labels(self._cache_layer, self.entity_type).set(
            self._metrics.cache_hit_rate
        )
        return found

    async def _keep(
        self, entities: Sequence[Entity], mark: int, *, store: bool = True
    ) -> list[tuple[Entity, int]]:
        """Cache what was read, unless it was dropped since `mark`; return what readers get.

        That is the encoded form read back, so that fresh and cached answers are equal.
        """
        raws: dict[str, bytes] = {}
        kept: list[tuple[Entity, int]] = []
        for entity in entities:
            self._check_quality(entity)
            try:
                raw = _encode(entity)
                kept.append((_decode(raw), len(raw)))
            except (TypeError, ValueError, RecursionError) as error:
                raise SourceResponseError(
                    f"the adapter of {self.entity_type} returned data that is not JSON: "
                    f"make it canonical first ({type(error).__name__})"
                ) from None
            raws[self.cache_key(entity.id)] = raw
        ttl = self.data_product.cache_ttl_seconds
        fresh = {key: raw for key, raw in raws.items() if not self._drops.since(mark, key)}
        if store and fresh and ttl > 0:
            await self.cache.set_many(fresh, ttl_seconds=ttl)
            # An event may have come while this was written to the other layer.
            late = [key for key in fresh if self._drops.since(mark, key)]
            if late:
                await self.cache.drop(late)
        return kept

    def _check_quality(self, entity: Entity) -> None:
        """Count and log what does not keep to the schema (row 10); it is served all the same.

        Whoever must not serve it makes the adapter raise. Each kind of violation is logged once.
        """
        schema = self.adapter.get_schema()
        if not schema.fields:
            return
        for violation in schema_violations(entity, schema):
            metrics.QUALITY_VIOLATIONS.labels(self.entity_type).inc()
            known = self._known_violations
            if violation not in known and len(known) < _KNOWN_VIOLATIONS:
                known.add(violation)
                _log.warning(
                    "entities do not keep to their schema",
                    entity_type=self.entity_type,
                    problem=violation,
                )

    async def invalidate(self, ids: Sequence[str]) -> int:
        """Drop entities from the cache; what is being read right now is not cached either."""
        keys = [self.cache_key(entity_id) for entity_id in ids]
        self._drops.add(keys)
        return await self.cache.drop(keys)

    # --- The rest of the contract ----------------------------------------------------------

    async def health_check(self) -> HealthStatus:
        """Ask the adapter; an adapter that raises or hangs is unhealthy."""
        started = time.perf_counter()
        with tracer().start_as_current_span(names.SPAN_HEALTH_CHECK):
            try:
                async with asyncio.timeout(self.data_product.source_timeout_seconds):
                    status = await self.adapter.health_check()
            except TimeoutError:
                return HealthStatus(HealthState.UNHEALTHY, "the source does not answer in time")
            except KitError as error:
                return HealthStatus(HealthState.UNHEALTHY, str(error))
            except Exception as error:
                return HealthStatus(HealthState.UNHEALTHY, type(error).__name__)
        if status.latency_ms is None:
            return replace(status, latency_ms=(time.perf_counter() - started) * 1000)
        return status

    def get_schema(self) -> EntitySchema:
        """The adapter's."""
        return self.adapter.get_schema()

    def get_sla(self) -> ServiceLevelAgreement:
        """The adapter's."""
        return self.adapter.get_sla()

    def get_lineage(self) -> tuple[LineageEdge, ...]:
        """The adapter's."""
        return self.adapter.get_lineage()

    def get_metrics(self) -> AdapterMetrics:
        """Counts since the process started."""
        return self._metrics

    def stream_changes(self, cursor: str | None) -> AsyncIterator[tuple[EntityChange, str]]:
        """The adapter's."""
        return self.adapter.stream_changes(cursor)

    def parse_webhook(self, body: bytes) -> Sequence[EntityChange]:
        """The adapter's."""
        return self.adapter.parse_webhook(body)

    async def close(self) -> None:
        """Release the adapter's connections; the cache is shared and stays."""
        await self.adapter.close()

    # --- Observing -------------------------------------------------------------------------

    async def _observed(self, what: str, operation: Callable[[Span], Awaitable[T]]) -> T:
        started = time.perf_counter()
        self._count(requests=1)
        success = True
        with tracer().start_as_current_span(
            what,
            attributes={
                names.ATTR_ENTITY_TYPE: self.entity_type,
                names.ATTR_SOURCE_SYSTEM: self.data_product.source_system,
            },
            record_exception=False,
            set_status_on_exception=False,
        ) as span:
            try:
                return await operation(span)
            except EntityNotFoundError:
                # An answer, not a failure: whoever asked for a wrong id must not raise an alarm.
                span.set_attribute(names.ATTR_ERROR_CODE, EntityNotFoundError.code)
                raise
            except Exception as error:
                success = False
                code = error.code if isinstance(error, KitError) else "INTERNAL_ERROR"
                self._count(errors=1)
                metrics.ADAPTER_ERRORS.labels(self.entity_type, code).inc()
                span.set_attribute(names.ATTR_ERROR_CODE, code)
                text = str(error) if isinstance(error, KitError) else type(error).__name__
                span.set_status(Status(StatusCode.ERROR, text))
                raise
            finally:
                metrics.ADAPTER_DURATION.labels(
                    self.entity_type, what, str(success).lower()
                ).observe((time.perf_counter() - started) * 1000)

    def _count(
        self,
        *,
        requests: int = 0,
        source_calls: int = 0,
        errors: int = 0,
        cache_hits: int = 0,
        cache_misses: int = 0,
    ) -> None:
        old = self._metrics
        self._metrics = AdapterMetrics(
            requests=old.requests + requests,
            source_calls=old.source_calls + source_calls,
            errors=old.errors + errors,
            cache_hits=old.cache_hits + cache_hits,
            cache_misses=old.cache_misses + cache_misses,
        )


class _Drops:
    """Which keys were dropped since a point in time, so that no older read is cached after."""

    def __init__(self) -> None:
        self._now = 0
        self._floor = 0
        self._dropped_at: OrderedDict[str, int] = OrderedDict()

    def mark(self) -> int:
        return self._now

    def add(self, keys: Sequence[str]) -> None:
        self._now += 1
        for key in keys:
            self._dropped_at[key] = self._now
            self._dropped_at.move_to_end(key)
        while len(self._dropped_at) > _REMEMBERED_DROPS:
            _, self._floor = self._dropped_at.popitem(last=False)

    def since(self, mark: int, key: str) -> bool:
        return self._floor > mark or self._dropped_at.get(key, 0) > mark
