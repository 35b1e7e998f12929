"""Reading one topic again, in the order of time over all its partitions (row 37)."""

from __future__ import annotations

import heapq
from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Any

from subgraph_kit.events.base import Record
from subgraph_kit.events.kafka_client import aiokafka, record_of


async def replay_topic(
    consumer: Any,
    topic: str,
    numbers: Sequence[int],
    since: datetime | None,
    until: datetime | None,
) -> AsyncIterator[Record]:
    """Yield records from `since` to before `until`, or to the end the topic has now.

    `consumer` is a started aiokafka consumer without a group, `numbers` are the partitions.
    Each partition is read in its own order; of their next records the oldest is yielded first.
    """
    partitions = [aiokafka.TopicPartition(topic, number) for number in sorted(numbers)]
    consumer.assign(partitions)
    ends = await consumer.end_offsets(partitions)
    await _seek(consumer, partitions, ends, since)
    buffers = {partition: _Buffer(consumer, partition, ends[partition]) for partition in partitions}
    heap: list[tuple[datetime, int, Record]] = []

    async def push(partition: Any) -> None:
        record = await buffers[partition].next()
        if record is not None and record.timestamp is not None:
            heapq.heappush(heap, (record.timestamp, record.partition, record))

    for partition in partitions:
        await push(partition)
    while heap:
        _, number, record = heapq.heappop(heap)
        if until is None or (record.timestamp is not None and record.timestamp < until):
            yield record
        await push(aiokafka.TopicPartition(topic, number))


async def _seek(consumer: Any, partitions: Any, ends: Any, since: datetime | None) -> None:
    # Not seek_to_beginning: it races with the consumer's own search for where to start.
    starts: dict[Any, int] = dict(await consumer.beginning_offsets(partitions))
    if since is not None:
        moment = int(since.timestamp() * 1000)
        found = await consumer.offsets_for_times(dict.fromkeys(partitions, moment))
        starts = {p: ends[p] if found.get(p) is None else found[p].offset for p in partitions}
    for partition, offset in starts.items():
        consumer.seek(partition, offset)


class _Buffer:
    """The next records of one partition, up to an offset."""

    def __init__(self, consumer: Any, partition: Any, end: int) -> None:
        self._consumer = consumer
        self._partition = partition
        self._end = end
        self._records: list[Record] = []

    async def next(self) -> Record | None:
        """Return the next record, None at the end."""
        while not self._records:
            # The position can pass the end without a record: compaction leaves gaps.
            if await self._consumer.position(self._partition) >= self._end:
                return None
            found = await self._consumer.getmany(self._partition, timeout_ms=500, max_records=500)
            messages = found.get(self._partition, [])
            self._records = [record_of(m) for m in reversed(messages) if m.offset < self._end]
        return self._records.pop()
