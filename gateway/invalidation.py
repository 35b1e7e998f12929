"""Drop cached entities when events say that they changed (row 39).

Each gateway process reads all change events in a consumer group of its own, from the moment it
starts: every process has a cache to keep fresh. An event drops exactly the entity it names and the
entities it names as related (their answers may contain the changed one, as a customer's list of
invoices does).

Events that may have been missed, while the bus was away or because a record could not be read, are
made up for by dropping everything: a cold cache costs time, a stale answer is wrong.
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Awaitable, Callable, Sequence

import structlog

from gateway.executor.entity_cache import EntityCache
from gateway.telemetry import GatewayMetrics
from subgraph_kit.errors import ConfigurationError, InvalidEventError, KitError
from subgraph_kit.events.avro import EventCodec
from subgraph_kit.events.backoff import Backoff
from subgraph_kit.events.base import Consumer, EventBus, Record
from subgraph_kit.events.model import EntityChangeEvent

_log = structlog.get_logger(__name__)

_POLL_SECONDS = 1.0
_FIRST_POLL_SECONDS = 0.05
"""Long enough to be assigned partitions; what comes while waiting is not lost."""


class CacheInvalidator:
    """Keeps `cache` fresh by the events of the bus that `connect` returns."""

    def __init__(
        self,
        connect: Callable[[], Awaitable[EventBus]],
        cache: EntityCache,
        metrics: GatewayMetrics,
        *,
        topics: Sequence[str],
        backoff: Backoff,
        codec: EventCodec | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._connect = connect
        self._cache = cache
        self._metrics = metrics
        self._topics = topics
        self._backoff = backoff
        self._codec = codec or EventCodec()
        self._sleep = sleep
        self._group = f"gateway-{uuid.uuid4().hex[:12]}"
        self.connected = asyncio.Event()
        """Set while events are being received."""

    async def run(self) -> None:
        """Consume until cancelled; connect again, with growing waits, whenever the bus is lost.

        Raises:
            ConfigurationError: if the bus can never be reached as it is configured.
        """
        failures = 0
        while True:
            try:
                bus = await self._connect()
                try:
                    async with bus.subscribe(
                        self._topics, group=self._group, start="latest"
                    ) as consumer:
                        await self._start(consumer)
                        failures = 0
                        while True:
                            await self._consume(consumer, _POLL_SECONDS)
                finally:
                    self._set_connected(False)
                    await bus.close()
            except ConfigurationError:
                raise
            except Exception as error:
                # Any failure of the bus or its client: what matters is to come back.
                failures += 1
                wait_seconds = self._backoff.delay_seconds(failures)
                _log.warning(
                    "no change events; connecting to the bus again",
                    # The kit's texts are made for operators; others might quote an address.
                    reason=str(error) if isinstance(error, KitError) else type(error).__name__,
                    wait_ms=round(wait_seconds * 1000),
                )
                await self._sleep(wait_seconds)

    async def _start(self, consumer: Consumer) -> None:
        """Be sure to receive, then forget what was cached while nobody was listening."""
        await self._consume(consumer, _FIRST_POLL_SECONDS)
        dropped = await self._cache.drop_all()
        self._set_connected(True)
        _log.info("receiving change events", topics=list(self._topics), dropped_entries=dropped)

    async def _consume(self, consumer: Consumer, timeout_seconds: float) -> None:
        records = await consumer.poll(timeout_seconds=timeout_seconds)
        if not records:
            return
        unreadable = 0
        for record in records:
            try:
                event = await self._codec.decode(record)
            except InvalidEventError:
                unreadable += 1
                continue
            await self._apply(event, record)
        if unreadable:
            self._metrics.events.labels("unreadable").inc(unreadable)
            dropped = await self._cache.drop_all()
            _log.warning(
                "change events that cannot be read; dropped the whole entity cache",
                records=unreadable,
                dropped_entries=dropped,
            )
        await consumer.commit(records)

    async def _apply(self, event: EntityChangeEvent, record: Record) -> None:
        entity = event.entity
        entities = dict.fromkeys(
            [(entity.type, entity.id)]
            + [(related.type, related.entity_id) for related in event.relationships]
        )
        dropped = 0
        for entity_type, entity_id in entities:
            dropped += await self._cache.drop_entity(entity_type, entity_id)
        self._metrics.events.labels("applied").inc()
        _log.info(
            "cached entities dropped" if dropped else "change event, nothing cached",
            topic=record.topic,
            event_id=event.event_id,
            event_type=str(event.event_type),
            entity_type=entity.type,
            entity_id=entity.id,
            related=len(entities) - 1,
            dropped_entries=dropped,
            trace_id=event.trace_context.trace_id,
        )

    def _set_connected(self, connected: bool) -> None:
        self._metrics.events_connected.set(connected)
        if connected:
            self.connected.set()
        else:
            self.connected.clear()
