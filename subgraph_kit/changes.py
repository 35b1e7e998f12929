"""From a source's change to everything that follows from it, inside one process.

    webhook ──┐
              ├─> drop caches ─> outbox ─> dispatcher ─> catalog, topic, caches (in parallel)
    polling ──┘                                            │
    topic (other replicas' and other processes' changes) ──┴─> drop caches here

Caches are dropped twice: before the change is accepted, so that whoever learns of the event finds
nothing stale in this process, and by the dispatcher, whose work is sure to happen.
"""

from __future__ import annotations

import asyncio
import json
import secrets
import uuid
from collections.abc import Awaitable, Callable, Sequence
from contextlib import aclosing
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import structlog
from opentelemetry import trace
from opentelemetry.trace import format_span_id, format_trace_id

from subgraph_kit.data_product import DataProduct, EntityChange
from subgraph_kit.errors import InvalidEventError, KitError, RetriableError
from subgraph_kit.events.backoff import Backoff
from subgraph_kit.events.base import Consumer
from subgraph_kit.events.model import (
    EntityChangeEvent,
    EntityReference,
    RelationshipReference,
    TraceContext,
)
from subgraph_kit.events.outbox import Outbox
from subgraph_kit.events.publisher import EventPublisher
from subgraph_kit.events.topics import entity_topic
from subgraph_kit.registration import RegisteredAdapter
from subgraph_kit.telemetry import metrics, names
from subgraph_kit.telemetry.setup import tracer

_log = structlog.get_logger(__name__)

_POLL_SECONDS = 1.0

Sleep = Callable[[float], Awaitable[None]]


def describe_change(product: DataProduct, change: EntityChange) -> EntityChangeEvent:
    """Make the event of a change (rows 32, 33); its event id is the dispatcher's to set.

    Where the source sent no entity along, the version is the time of the change in milliseconds.
    """
    moment = change.occurred_at or datetime.now(UTC)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    entity = change.entity
    path = product.access.path_template.replace("{id}", quote(change.entity_id, safe=""))
    return EntityChangeEvent(
        event_id="",
        event_type=change.type,
        timestamp=moment,
        source_system=product.source_system,
        domain=product.domain,
        entity=EntityReference(
            type=change.entity_type,
            id=change.entity_id,
            version=entity.version if entity is not None else int(moment.timestamp() * 1000),
            url=product.access.base_url.rstrip("/") + path,
            etag=entity.etag if entity is not None else None,
        ),
        trace_context=current_trace_context(),
        changed_fields=change.changed_fields,
        relationships=tuple(
            RelationshipReference(
                type=relationship.entity_type,
                entity_id=relationship.entity_id,
                source_system=relationship.source_system,
                relationship_kind=relationship.kind,
                display_name=relationship.display_name,
            )
            for relationship in (entity.relationships if entity is not None else ())
        ),
        metadata={"schema_version": product.schema.version},
    )


def current_trace_context() -> TraceContext:
    """The trace this code runs in; a new one where none is recorded (row 34)."""
    context = trace.get_current_span().get_span_context()
    if context.is_valid:
        return TraceContext(format_trace_id(context.trace_id), format_span_id(context.span_id))
    return TraceContext(secrets.token_hex(16), secrets.token_hex(8))


async def accept_changes(
    outbox: Outbox,
    adapter: RegisteredAdapter,
    changes: Sequence[EntityChange],
    *,
    cursor: str | None = None,
) -> list[str]:
    """Drop what the changes make stale, and store them in the outbox; return their event ids.

    Raises:
        RetriableError: if they could not be stored; the caller must not confirm them.
    """
    await adapter.invalidate([change.entity_id for change in changes])
    product = adapter.data_product
    return await outbox.accept(
        product.domain,
        product.source_system,
        changes,
        cursor=cursor,
        trace=current_trace_context(),
    )


class ChangePoller:
    """Stores what one source's adapters find by polling (row 7), each with its own cursor.

    The outbox keeps one cursor per (domain, source system); several entity types of one source
    share it as a JSON object by type.
    """

    def __init__(
        self,
        outbox: Outbox,
        adapters: Sequence[RegisteredAdapter],
        *,
        backoff: Backoff | None = None,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        self._outbox = outbox
        self._adapters = adapters
        self._backoff = backoff or Backoff(initial_seconds=0.5)
        self._sleep = sleep
        self._cursors: dict[str, str] = {}

    async def run(self) -> None:
        """Poll until cancelled; a source or outbox that is down is waited for."""
        self._cursors = await self._stored_cursors()
        async with asyncio.TaskGroup() as tasks:
            for adapter in self._adapters:
                tasks.create_task(self._follow(adapter))

    async def _stored_cursors(self) -> dict[str, str]:
        product = self._adapters[0].data_product
        failures = 0
        while True:
            try:
                stored = await self._outbox.cursor(product.domain, product.source_system)
            except RetriableError as error:
                failures += 1
                await self._pause("reading the cursor", error, failures)
            else:
                return _read_cursors(stored)

    async def _follow(self, adapter: RegisteredAdapter) -> None:
        failures = 0
        while True:
            try:
                stream = adapter.stream_changes(self._cursors.get(adapter.entity_type))
                async with aclosing(stream) as changes:  # type: ignore[type-var] # a generator
                    async for change, cursor in changes:
                        await self._store(adapter, change, cursor)
                        failures = 0
                # A stream that ends is begun again, but not in a tight circle.
                failures += 1
                await self._sleep(self._backoff.delay_seconds(failures))
            except KitError as error:
                failures += 1
                await self._pause(adapter.entity_type, error, failures)
            except Exception:
                failures += 1
                _log.exception("polling failed", entity_type=adapter.entity_type)
                await self._sleep(self._backoff.delay_seconds(failures))

    async def _store(self, adapter: RegisteredAdapter, change: EntityChange, cursor: str) -> None:
        timed = change if change.occurred_at else replace(change, occurred_at=datetime.now(UTC))
        cursors = {**self._cursors, adapter.entity_type: cursor}
        with tracer().start_as_current_span(
            names.SPAN_CHANGE,
            attributes={
                names.ATTR_ENTITY_TYPE: change.entity_type,
                names.ATTR_ENTITY_ID: change.entity_id,
            },
        ):
            await accept_changes(self._outbox, adapter, [timed], cursor=json.dumps(cursors))
        # Another type's cursor may have moved while this one was stored.
        self._cursors[adapter.entity_type] = cursor

    async def _pause(self, what: str, error: KitError, failures: int) -> None:
        delay = self._backoff.delay_seconds(failures)
        _log.warning("polling waits", what=what, error=str(error), retry_in_seconds=round(delay, 2))
        await self._sleep(delay)


def _read_cursors(stored: str | None) -> dict[str, str]:
    try:
        parsed: Any = json.loads(stored) if stored else {}
    except ValueError:
        return {}
    if not isinstance(parsed, dict):
        return {}
    return {name: cursor for name, cursor in parsed.items() if isinstance(cursor, str)}


class CacheInvalidator:
    """Drops cached entities named by events on the topics: other replicas' changes, too.

    Each process is a consumer group of its own, from the moment it starts.
    """

    def __init__(
        self,
        publisher: EventPublisher,
        adapters: Sequence[RegisteredAdapter],
        clear: Callable[[], Awaitable[None]],
        *,
        backoff: Backoff | None = None,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        self._publisher = publisher
        self._adapters = {
            (a.data_product.domain, a.data_product.source_system, a.entity_type): a
            for a in adapters
        }
        self._clear = clear
        self._backoff = backoff or Backoff()
        self._sleep = sleep
        self._group = f"cache-{uuid.uuid4().hex[:12]}"

    async def run(self) -> None:
        """Consume until cancelled; after a gap, everything cached in this process is dropped."""
        topics = sorted(
            {
                entity_topic(domain, source, tenant=self._publisher.tenant)
                for domain, source, _ in self._adapters
            }
        )
        failures = 0
        while True:
            try:
                subscription = self._publisher.bus.subscribe(
                    topics, group=self._group, start="latest"
                )
                async with subscription as consumer:
                    if failures:
                        await self._clear()
                    while True:
                        await self._consume(consumer)
                        failures = 0
            except RetriableError as error:
                failures += 1
                delay = self._backoff.delay_seconds(failures)
                _log.warning(
                    "the event bus is away",
                    error=str(error),
                    retry_in_seconds=round(delay, 2),
                )
                await self._sleep(delay)

    async def _consume(self, consumer: Consumer) -> None:
        records = await consumer.poll(timeout_seconds=_POLL_SECONDS)
        if not records:
            return
        for record in records:
            try:
                event = await self._publisher.codec.decode(record)
            except InvalidEventError as error:
                _log.warning("an event cannot be read", topic=record.topic, error=str(error))
                continue
            await self.invalidate(event)
        await consumer.commit(records)
        for topic, behind in (await consumer.lag()).items():
            metrics.CONSUMER_LAG.labels(topic, "cache").set(behind)

    async def invalidate(self, event: EntityChangeEvent) -> None:
        """Drop the entity the event names, if an adapter here serves it."""
        key = (event.domain, event.source_system, event.entity.type)
        adapter = self._adapters.get(key)
        if adapter is None:
            return
        with tracer().start_as_current_span(
            names.SPAN_INVALIDATE,
            attributes={
                names.ATTR_ENTITY_TYPE: event.entity.type,
                names.ATTR_ENTITY_ID: event.entity.id,
            },
        ):
            await adapter.invalidate([event.entity.id])
