"""What only the PostgreSQL bus has to get right: commits that come late, members that die."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest

from subgraph_kit.errors import RetriableError
from subgraph_kit.events.base import Record, TopicConfig
from subgraph_kit.events.postgres import PostgresBus
from subgraph_kit.events.postgres_consumer import PostgresConsumer
from subgraph_kit.testing.bus import poll_until

pytestmark = pytest.mark.embedded
TOPIC = "a.b.entity_changed"
ONE = TopicConfig(partitions=1)


@pytest.fixture
async def bus(postgres_dsn: str) -> AsyncIterator[PostgresBus]:
    bus = PostgresBus(postgres_dsn, session_timeout_seconds=1.0)
    await bus.ensure_topic(TOPIC, ONE)
    yield bus
    await bus.close()


async def test_a_reader_never_passes_a_commit_that_comes_late(
    bus: PostgresBus, postgres_dsn: str
) -> None:
    """A writer holds its offset until it commits: who comes later waits, and stands behind it."""
    slow = await asyncpg.connect(postgres_dsn)
    transaction = slow.transaction()
    await transaction.start()
    offset = await slow.fetchval(
        "UPDATE bus_partitions SET next_offset = next_offset + 1 RETURNING next_offset - 1"
    )
    async with bus.subscribe([TOPIC], group="g") as consumer:
        quick = asyncio.create_task(bus.publish([Record(TOPIC, b"k", b"quick")]))
        assert await consumer.poll(timeout_seconds=0.3) == []
        assert not quick.done()
        await slow.execute(
            "INSERT INTO bus_records SELECT id, 0, $1, 'k', 'slow', NULL, now() FROM bus_topics",
            offset,
        )
        await transaction.commit()
        await quick
        records = await poll_until(consumer, 2)
    assert [(r.offset, r.value) for r in records] == [(0, b"slow"), (1, b"quick")]
    await slow.close()


async def test_a_rolled_back_writer_leaves_no_gap(bus: PostgresBus, postgres_dsn: str) -> None:
    connection = await asyncpg.connect(postgres_dsn)
    transaction = connection.transaction()
    await transaction.start()
    await connection.execute("UPDATE bus_partitions SET next_offset = next_offset + 5")
    await transaction.rollback()
    await connection.close()
    await bus.publish([Record(TOPIC, b"k", b"v")])
    assert [record.offset async for record in bus.replay(TOPIC)] == [0]


async def test_many_writers_of_many_partitions_never_block_each_other(postgres_dsn: str) -> None:
    buses = [PostgresBus(postgres_dsn) for _ in range(3)]
    topics = [f"a.t{n}.entity_changed" for n in range(4)]

    async def write(bus: PostgresBus, start: int) -> None:
        for turn in range(10):
            order = topics if (start + turn) % 2 else topics[::-1]
            await bus.publish([Record(t, str(k).encode(), b"v") for t in order for k in range(5)])

    async with asyncio.timeout(30):
        await asyncio.gather(*(write(bus, n) for n, bus in enumerate(buses)))
    for topic in topics:
        assert len([record async for record in buses[0].replay(topic)]) == 150
    for bus in buses:
        await bus.close()


async def test_the_partitions_of_a_dead_member_pass_on(
    bus: PostgresBus, postgres_dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await bus.publish([Record(TOPIC, b"k", b"v")])
    async with bus.subscribe([TOPIC], group="g") as dies:
        assert len(await poll_until(dies, 1)) == 1
        assert dies._heart is not None
        dies._heart.cancel()  # silent from now on, as a killed process is
        other = PostgresBus(postgres_dsn, session_timeout_seconds=1.0)
        async with bus.subscribe([TOPIC], group="g") as lives, asyncio.timeout(10):
            assert [r.value for r in await poll_until(lives, 1)] == [b"v"]
        await other.close()


async def test_a_member_taken_for_dead_joins_again(bus: PostgresBus, postgres_dsn: str) -> None:
    connection = await asyncpg.connect(postgres_dsn)
    async with bus.subscribe([TOPIC], group="g") as consumer:
        await connection.execute("DELETE FROM bus_members")
        await bus.publish([Record(TOPIC, b"k", b"v")])
        async with asyncio.timeout(10):
            records = await poll_until(consumer, 1)
            await consumer.commit(records)
        await asyncio.sleep(0.5)
        assert await consumer.poll(timeout_seconds=0.5) in ([], records)
        assert await connection.fetchval("SELECT count(*) FROM bus_members") == 1
    assert await connection.fetchval("SELECT count(*) FROM bus_members") == 0
    await connection.close()


async def test_survives_broken_connections(bus: PostgresBus, postgres_dsn: str) -> None:
    """The server ends every connection; the bus and its waiting consumer go on."""
    async with bus.subscribe([TOPIC], group="g") as consumer:
        admin = await asyncpg.connect(postgres_dsn)
        await admin.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        await admin.close()
        got: list[Record] = []
        async with asyncio.timeout(15):
            await _insist(bus, Record(TOPIC, b"k", b"v"))
            while not got:
                got = await _poll_anyway(consumer)
    assert got[0].value == b"v"


async def _insist(bus: PostgresBus, record: Record) -> None:
    for _ in range(10):
        try:
            return await bus.publish([record])
        except RetriableError:
            await asyncio.sleep(0.05)
    raise AssertionError("publishing never succeeded")


async def _poll_anyway(consumer: PostgresConsumer) -> list[Record]:
    try:
        return await consumer.poll(timeout_seconds=0.5)
    except RetriableError:
        return []


async def test_upkeep_removes_what_is_too_old(bus: PostgresBus) -> None:
    old = datetime.now(UTC) - timedelta(days=31)
    await bus.publish([Record(TOPIC, b"k", b"old", timestamp=old), Record(TOPIC, b"k", b"new")])
    await bus.ensure_topic("for.ever.entity_changed", TopicConfig(1, retention_days=None))
    await bus.publish([Record("for.ever.entity_changed", b"k", b"kept", timestamp=old)])
    assert await bus.maintain() == 1
    assert [record.value async for record in bus.replay(TOPIC)] == [b"new"]
    assert len([record async for record in bus.replay("for.ever.entity_changed")]) == 1
    async with bus.subscribe([TOPIC], group="late") as consumer:
        assert [r.offset for r in await poll_until(consumer, 1)] == [1]


async def test_upkeep_keeps_the_latest_of_each_key_where_the_topic_says_so(
    bus: PostgresBus,
) -> None:
    await bus.ensure_topic("system.x", TopicConfig(partitions=2, cleanup="compact"))
    await bus.publish([Record("system.x", f"{n % 3}".encode(), f"{n}".encode()) for n in range(9)])
    assert await bus.maintain() == 6
    assert sorted([r.value async for r in bus.replay("system.x")]) == [b"6", b"7", b"8"]


async def test_one_impossible_record_fails_alone(bus: PostgresBus) -> None:
    """Publishers that were written together do not share each other's errors."""
    bad = Record(TOPIC, b"k", "text, not bytes")  # type: ignore[arg-type]  # the point
    results = await asyncio.gather(
        bus.publish([Record(TOPIC, b"k", b"1")]),
        bus.publish([bad]),
        bus.publish([Record(TOPIC, b"k", b"2")]),
        return_exceptions=True,
    )
    assert [result is None for result in results] == [True, False, True]
    assert [record.value async for record in bus.replay(TOPIC)] == [b"1", b"2"]


async def test_a_closed_bus_says_so(bus: PostgresBus) -> None:
    await bus.close()
    with pytest.raises(RetriableError, match="closed"):
        await bus.publish([Record(TOPIC, b"k", b"v")])
