from __future__ import annotations

import asyncio

import pytest

from subgraph_kit.catalog.memory import MemoryCatalog
from subgraph_kit.data_product import EntityChange
from subgraph_kit.errors import FatalError, RetriableError
from subgraph_kit.events.avro import EventCodec
from subgraph_kit.events.backoff import Backoff
from subgraph_kit.events.memory import MemoryBus
from subgraph_kit.events.model import EntityChangeEvent
from subgraph_kit.events.outbox import MemoryOutbox, OutboxDispatcher
from tests.subgraph_kit.events.samples import TRACE, a_change, describe

TOPIC = "customers.directus.entity_changed"
AT_ONCE = Backoff(initial_seconds=0.0)


class World:
    """An outbox, a dispatcher and what it works on, with failures to order."""

    def __init__(self, *, max_attempts: int = 10) -> None:
        self.outbox, self.bus, self.catalog = MemoryOutbox(), MemoryBus(), MemoryCatalog()
        self.invalidated: list[str] = []
        self.failures: list[Exception] = []
        self.dispatcher = OutboxDispatcher(
            self.outbox,
            self.bus,
            self.catalog,
            self.invalidate,
            self.describe,
            backoff=AT_ONCE,
            max_attempts=max_attempts,
        )
        self.undescribable = ""

    async def invalidate(self, event: EntityChangeEvent) -> None:
        if self.failures:
            raise self.failures.pop(0)
        self.invalidated.append(event.entity.id)

    def describe(self, change: EntityChange) -> EntityChangeEvent:
        if change.entity_id == self.undescribable:
            raise KeyError("no adapter serves this")
        return describe(change)

    async def published(self) -> list[EntityChangeEvent]:
        codec = EventCodec()
        return [await codec.decode(record) async for record in self.bus.replay(TOPIC)]


async def test_carries_a_change_to_catalog_topic_and_caches() -> None:
    world = World()
    (event_id,) = await world.outbox.accept("customers", "directus", [a_change()], trace=TRACE)
    assert await world.dispatcher.run_once() == 1
    (event,) = await world.published()
    assert (event.event_id, event.trace_context) == (event_id, TRACE)
    assert await world.catalog.read_events() == [event]
    assert world.invalidated == ["42"]
    assert await world.outbox.pending() == 0


async def test_the_three_actions_run_side_by_side() -> None:
    world = World()
    meeting = asyncio.Barrier(3)

    class Waiting(MemoryCatalog):
        async def apply_event(self, event: EntityChangeEvent) -> bool:
            await meeting.wait()
            return True

    class WaitingBus(MemoryBus):
        async def publish(self, records: object) -> None:
            await meeting.wait()

    async def invalidate(event: EntityChangeEvent) -> None:
        await meeting.wait()

    dispatcher = OutboxDispatcher(world.outbox, WaitingBus(), Waiting(), invalidate, describe)
    await world.outbox.accept("customers", "directus", [a_change()])
    async with asyncio.timeout(5):
        await dispatcher.run_once()
    assert await world.outbox.pending() == 0


async def test_only_what_failed_is_done_again() -> None:
    world = World()
    world.failures = [RetriableError("cache is away"), RetriableError("cache is away")]
    await world.outbox.accept("customers", "directus", [a_change()])
    for _ in range(3):
        assert await world.outbox.pending() == 1
        await world.dispatcher.run_once()
    assert await world.outbox.pending() == 0
    assert len(await world.published()) == 1


async def test_a_retriable_error_is_never_given_up() -> None:
    world = World(max_attempts=2)
    world.failures = [RetriableError("away") for _ in range(20)]
    await world.outbox.accept("customers", "directus", [a_change()])
    for _ in range(21):
        await world.dispatcher.run_once()
    assert world.invalidated == ["42"]
    assert await world.outbox.parked() == []


@pytest.mark.parametrize("error", [FatalError("never"), ValueError("ada@example.org is secret")])
async def test_what_cannot_succeed_is_parked_with_its_reason(error: Exception) -> None:
    world = World(max_attempts=3)
    world.failures = [error] * 3
    await world.outbox.accept("customers", "directus", [a_change(), a_change()])
    for _ in range(4):
        await world.dispatcher.run_once()
    ((entry, reason),) = await world.outbox.parked()
    assert entry.completed == {"catalog", "publish"}
    assert reason in {"invalidate: never", "invalidate: ValueError"}
    assert world.invalidated == ["42"]  # the second change of the entity went on


async def test_a_change_nobody_can_describe_is_parked_at_once() -> None:
    world = World()
    world.undescribable = "7"
    await world.outbox.accept("customers", "directus", [a_change("7"), a_change("8")])
    await world.dispatcher.run_once()
    ((entry, reason),) = await world.outbox.parked()
    assert (entry.change.entity_id, reason) == ("7", "describe: KeyError")
    assert world.invalidated == ["8"]


async def test_an_action_that_hangs_is_tried_again() -> None:
    world = World()
    calls = 0

    async def invalidate(event: EntityChangeEvent) -> None:
        nonlocal calls
        calls += 1
        if calls == 1:
            await asyncio.sleep(60)

    dispatcher = OutboxDispatcher(
        world.outbox,
        world.bus,
        world.catalog,
        invalidate,
        describe,
        action_timeout_seconds=0.05,
        backoff=AT_ONCE,
    )
    await world.outbox.accept("customers", "directus", [a_change()])
    await dispatcher.run_once()
    await dispatcher.run_once()
    assert await world.outbox.pending() == 0


async def test_keeps_the_order_of_each_entity() -> None:
    world = World()
    changes = [
        a_change(f"e{number % 3}", changed_fields=(str(number),), change_id=str(number))
        for number in range(30)
    ]
    await world.outbox.accept("customers", "directus", changes)
    while await world.outbox.pending():
        await world.dispatcher.run_once()
    events = await world.published()
    for entity in ("e0", "e1", "e2"):
        numbers = [int(e.changed_fields[0]) for e in events if e.entity.id == entity]
        assert numbers == sorted(numbers)
        assert len(numbers) == 10


async def test_runs_until_stopped() -> None:
    world = World()
    running = asyncio.create_task(world.dispatcher.run())
    await world.outbox.accept("customers", "directus", [a_change()])
    async with asyncio.timeout(5):
        async with world.bus.subscribe([TOPIC], group="watch") as consumer:
            assert len(await consumer.poll(timeout_seconds=5)) == 1
        world.dispatcher.stop()
        await running
    assert await world.outbox.pending() == 0
