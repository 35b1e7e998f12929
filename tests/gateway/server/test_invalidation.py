"""Change events drop exactly what they name from the gateway's entity cache."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import msgspec
import pytest
from pydantic import SecretStr

from gateway.config import load_settings
from gateway.errors import ConfigurationError as GatewayConfigurationError
from gateway.executor.entity_cache import EntityCache
from gateway.invalidation import CacheInvalidator
from gateway.server.assemble import Gateway
from gateway.telemetry import GatewayMetrics
from subgraph_kit.cache.memory import MemoryCache
from subgraph_kit.data_product import ChangeType
from subgraph_kit.errors import ConfigurationError, SourceUnavailableError
from subgraph_kit.events.avro import EventCodec
from subgraph_kit.events.backoff import Backoff
from subgraph_kit.events.base import Consumer, EventBus, Record
from subgraph_kit.events.connect import connect_bus
from subgraph_kit.events.memory import MemoryBus
from subgraph_kit.events.model import (
    EntityChangeEvent,
    EntityReference,
    RelationshipReference,
    TraceContext,
)
from subgraph_kit.events.publisher import EventPublisher
from subgraph_kit.events.registry import ConfluentRegistry
from subgraph_kit.events.topics import config_for, entity_topic
from tests.gateway.server.supergraphs import two_subgraphs
from tests.testkit.servers import (
    ReceivedRequest,
    ServedGateway,
    answering,
    eventually,
    http,
    serve,
    serve_gateway,
)

TOPIC = entity_topic("users", "crm")
NO_WAIT = Backoff(initial_seconds=0.001, max_seconds=0.001)


def change(entity_id: str, *related: str) -> EntityChangeEvent:
    return EntityChangeEvent(
        event_id=f"event-{entity_id}",
        event_type=ChangeType.UPDATED,
        timestamp=datetime(2026, 1, 1, tzinfo=UTC),
        source_system="crm",
        domain="users",
        entity=EntityReference("User", entity_id, 1, f"http://crm/users/{entity_id}"),
        trace_context=TraceContext("1" * 32, "2" * 16),
        relationships=tuple(RelationshipReference("User", r, "crm", "knows") for r in related),
    )


class RememberingCache(EntityCache):
    """A real entity cache that also remembers what was asked of it."""

    def __init__(self) -> None:
        super().__init__(MemoryCache())
        self.dropped: list[str] = []

    async def drop_entity(self, entity_type: str, entity_id: str) -> int:
        self.dropped.append(f"{entity_type}:{entity_id}")
        return await super().drop_entity(entity_type, entity_id)

    async def drop_all(self) -> int:
        self.dropped.append("everything")
        return await super().drop_all()


class LosableBus:
    """A bus whose connection can be cut: polling then fails."""

    def __init__(self, inner: MemoryBus) -> None:
        self._inner = inner
        self.lost = False

    def __getattr__(self, name: str) -> object:
        return getattr(self._inner, name)

    @asynccontextmanager
    async def subscribe(
        self, topics: Sequence[str], *, group: str, start: Literal["earliest", "latest"]
    ) -> AsyncIterator[Consumer]:
        async with self._inner.subscribe(topics, group=group, start=start) as consumer:
            yield LosableConsumer(consumer, self)

    async def close(self) -> None:
        """The memory behind it stays, as a server would."""


class LosableConsumer:
    def __init__(self, inner: Consumer, bus: LosableBus) -> None:
        self._inner, self._bus = inner, bus

    async def poll(self, *, max_records: int = 500, timeout_seconds: float = 1.0) -> list[Record]:
        if self._bus.lost:
            raise SourceUnavailableError("the bus is gone")
        return await self._inner.poll(max_records=max_records, timeout_seconds=0.01)

    async def commit(self, records: Sequence[Record]) -> None:
        await self._inner.commit(records)

    async def lag(self) -> dict[str, int]:
        return await self._inner.lag()


@asynccontextmanager
async def invalidating(connect: object, cache: EntityCache) -> AsyncIterator[CacheInvalidator]:
    invalidator = CacheInvalidator(
        connect,  # type: ignore[arg-type]  # the fakes above are buses in all that matters
        cache,
        GatewayMetrics(),
        topics=["*.entity_changed"],
        backoff=NO_WAIT,
    )
    task = asyncio.create_task(invalidator.run())
    try:
        await asyncio.wait_for(invalidator.connected.wait(), 5)
        yield invalidator
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@pytest.fixture
async def memory_bus() -> MemoryBus:
    bus = MemoryBus()
    await bus.ensure_topic(TOPIC, config_for(TOPIC))
    return bus


async def test_an_event_drops_its_entity_and_the_related_ones_and_nothing_else(
    memory_bus: MemoryBus,
) -> None:
    cache = RememberingCache()
    await EventPublisher(memory_bus).publish_event(change("before anyone listened"))
    bus = LosableBus(memory_bus)

    async def connect() -> LosableBus:
        return bus

    async with invalidating(connect, cache):
        assert cache.dropped == ["everything"]  # what was cached while nobody listened
        await EventPublisher(memory_bus).publish_event(change("1", "2", "3", "2"))
        await eventually(lambda: len(cache.dropped) == 4)
        assert cache.dropped[1:] == ["User:1", "User:2", "User:3"]


async def test_after_the_bus_was_away_everything_is_dropped_and_events_go_on(
    memory_bus: MemoryBus,
) -> None:
    cache = RememberingCache()
    bus = LosableBus(memory_bus)
    refusals = 3

    async def connect() -> LosableBus:
        nonlocal refusals
        if bus.lost:
            refusals -= 1
            if refusals:
                raise SourceUnavailableError("still gone")
            bus.lost = False
        return bus

    async with invalidating(connect, cache) as invalidator:
        bus.lost = True
        await eventually(lambda: cache.dropped == ["everything"] * 2)
        await eventually(invalidator.connected.is_set)
        await EventPublisher(memory_bus).publish_event(change("1"))
        await eventually(lambda: cache.dropped[2:] == ["User:1"])


@pytest.mark.parametrize("value", [b"", b"\x00", b"{}", b"\x00\x00\x00\x00\x01garbage"])
async def test_a_record_that_cannot_be_read_drops_everything_and_blocks_nothing(
    memory_bus: MemoryBus, value: bytes
) -> None:
    cache = RememberingCache()
    bus = LosableBus(memory_bus)

    async def connect() -> LosableBus:
        return bus

    async with invalidating(connect, cache):
        await memory_bus.publish([Record(TOPIC, b"1", value)])
        await eventually(lambda: cache.dropped == ["everything"] * 2)
        await EventPublisher(memory_bus).publish_event(change("1"))
        await eventually(lambda: cache.dropped[2:] == ["User:1"])


async def test_a_bus_that_can_never_be_reached_is_told() -> None:
    async def connect() -> EventBus:
        raise ConfigurationError("no such scheme")

    invalidator = CacheInvalidator(
        connect,
        EntityCache(MemoryCache()),
        GatewayMetrics(),
        topics=["*"],
        backoff=NO_WAIT,
    )
    with pytest.raises(ConfigurationError):
        await invalidator.run()


# --- The whole gateway -------------------------------------------------------------------------


@asynccontextmanager
async def caching_gateway(
    directory: Path, good: str, bad: str, *, events_url: str = "memory://"
) -> AsyncIterator[ServedGateway]:
    """A gateway that receives events already: until then it forgets what it cached."""
    settings = {"url": SecretStr(events_url)}
    async with serve_gateway(directory, two_subgraphs(good, bad), events=settings) as gateway:
        invalidator = gateway.running.gateway.invalidator
        assert invalidator is not None
        await asyncio.wait_for(invalidator.connected.wait(), 10)
        yield gateway


async def test_an_entity_is_asked_for_again_only_after_it_changed(tmp_path: Path) -> None:
    score = 1

    async def entities(request: ReceivedRequest, _writer: object) -> bytes:
        return http(f'{{"data":{{"_entities":[{{"__typename":"User","score":{score}}}]}}}}')

    me = http('{"data":{"me":{"__typename":"User","id":"1"}}}')
    async with (
        serve(answering(me)) as good,
        serve(entities) as bad,
        caching_gateway(tmp_path, good.url, bad.url) as gateway,
    ):
        cache = gateway.running.gateway.entity_cache
        assert cache is not None

        async def ask() -> object:
            return (await gateway.post("{ me { score } }")).json()

        for _ in range(5):
            assert await ask() == {"data": {"me": {"score": 1}}}
        assert len(bad.requests) == 1
        score = 2
        await cache.drop_entity("User", "2")
        assert await ask() == {"data": {"me": {"score": 1}}}
        await cache.drop_entity("User", "1")
        assert await ask() == {"data": {"me": {"score": 2}}}
        assert len(bad.requests) == 2
        text = (await gateway.client.get("/metrics")).text
        assert 'gateway_entity_cache_lookups_total{result="hit"} 5.0' in text
        assert "gateway_events_connected 1.0" in text


async def test_another_callers_entities_are_not_shared(tmp_path: Path) -> None:
    me = http('{"data":{"me":{"__typename":"User","id":"1"}}}')
    entities = http('{"data":{"_entities":[{"__typename":"User","score":1}]}}')
    async with (
        serve(answering(me)) as good,
        serve(answering(entities)) as bad,
        caching_gateway(tmp_path, good.url, bad.url) as gateway,
    ):
        for token in ("a", "b", "a", "b"):
            headers = {"authorization": token, "traceparent": f"00-{'1' * 32}-{'2' * 16}-01"}
            await gateway.post("{ me { score } }", headers=headers)
    assert [request.headers["authorization"] for request in bad.requests] == ["a", "b"]


def test_without_events_or_redis_nothing_is_cached_unless_asked_for(tmp_path: Path) -> None:
    supergraph = tmp_path / "s.graphql"
    plain = Gateway(load_settings(overrides={"supergraph": supergraph}))
    asked = Gateway(
        load_settings(
            overrides={"supergraph": supergraph, "cache": {"entities": {"enabled": True}}}
        )
    )
    assert plain.entity_cache is None
    assert asked.entity_cache is not None


async def test_schemas_are_read_from_a_registry_if_one_is_named(tmp_path: Path) -> None:
    published: list[bytes] = []

    async def registry(request: ReceivedRequest, _writer: object) -> bytes:
        if request.target == "/subjects/EntityChangeEvent/versions":
            published.append(msgspec.json.encode(request.json["schema"]))
            return http('{"id":77}')
        assert request.target == "/schemas/ids/77"
        return http(b'{"schema":' + published[0] + b"}")

    async with serve(registry) as server:
        url = server.url.removesuffix("/graphql")
        settings = load_settings(
            overrides={
                "supergraph": tmp_path / "s.graphql",
                "events": {"url": "memory://", "registry_url": url},
            }
        )
        gateway = Gateway(settings)
        assert gateway.invalidator is not None
        assert gateway.entity_cache is not None
        writer = ConfluentRegistry(url)
        value = await EventCodec(writer).encode(change("1"))
        await writer.close()
        event = await gateway.invalidator._codec.decode(Record(TOPIC, b"1", value))
        assert event.entity.id == "1"
        await gateway.close()
    assert [request.target for request in server.requests] == [
        "/subjects/EntityChangeEvent/versions",
        "/schemas/ids/77",
    ]


def test_a_registry_address_that_cannot_be_used_is_told_without_its_secret(tmp_path: Path) -> None:
    events = {"url": "memory://", "registry_url": "ftp://user:hunter2@host"}
    settings = load_settings(overrides={"supergraph": tmp_path / "s", "events": events})
    assert "hunter2" not in repr(settings)
    with pytest.raises(GatewayConfigurationError, match="registry_url") as caught:
        Gateway(settings)
    assert "hunter2" not in str(caught.value)


@pytest.mark.embedded
async def test_an_event_on_a_real_bus_makes_the_next_answer_fresh(
    tmp_path: Path, postgres_dsn: str
) -> None:
    score = 1

    async def entities(request: ReceivedRequest, _writer: object) -> bytes:
        return http(f'{{"data":{{"_entities":[{{"__typename":"User","score":{score}}}]}}}}')

    me = http('{"data":{"me":{"__typename":"User","id":"1"}}}')
    bus = await connect_bus(postgres_dsn)
    try:
        await bus.ensure_topic(TOPIC, config_for(TOPIC))
        async with (
            serve(answering(me)) as good,
            serve(entities) as bad,
            caching_gateway(tmp_path, good.url, bad.url, events_url=postgres_dsn) as gateway,
        ):

            async def fresh() -> bool:
                body = (await gateway.post("{ me { score } }")).json()
                return bool(body == {"data": {"me": {"score": score}}})

            assert await fresh()
            score = 2
            assert not await fresh()
            await EventPublisher(bus).publish_event(change("1"))
            await eventually(fresh)
    finally:
        await bus.close()
