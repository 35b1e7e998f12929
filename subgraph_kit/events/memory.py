"""The event bus in memory: for tests and for trying things out in one process.

It keeps the promises of `base.py` but one: nothing survives the process.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Literal

from subgraph_kit.errors import RetriableError
from subgraph_kit.events.assignment import assign_partitions
from subgraph_kit.events.base import Record, TopicConfig
from subgraph_kit.events.partitioning import partition_for_key
from subgraph_kit.events.topics import check_config, check_topic, config_for

Partition = tuple[str, int]


@dataclass
class _Topic:
    config: TopicConfig
    partitions: list[list[Record]]


@dataclass
class _Group:
    members: list[MemoryConsumer] = field(default_factory=list)
    owners: dict[Partition, MemoryConsumer] = field(default_factory=dict)
    committed: dict[Partition, int] = field(default_factory=dict)


class MemoryBus:
    """An `EventBus` whose records live in this object."""

    def __init__(self, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._clock = clock
        self._topics: dict[str, _Topic] = {}
        self._groups: dict[str, _Group] = {}
        self._changed = asyncio.Condition()
        self._closed = False

    async def ensure_topic(self, topic: str, config: TopicConfig) -> None:
        """Create the topic if it does not exist; an existing one is left as it is."""
        check_topic(topic)
        check_config(config)
        self._check_open()
        if topic not in self._topics:
            self._topics[topic] = _Topic(config, [[] for _ in range(config.partitions)])
            await self._wake()

    async def topics(self) -> list[str]:
        """The names of all topics, sorted."""
        return sorted(self._topics)

    async def publish(self, records: Sequence[Record]) -> None:
        """Append the records; an unknown topic is created as its name demands."""
        self._check_open()
        for record in records:
            await self.ensure_topic(record.topic, config_for(record.topic))
        for record in records:
            partitions = self._topics[record.topic].partitions
            number = partition_for_key(record.key, len(partitions))
            partitions[number].append(
                replace(
                    record,
                    partition=number,
                    offset=len(partitions[number]),
                    timestamp=record.timestamp or self._clock(),
                )
            )
        await self._wake()

    @asynccontextmanager
    async def subscribe(
        self,
        topics: Sequence[str],
        *,
        group: str,
        start: Literal["earliest", "latest"] = "earliest",
    ) -> AsyncIterator[MemoryConsumer]:
        """Join `group` on these topics; see `EventBus.subscribe`."""
        self._check_open()
        state = self._groups.setdefault(group, _Group())
        consumer = MemoryConsumer(self, state, tuple(topics), start)
        state.members.append(consumer)
        consumer.rebalance()
        try:
            yield consumer
        finally:
            state.members.remove(consumer)
            state.owners = {p: m for p, m in state.owners.items() if m is not consumer}
            await self._wake()

    async def replay(
        self, topic: str, *, since: datetime | None = None, until: datetime | None = None
    ) -> AsyncIterator[Record]:
        """Yield the topic's records by time; ends at its current end."""
        known = self._topics.get(topic)
        records = [r for p in known.partitions for r in p] if known else []
        for record in sorted(records, key=lambda r: (_time(r), r.partition, r.offset)):
            if (since is None or _time(record) >= since) and (
                until is None or _time(record) < until
            ):
                yield record

    async def close(self) -> None:
        """End publishing and polling."""
        self._closed = True
        await self._wake()

    def _check_open(self) -> None:
        if self._closed:
            raise RetriableError("the event bus is closed")

    async def _wake(self) -> None:
        async with self._changed:
            self._changed.notify_all()


class MemoryConsumer:
    """A member of a group on a `MemoryBus`."""

    def __init__(
        self,
        bus: MemoryBus,
        group: _Group,
        patterns: tuple[str, ...],
        start: Literal["earliest", "latest"],
    ) -> None:
        self._bus = bus
        self._group = group
        self.patterns = patterns
        self._start = start
        self._positions: dict[Partition, int] = {}
        self._known_at_start = frozenset(bus._topics)

    async def poll(self, *, max_records: int = 500, timeout_seconds: float = 1.0) -> list[Record]:
        """Return what is there, or wait up to `timeout_seconds` for the first record."""
        try:
            async with asyncio.timeout(timeout_seconds), self._bus._changed:
                while True:
                    self._bus._check_open()
                    if found := self._take(max_records):
                        return found
                    await self._bus._changed.wait()
        except TimeoutError:
            return []

    async def commit(self, records: Sequence[Record]) -> None:
        """Mark these records, and all before them in their partitions, as processed."""
        for record in records:
            partition = (record.topic, record.partition)
            committed = self._group.committed.get(partition, 0)
            self._group.committed[partition] = max(committed, record.offset + 1)

    async def lag(self) -> dict[str, int]:
        """How many records of the assigned partitions are not committed yet, by topic."""
        self.rebalance()
        lag: dict[str, int] = {}
        for topic, number in self._positions:
            end = len(self._bus._topics[topic].partitions[number])
            behind = end - self._group.committed.get((topic, number), 0)
            lag[topic] = lag.get(topic, 0) + behind
        return lag

    def rebalance(self) -> None:
        """Give up partitions that belong to others now, and take those that are free."""
        members = {str(i): m.patterns for i, m in enumerate(self._group.members)}
        me = str(self._group.members.index(self))
        sizes = {name: len(topic.partitions) for name, topic in self._bus._topics.items()}
        mine = assign_partitions(members, sizes)[me]
        owners = self._group.owners
        for partition in [p for p, m in owners.items() if m is self and p not in mine]:
            del owners[partition]
        for partition in sorted(mine):
            if owners.setdefault(partition, self) is self and partition not in self._positions:
                self._positions[partition] = self._first_position(partition)
        self._positions = {p: o for p, o in self._positions.items() if owners.get(p) is self}

    def _first_position(self, partition: Partition) -> int:
        topic, number = partition
        latest = self._start == "latest" and topic in self._known_at_start
        end = len(self._bus._topics[topic].partitions[number])
        return self._group.committed.setdefault(partition, end if latest else 0)

    def _take(self, max_records: int) -> list[Record]:
        self.rebalance()
        found: list[Record] = []
        for partition in list(self._positions):
            topic, number = partition
            position = self._positions[partition]
            records = self._bus._topics[topic].partitions[number]
            chosen = records[position : position + max_records - len(found)]
            if chosen:
                found.extend(chosen)
                # Moved to the back, so that a busy partition does not starve the others.
                del self._positions[partition]
                self._positions[partition] = position + len(chosen)
        return found


def _time(record: Record) -> datetime:
    assert record.timestamp is not None  # noqa: S101 - publish sets it
    return record.timestamp
