"""What every event bus must do: a class to subclass with a `bus` fixture (rows 30, 35 to 37).

    class TestMemoryBus(EventBusConformance):
        @pytest.fixture
        async def bus(self): ...

The fixture yields a bus that is open and closes it afterwards. It may be shared with other runs:
topics and groups have names of their own in each test.
"""

# ruff: noqa: S101 - a conformance class states what must hold by asserting it
from __future__ import annotations

import asyncio
import uuid
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from subgraph_kit.errors import ConfigurationError
from subgraph_kit.events.base import Consumer, EventBus, Record, TopicConfig
from subgraph_kit.events.partitioning import partition_for_key

PATIENCE_SECONDS = 20.0
"""How long a record may take at most to reach a member; a rebalance may come first."""


async def poll_until(
    consumer: Consumer, count: int, *, patience_seconds: float = PATIENCE_SECONDS
) -> list[Record]:
    """Poll until `count` records came, or patience ends; return what came."""
    records: list[Record] = []
    deadline = asyncio.get_running_loop().time() + patience_seconds
    while len(records) < count and asyncio.get_running_loop().time() < deadline:
        records += await consumer.poll(timeout_seconds=0.5)
    return records


def _values(records: Sequence[Record]) -> list[bytes]:
    return [record.value for record in records]


class EventBusConformance:
    """The promises of `subgraph_kit.events.base`, as tests."""

    @pytest.fixture
    async def topic(self, bus: EventBus) -> str:
        """A topic of three partitions."""
        name = f"conformance.t{uuid.uuid4().hex}.entity_changed"
        await bus.ensure_topic(name, TopicConfig(partitions=3, replication_factor=1))
        return name

    @pytest.fixture
    def group(self) -> str:
        """A group that never existed before."""
        return f"group-{uuid.uuid4().hex}"

    async def test_delivers_what_was_published(self, bus: EventBus, topic: str, group: str) -> None:
        """Key, value and headers arrive as they were sent, with place and time."""
        sent = Record(topic, b"key", b"\x00\xffvalue", {"traceparent": b"00-1", "raw": b"\xfe"})
        await bus.publish([sent])
        async with bus.subscribe([topic], group=group) as consumer:
            (got,) = await poll_until(consumer, 1)
        assert (got.topic, got.key, got.value) == (topic, b"key", b"\x00\xffvalue")
        assert dict(got.headers) == {"traceparent": b"00-1", "raw": b"\xfe"}
        assert got.partition == partition_for_key(b"key", 3)
        assert got.offset == 0
        assert got.timestamp is not None
        assert abs(datetime.now(UTC) - got.timestamp) < timedelta(minutes=5)

    async def test_keeps_the_order_of_each_key(self, bus: EventBus, topic: str, group: str) -> None:
        """Records with the same key stand in one partition, in the order of publishing."""
        for number in range(10):
            await bus.publish(
                [Record(topic, f"k{key}".encode(), str(number).encode()) for key in range(5)]
            )
        async with bus.subscribe([topic], group=group) as consumer:
            records = await poll_until(consumer, 50)
        assert len(records) == 50
        for key in range(5):
            own = [record for record in records if record.key == f"k{key}".encode()]
            assert _values(own) == [str(number).encode() for number in range(10)]
            assert len({record.partition for record in own}) == 1

    async def test_concurrent_publishers_lose_nothing(
        self, bus: EventBus, topic: str, group: str
    ) -> None:
        """A reader that reads while many write sees every record once, in order of offsets."""

        async def write(writer: int) -> None:
            for number in range(10):
                await bus.publish([Record(topic, f"{writer}".encode(), f"{number}".encode())])

        async with bus.subscribe([topic], group=group) as consumer:
            writing = asyncio.gather(*(write(writer) for writer in range(10)))
            records = await poll_until(consumer, 100)
            await writing
        assert len(records) == 100
        for partition in range(3):
            offsets = [record.offset for record in records if record.partition == partition]
            assert offsets == list(range(len(offsets)))

    async def test_polling_moves_on_without_a_commit(
        self, bus: EventBus, topic: str, group: str
    ) -> None:
        """`max_records` bounds a poll, and the next one continues."""
        await bus.publish([Record(topic, b"k", str(n).encode()) for n in range(5)])
        async with bus.subscribe([topic], group=group) as consumer:
            first = await consumer.poll(max_records=2, timeout_seconds=5)
            rest = await poll_until(consumer, 3)
        assert _values(first + rest) == [b"0", b"1", b"2", b"3", b"4"]
        assert len(first) == 2

    async def test_an_empty_poll_ends_in_time(self, bus: EventBus, topic: str, group: str) -> None:
        """Waiting for nothing takes as long as asked, not for ever."""
        async with bus.subscribe([topic], group=group) as consumer, asyncio.timeout(5):
            assert await consumer.poll(timeout_seconds=0.2) == []

    async def test_a_waiting_poll_is_woken_by_publishing(
        self, bus: EventBus, topic: str, group: str
    ) -> None:
        """A record reaches a waiting member well before its time-out."""
        async with bus.subscribe([topic], group=group) as consumer:
            polling = asyncio.create_task(consumer.poll(timeout_seconds=30))
            await asyncio.sleep(0.1)
            await bus.publish([Record(topic, b"k", b"now")])
            async with asyncio.timeout(5):
                assert _values(await polling) == [b"now"]

    async def test_delivers_again_what_was_not_committed(
        self, bus: EventBus, topic: str, group: str
    ) -> None:
        """Who takes over starts after the last commit."""
        await bus.publish([Record(topic, b"k", str(n).encode()) for n in range(4)])
        async with bus.subscribe([topic], group=group) as consumer:
            records = await poll_until(consumer, 4)
            await consumer.commit(records[:2])
        async with bus.subscribe([topic], group=group) as consumer:
            again = await poll_until(consumer, 2)
        assert _values(again) == [b"2", b"3"]

    async def test_committing_twice_or_an_old_offset_does_no_harm(
        self, bus: EventBus, topic: str, group: str
    ) -> None:
        """A commit never moves a group back."""
        await bus.publish([Record(topic, b"k", str(n).encode()) for n in range(3)])
        async with bus.subscribe([topic], group=group) as consumer:
            records = await poll_until(consumer, 3)
            await consumer.commit(records)
            await consumer.commit(records)
            await consumer.commit(records[:1])
            await consumer.commit([])
            assert (await consumer.lag())[topic] == 0
        async with bus.subscribe([topic], group=group) as consumer:
            assert await consumer.poll(timeout_seconds=0.5) == []

    async def test_lag_counts_what_is_not_committed(
        self, bus: EventBus, topic: str, group: str
    ) -> None:
        """Lag falls with commits, not with polls, and each topic has its own."""
        other = f"{topic}.other"
        await bus.ensure_topic(other, TopicConfig(partitions=1, replication_factor=1))
        async with bus.subscribe([topic, other], group=group) as consumer:
            sent = [Record(topic, b"k", str(n).encode()) for n in range(3)]
            await bus.publish([*sent, Record(other, b"k", b"else")])
            records = await poll_until(consumer, 4)
            assert await consumer.lag() == {topic: 3, other: 1}
            await consumer.commit([each for each in records if each.topic == topic][:2])
            assert await consumer.lag() == {topic: 1, other: 1}

    async def test_groups_do_not_disturb_each_other(
        self, bus: EventBus, topic: str, group: str
    ) -> None:
        """Each group gets every record."""
        await bus.publish([Record(topic, b"k", b"v")])
        for name in (group, f"{group}-other"):
            async with bus.subscribe([topic], group=name) as consumer:
                records = await poll_until(consumer, 1)
                await consumer.commit(records)
                assert _values(records) == [b"v"]

    async def test_latest_starts_at_the_end(self, bus: EventBus, topic: str, group: str) -> None:
        """What was published before subscribing is not delivered, what comes after is."""
        await bus.publish([Record(topic, b"k", b"before")])
        async with bus.subscribe([topic], group=group, start="latest") as consumer:
            await bus.publish([Record(topic, b"k", b"after")])
            assert _values(await poll_until(consumer, 1)) == [b"after"]
        async with bus.subscribe([topic], group=group, start="latest") as consumer:
            # Not committed: the group stands where it first stood, not at the end again.
            assert _values(await poll_until(consumer, 1)) == [b"after"]

    async def test_picks_up_topics_created_later(self, bus: EventBus, group: str) -> None:
        """A pattern matches new topics, read from their first record even by `latest`."""
        prefix = f"later{uuid.uuid4().hex}"
        async with bus.subscribe([f"{prefix}.*"], group=group, start="latest") as consumer:
            assert await consumer.poll(timeout_seconds=0.1) == []
            name = f"{prefix}.crm.entity_changed"
            await bus.ensure_topic(name, TopicConfig(partitions=2, replication_factor=1))
            await bus.publish([Record(name, b"k", b"first")])
            records = await poll_until(consumer, 1)
        assert [(r.topic, r.value) for r in records] == [(name, b"first")]

    async def test_a_pattern_matches_the_end_of_a_name(
        self, bus: EventBus, topic: str, group: str
    ) -> None:
        """`*` stands anywhere, and what does not match is not delivered."""
        prefix, _, _ = topic.rpartition(".")
        other = f"{prefix}.something_else"
        await bus.ensure_topic(other, TopicConfig(partitions=1, replication_factor=1))
        await bus.publish([Record(other, b"k", b"no"), Record(topic, b"k", b"yes")])
        unique = prefix.rpartition(".")[2]
        async with bus.subscribe([f"*{unique}.entity_changed"], group=group) as consumer:
            records = await poll_until(consumer, 1) + await consumer.poll(timeout_seconds=0.3)
        assert _values(records) == [b"yes"]

    async def test_members_share_the_partitions(
        self, bus: EventBus, topic: str, group: str
    ) -> None:
        """Two members get all records between them, and both get some."""
        keys = _keys_for_every_partition(3)
        async with (
            bus.subscribe([topic], group=group) as first,
            bus.subscribe([topic], group=group) as second,
        ):
            await _settle(first, second)
            await bus.publish([Record(topic, key, b"v") for key in keys])
            async with asyncio.TaskGroup() as tasks:
                one = tasks.create_task(_poll_for(first, 3.0))
                two = tasks.create_task(_poll_for(second, 3.0))
        shares = [{r.partition for r in one.result()}, {r.partition for r in two.result()}]
        assert all(shares)
        assert shares[0] | shares[1] == {0, 1, 2}
        assert not shares[0] & shares[1]

    async def test_a_leaving_member_passes_its_partitions_on(
        self, bus: EventBus, topic: str, group: str
    ) -> None:
        """What one member did not commit reaches the one that stays."""
        keys = _keys_for_every_partition(3)
        async with bus.subscribe([topic], group=group) as stays:
            async with bus.subscribe([topic], group=group) as leaves:
                await _settle(stays, leaves)
                await bus.publish([Record(topic, key, b"v") for key in keys])
                await _poll_for(leaves, 1.0)
            records = await poll_until(stays, 3)
        assert {record.partition for record in records} == {0, 1, 2}

    async def test_an_existing_topic_is_left_as_it_is(self, bus: EventBus, topic: str) -> None:
        """Ensuring again, with other numbers, changes nothing."""
        await bus.ensure_topic(topic, TopicConfig(partitions=7, replication_factor=1))
        assert topic in await bus.topics()
        assert (await bus.topics()) == sorted(await bus.topics())
        await bus.publish([Record(topic, key, b"v") for key in _keys_for_every_partition(7)])
        assert {record.partition async for record in bus.replay(topic)} == {0, 1, 2}

    async def test_an_unknown_topic_is_created_by_publishing(self, bus: EventBus) -> None:
        """No record is refused because nobody made its topic; its name decides the form."""
        name = f"fresh.t{uuid.uuid4().hex}.entity_changed"
        await bus.publish([Record(name, b"k", b"v")])
        assert [record.value async for record in bus.replay(name)] == [b"v"]

    async def test_replay_reads_by_time(self, bus: EventBus, topic: str) -> None:
        """Records of all partitions come in the order of time, bounded by `since` and `until`."""
        # Not long ago: a broker may delete what is older than the topic's retention at any time.
        start = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=1)
        moments = [start + timedelta(minutes=n) for n in range(6)]
        for number, moment in enumerate(moments):
            key = _keys_for_every_partition(3)[number % 3]
            await bus.publish([Record(topic, key, str(number).encode(), timestamp=moment)])
        assert _values([r async for r in bus.replay(topic)]) == [
            b"0", b"1", b"2", b"3", b"4", b"5",
        ]  # fmt: skip
        part = bus.replay(topic, since=moments[2], until=moments[4])
        assert _values([record async for record in part]) == [b"2", b"3"]
        assert [record async for record in bus.replay(topic, since=moments[5] + timedelta(1))] == []

    async def test_replay_of_nothing_is_empty(self, bus: EventBus, topic: str) -> None:
        """A topic without records, and one that does not exist, have nothing to replay."""
        assert [record async for record in bus.replay(topic)] == []
        assert [record async for record in bus.replay("no.such.entity_changed")] == []

    @pytest.mark.parametrize("name", ["", ".", "a b", "ä", "x" * 250, "a/b"])
    async def test_refuses_impossible_topic_names(self, bus: EventBus, name: str) -> None:
        """The names Kafka refuses are refused everywhere, with a sentence."""
        with pytest.raises(ConfigurationError, match="topic name"):
            await bus.ensure_topic(name, TopicConfig())

    async def test_refuses_a_topic_without_partitions(self, bus: EventBus) -> None:
        """Numbers below one make no topic."""
        with pytest.raises(ConfigurationError, match="partitions must be 1 or more"):
            await bus.ensure_topic("a.b.c", TopicConfig(partitions=0))


def _keys_for_every_partition(partitions: int) -> list[bytes]:
    found: dict[int, bytes] = {}
    number = 0
    while len(found) < partitions:
        key = str(number).encode()
        found.setdefault(partition_for_key(key, partitions), key)
        number += 1
    return [found[partition] for partition in range(partitions)]


async def _settle(*consumers: Consumer) -> None:
    """Poll side by side until the group had time to share its partitions."""
    await asyncio.gather(*(_poll_for(consumer, 3.0, quiet_after=0.6) for consumer in consumers))


async def _poll_for(
    consumer: Consumer, seconds: float, *, quiet_after: float | None = None
) -> list[Record]:
    records: list[Record] = []
    started = asyncio.get_running_loop().time()
    while (elapsed := asyncio.get_running_loop().time() - started) < seconds:
        records += await consumer.poll(timeout_seconds=0.1)
        if quiet_after is not None and elapsed > quiet_after:
            break
        if records and elapsed > seconds / 3:
            break
    return records
