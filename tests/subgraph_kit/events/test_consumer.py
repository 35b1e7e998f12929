from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from subgraph_kit.errors import FatalError, RetriableError
from subgraph_kit.events.avro import EventCodec
from subgraph_kit.events.backoff import Backoff
from subgraph_kit.events.base import EventBus, Record
from subgraph_kit.events.consumer import EventConsumer
from subgraph_kit.events.memory import MemoryBus
from subgraph_kit.events.model import EntityChangeEvent, EntityReference
from subgraph_kit.events.processed import (
    MemoryProcessedEvents,
    PostgresProcessedEvents,
    ProcessedEvents,
)
from subgraph_kit.events.publisher import EventPublisher
from subgraph_kit.events.topics import ENTITY_CHANGED_TOPICS, dead_letter_topic
from tests.subgraph_kit.events.samples import an_event

TOPIC = "customers.directus.entity_changed"
LETTERS = dead_letter_topic("search")


def about(entity_id: str) -> EntityChangeEvent:
    return an_event(entity=EntityReference("Customer", entity_id, 1, "https://cms.example.org/"))


class Handler:
    """Notes what it handled; fails as ordered, by entity id."""

    def __init__(self) -> None:
        self.handled: list[str] = []
        self.failures: dict[str, list[Exception]] = {}
        self.expected = asyncio.Event()
        self.count = 0

    def expect(self, count: int) -> None:
        self.count = count
        self.expected = asyncio.Event()
        self.check()

    def check(self) -> None:
        if len(self.handled) >= self.count:
            self.expected.set()

    async def __call__(self, event: EntityChangeEvent, record: Record) -> None:
        if self.failures.get(event.entity.id):
            raise self.failures[event.entity.id].pop(0)
        self.handled.append(event.entity.id)
        self.check()


@asynccontextmanager
async def consuming(
    bus: EventBus,
    handler: Callable[[EntityChangeEvent, Record], Awaitable[object]],
    processed: ProcessedEvents | None = None,
) -> AsyncIterator[EventConsumer]:
    consumer = EventConsumer(
        bus,
        [ENTITY_CHANGED_TOPICS],
        "search",
        handler,
        processed=processed,
        backoff=Backoff(initial_seconds=0.001, max_seconds=0.01),
    )
    running = asyncio.create_task(consumer.run())
    try:
        yield consumer
        consumer.stop()
        async with asyncio.timeout(5):
            await running
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def letters(bus: EventBus) -> list[Record]:
    return [record async for record in bus.replay(LETTERS)]


async def test_hands_every_event_to_the_handler_once() -> None:
    bus, handler = MemoryBus(), Handler()
    await EventPublisher(bus).publish_events([about(str(n)) for n in range(20)])
    for _ in range(2):  # the second run finds everything committed
        async with consuming(bus, handler), asyncio.timeout(5):
            handler.expect(20)
            await handler.expected.wait()
            await asyncio.sleep(0.05)
    assert sorted(handler.handled, key=int) == [str(n) for n in range(20)]


async def test_what_was_not_handled_before_the_stop_comes_again() -> None:
    bus, started = MemoryBus(), asyncio.Event()
    await EventPublisher(bus).publish_event(about("1"))

    async def never_ends(event: EntityChangeEvent, record: Record) -> None:
        started.set()
        raise RetriableError("not now")

    async with consuming(bus, never_ends), asyncio.timeout(5):
        await started.wait()
    handler = Handler()
    async with consuming(bus, handler), asyncio.timeout(5):
        handler.expect(1)
        await handler.expected.wait()
    assert handler.handled == ["1"]


async def test_a_retriable_error_keeps_the_order_of_the_entity() -> None:
    bus, handler = MemoryBus(), Handler()
    handler.failures["1"] = [RetriableError("away"), OSError("away")] * 10
    await EventPublisher(bus).publish_events([about("1"), about("1"), about("1")])
    async with consuming(bus, handler), asyncio.timeout(5):
        handler.expect(3)
        await handler.expected.wait()
    assert handler.handled == ["1", "1", "1"]
    assert await letters(bus) == []


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (FatalError("the index has no such field"), "the index has no such field"),
        (ValueError("ada@example.org"), "failed 5 times: ValueError"),
    ],
)
async def test_what_can_never_be_handled_becomes_a_dead_letter(
    error: Exception, reason: str
) -> None:
    bus, handler = MemoryBus(), Handler()
    handler.failures["bad"] = [error] * 5
    await EventPublisher(bus).publish_events([about("bad"), about("good")])
    async with consuming(bus, handler), asyncio.timeout(5):
        async with bus.subscribe([LETTERS], group="postman") as postman:
            (letter,) = await postman.poll(timeout_seconds=5)
        handler.expect(1)
        await handler.expected.wait()
    assert letter.headers["dead-letter-reason"].decode() == reason
    assert letter.headers["dead-letter-topic"].decode() == TOPIC
    assert (await EventCodec().decode(letter)).entity.id == "bad"  # it can be sent again
    assert handler.handled == ["good"]


async def test_bytes_that_are_no_event_do_not_block_what_follows() -> None:
    bus, handler = MemoryBus(), Handler()
    await bus.publish([Record(TOPIC, b"1", b"<html>"), Record(TOPIC, b"1", b"")])
    await EventPublisher(bus).publish_event(about("1"))
    async with consuming(bus, handler), asyncio.timeout(5):
        handler.expect(1)
        await handler.expected.wait()
    codes = [letter.headers["dead-letter-code"] for letter in await letters(bus)]
    assert codes == [b"INVALID_EVENT", b"INVALID_EVENT"]


async def test_an_event_published_twice_is_handled_once() -> None:
    bus, handler, processed = MemoryBus(), Handler(), MemoryProcessedEvents()
    event = about("1")
    await EventPublisher(bus).publish_events([event, event, about("2"), event])
    async with consuming(bus, handler, processed), asyncio.timeout(5):
        handler.expect(2)
        await handler.expected.wait()
    assert sorted(handler.handled) == ["1", "2"]


async def test_a_bus_that_is_down_is_waited_for() -> None:
    class Unreliable(MemoryBus):
        failures = 3

        def _check_open(self) -> None:  # every use of the bus starts with it
            if self.failures and asyncio.current_task() is not publishing:
                self.failures -= 1
                raise RetriableError("the bus is away")

    publishing = asyncio.current_task()
    bus, handler = Unreliable(), Handler()
    await EventPublisher(bus).publish_event(about("1"))
    async with consuming(bus, handler), asyncio.timeout(5):
        handler.expect(1)
        await handler.expected.wait()
    assert bus.failures == 0


class ProcessedEventsConformance:
    async def test_remembers_by_group(self, processed: ProcessedEvents) -> None:
        await processed.add("a", ["1", "2", "1"])
        await processed.add("a", ["2"])
        assert await processed.seen("a", ["1", "2", "3"]) == {"1", "2"}
        assert await processed.seen("b", ["1"]) == set()


class TestMemoryProcessedEvents(ProcessedEventsConformance):
    @pytest.fixture
    def processed(self) -> ProcessedEvents:
        return MemoryProcessedEvents()

    async def test_forgets_the_oldest_beyond_its_capacity(self) -> None:
        processed = MemoryProcessedEvents(capacity=2)
        await processed.add("a", ["1", "2", "3"])
        assert await processed.seen("a", ["1", "2", "3"]) == {"2", "3"}


@pytest.mark.embedded
class TestPostgresProcessedEvents(ProcessedEventsConformance):
    @pytest.fixture
    async def processed(self, postgres_dsn: str) -> AsyncIterator[ProcessedEvents]:
        processed = PostgresProcessedEvents(postgres_dsn)
        yield processed
        await processed.close()
