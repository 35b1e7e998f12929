"""How to consume events: process, then commit; never lose one, never stop for a bad one (row 35).

    async def handle(event: EntityChangeEvent, record: Record) -> None: ...

    await run_consumer(bus, ["*.entity_changed"], group="search", handler=handle)

What happens to a record:

- it is decoded; bytes that are no event go to the group's dead-letter topic;
- it is skipped if the group has processed its event before (with `processed`);
- the handler gets it. A `RetriableError` is retried with growing delays for as long as it takes;
  a `FatalError` sends it to the dead-letter topic; any other exception is retried a few times and
  then treated like a fatal one;
- offsets are committed after that.

Records of one partition are handled in order, partitions side by side.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Literal, TypeVar

import structlog

from subgraph_kit.errors import FatalError, KitError, RetriableError
from subgraph_kit.events.avro import EventCodec
from subgraph_kit.events.backoff import Backoff
from subgraph_kit.events.base import Consumer, EventBus, Record
from subgraph_kit.events.model import EntityChangeEvent
from subgraph_kit.events.processed import ProcessedEvents
from subgraph_kit.events.topics import dead_letter_topic

log = structlog.get_logger(__name__)

Handler = Callable[[EntityChangeEvent, Record], Awaitable[object]]
_T = TypeVar("_T")
_MAX_REASON = 500


@dataclass(slots=True)
class EventConsumer:
    """A member of group `group` that hands events to `handler`; `run` it as a task."""

    bus: EventBus
    topics: Sequence[str]
    group: str
    handler: Handler
    codec: EventCodec = field(default_factory=EventCodec)
    processed: ProcessedEvents | None = None
    start: Literal["earliest", "latest"] = "earliest"
    max_records: int = 500
    max_attempts: int = 5
    """For exceptions that are neither retriable nor fatal."""
    backoff: Backoff = field(default_factory=Backoff)
    _stopping: asyncio.Event = field(default_factory=asyncio.Event, init=False)

    def stop(self) -> None:
        """Let `run` return when the records in hand are processed and committed."""
        self._stopping.set()

    async def run(self) -> None:
        """Consume until cancelled or stopped; a bus that is down is waited for.

        Raises:
            ConfigurationError: if bus or registry need a person to change something.
        """
        failures = 0
        while not self._stopping.is_set():
            try:
                async with self.bus.subscribe(
                    self.topics, group=self.group, start=self.start
                ) as consumer:
                    while not self._stopping.is_set():
                        await self._step(consumer)
                        failures = 0
            except RetriableError as error:
                failures += 1
                await self._pause(failures, "consumer_bus_unreachable", error)

    async def _step(self, consumer: Consumer) -> None:
        records = await self._poll(consumer)
        if not records:
            return
        partitions: dict[tuple[str, int], list[Record]] = {}
        for record in records:
            partitions.setdefault((record.topic, record.partition), []).append(record)
        handled = await asyncio.gather(*(self._handle_all(part) for part in partitions.values()))
        await consumer.commit([record for part in handled for record in part])

    async def _poll(self, consumer: Consumer) -> list[Record]:
        """Poll, but return empty at once when stopped."""
        polling = asyncio.ensure_future(
            consumer.poll(max_records=self.max_records, timeout_seconds=5.0)
        )
        stopping = asyncio.ensure_future(self._stopping.wait())
        try:
            await asyncio.wait({polling, stopping}, return_when=asyncio.FIRST_COMPLETED)
            return await polling if polling.done() else []
        finally:
            for task in (polling, stopping):
                task.cancel()
            await asyncio.gather(polling, stopping, return_exceptions=True)

    async def _handle_all(self, records: Sequence[Record]) -> list[Record]:
        """Handle one partition's records in order; return those that are finished with."""
        finished: list[Record] = []
        for record in records:
            if self._stopping.is_set():
                break  # what follows is delivered again
            try:
                event = await self._retrying(partial(self.codec.decode, record))
                await self._handle(event, record)
            except _StoppedError:
                break
            except FatalError as error:
                await self._dead_letter(record, error)
            finished.append(record)
        return finished

    async def _handle(self, event: EntityChangeEvent, record: Record) -> None:
        processed, ids = self.processed, [event.event_id]
        if processed is not None:
            seen = await self._retrying(lambda: processed.seen(self.group, ids))
            if seen:
                return
        await self._retrying(lambda: self.handler(event, record))
        if processed is not None:
            await self._retrying(lambda: processed.add(self.group, ids))

    async def _retrying(self, work: Callable[[], Awaitable[_T]]) -> _T:
        attempt = 0
        while True:
            attempt += 1
            try:
                return await work()
            except FatalError:
                raise
            except (RetriableError, OSError) as error:
                await self._pause(attempt, "consumer_retries", error)
            except KitError:
                raise
            except Exception as error:
                if attempt >= self.max_attempts:
                    raise FatalError(f"failed {attempt} times: {type(error).__name__}") from error
                await self._pause(attempt, "consumer_handler_failed", error)
            if self._stopping.is_set():
                raise _StoppedError

    async def _pause(self, failures: int, event: str, error: Exception) -> None:
        delay = self.backoff.delay_seconds(failures)
        reason = str(error) if isinstance(error, KitError) else type(error).__name__
        log.warning(event, group=self.group, reason=reason, retry_in_seconds=delay)
        try:
            async with asyncio.timeout(delay):
                await self._stopping.wait()
        except TimeoutError:
            return

    async def _dead_letter(self, record: Record, error: FatalError) -> None:
        topic = dead_letter_topic(self.group)
        log.error(
            "event_dead_lettered",
            group=self.group,
            topic=record.topic,
            partition=record.partition,
            offset=record.offset,
            reason=str(error),
        )
        letter = Record(
            topic=topic,
            key=record.key,
            value=record.value,
            headers={
                **record.headers,
                "dead-letter-topic": record.topic.encode(),
                "dead-letter-partition": str(record.partition).encode(),
                "dead-letter-offset": str(record.offset).encode(),
                "dead-letter-code": error.code.encode(),
                "dead-letter-reason": str(error)[:_MAX_REASON].encode(),
            },
        )
        await self._retrying(lambda: self.bus.publish([letter]))


class _StoppedError(Exception):
    """The consumer was stopped while it waited to try again."""


async def run_consumer(
    bus: EventBus,
    topics: Sequence[str],
    group: str,
    handler: Handler,
    *,
    codec: EventCodec | None = None,
    processed: ProcessedEvents | None = None,
    start: Literal["earliest", "latest"] = "earliest",
    max_records: int = 500,
) -> None:
    """Consume until cancelled; `EventConsumer` offers more control."""
    await EventConsumer(
        bus,
        topics,
        group,
        handler,
        codec=codec or EventCodec(),
        processed=processed,
        start=start,
        max_records=max_records,
    ).run()


__all__ = ["EventConsumer", "Handler", "run_consumer"]
