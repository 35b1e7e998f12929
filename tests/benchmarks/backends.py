"""Bus, catalog and caches, on the real embedded servers."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator
from dataclasses import replace
from itertools import count
from pathlib import Path

from subgraph_kit.cache.base import Cache
from subgraph_kit.cache.memory import MemoryCache
from subgraph_kit.cache.redis import RedisCache
from subgraph_kit.catalog.migrations import migrate
from subgraph_kit.catalog.postgres import PostgresCatalog
from subgraph_kit.embedded import EmbeddedPostgres, EmbeddedRedis, Supervisor
from subgraph_kit.events.base import EventBus, Record, TopicConfig
from subgraph_kit.events.memory import MemoryBus
from subgraph_kit.events.postgres import PostgresBus
from subgraph_kit.testing.catalog import a_registration, an_event
from tests.benchmarks.measure import Measurement, measure

BATCH = 500
VALUE = b"x" * 300


async def _bus(part: str, bus: EventBus) -> AsyncIterator[Measurement]:
    await bus.ensure_topic("bench.source.entity_changed", TopicConfig(partitions=12))
    numbers = count()

    async def publish() -> None:
        await bus.publish(
            [
                Record("bench.source.entity_changed", b"%d" % next(numbers), VALUE)
                for _ in range(BATCH)
            ]
        )

    note = f"batches of {BATCH}, {len(VALUE)} bytes"
    yield await measure(part, "publish", publish, operations=BATCH, note=note)
    async with bus.subscribe(["bench.source.entity_changed"], group="bench") as consumer:

        async def process() -> None:
            await publish()
            left = BATCH
            while left > 0:
                records = await consumer.poll(max_records=BATCH, timeout_seconds=5)
                await consumer.commit(records)
                left -= len(records)

        # What publishing alone has left there is not part of the measurement.
        while any((await consumer.lag()).values()):
            await consumer.commit(await consumer.poll(max_records=5_000))
        yield await measure(part, "publish, poll, commit", process, operations=BATCH, note=note)


async def _catalog(dsn: str) -> AsyncIterator[Measurement]:
    await migrate(dsn)
    catalog = PostgresCatalog(dsn)
    numbers = count()
    try:

        async def register() -> None:
            await catalog.register_entities(
                [a_registration(source_entity_id=str(next(numbers))) for _ in range(BATCH)]
            )

        async def apply() -> None:
            event = an_event(event_id=f"bench-{next(numbers)}")
            await catalog.apply_event(replace(event, entity=replace(event.entity, id="1")))

        async def locate() -> None:
            await catalog.query_relationship_graph("Customer", "1")

        yield await measure(
            "catalog", "register entities", register, operations=BATCH, note=f"batches of {BATCH}"
        )
        yield await measure("catalog", "apply event", apply, note="one transaction each")
        yield await measure("catalog", "relationship graph", locate, note="depth 5")
    finally:
        await catalog.close()


async def _cache(part: str, cache: Cache) -> AsyncIterator[Measurement]:
    await cache.set_many({f"Customer:{i}": VALUE for i in range(100)}, ttl_seconds=600)

    async def get_one() -> None:
        await cache.get_many(["Customer:7"])

    async def get_many() -> None:
        await cache.get_many([f"Customer:{i}" for i in range(100)])

    yield await measure(part, "get", get_one, note=f"{len(VALUE)} bytes")
    yield await measure(part, "get 100 at once", get_many, operations=100)


async def run() -> AsyncIterator[Measurement]:
    """Yield the parts' measurements."""
    memory = MemoryBus()
    async for found in _bus("bus: memory", memory):
        yield found
    await memory.close()
    async for found in _cache("cache: memory", MemoryCache(max_bytes=10_000_000)):
        yield found
    with tempfile.TemporaryDirectory(prefix="dmbench") as directory:
        async with Supervisor(Path(directory)) as supervisor:
            redis, postgres = EmbeddedRedis(supervisor), EmbeddedPostgres(supervisor)
            await redis.start()
            await postgres.start()
            l2 = RedisCache(redis.url)
            async for found in _cache("cache: Redis", l2):
                yield found
            await l2.close()
            async for found in _catalog(postgres.dsn()):
                yield found
            bus = PostgresBus(postgres.dsn())
            async for found in _bus("bus: PostgreSQL", bus):
                yield found
            await bus.close()
