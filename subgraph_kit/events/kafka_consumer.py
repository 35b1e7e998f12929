"""A member of a consumer group on Kafka.

Kafka assigns partitions; this settles where reading each of them starts, and commits by hand.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from typing import Any

from subgraph_kit.errors import RetriableError
from subgraph_kit.events.base import Record
from subgraph_kit.events.kafka_client import aiokafka, record_of, translated_errors


class KafkaConsumer:
    """A member of a consumer group on Kafka; made by `KafkaBus.subscribe`."""

    def __init__(
        self,
        client: Any,
        servers: str,
        pattern: re.Pattern[str],
        existing_topics: Sequence[str],
    ) -> None:
        """`client` is an aiokafka consumer, not started; `servers` is shown in errors."""
        self._client = client
        self._servers = servers
        self._pattern = pattern
        self._existing = frozenset(existing_topics)
        self._assigned = asyncio.Event()
        self._settled: set[Any] = set()
        self._committed: dict[Any, int] = {}

    async def join(self) -> None:
        """Become a member; returns when partitions are assigned, if any topic matches yet."""
        with translated_errors(self._servers):
            await self._client.start()
            self._client.subscribe(pattern=self._pattern, listener=_Listener(self))
            if any(self._pattern.match(topic) for topic in self._existing):
                try:
                    async with asyncio.timeout(15):
                        await self._assigned.wait()
                except TimeoutError:
                    raise RetriableError("Kafka did not assign partitions in 15 seconds") from None
                await self._settle()

    async def leave(self) -> None:
        """Stop being a member; the partitions pass to the others."""
        try:
            async with asyncio.timeout(10):
                await self._client.stop()
        except (TimeoutError, aiokafka.errors.KafkaError):
            return  # the coordinator notices by the missing heartbeat

    async def poll(self, *, max_records: int = 500, timeout_seconds: float = 1.0) -> list[Record]:
        """Return what is there, or wait up to `timeout_seconds` for the first record."""
        with translated_errors(self._servers):
            deadline = asyncio.get_running_loop().time() + timeout_seconds
            while True:
                await self._settle()
                left = deadline - asyncio.get_running_loop().time()
                # Short turns: partitions that are assigned meanwhile must be settled first.
                found = await self._client.getmany(
                    timeout_ms=int(max(min(left, 0.2), 0) * 1000), max_records=max_records
                )
                records = [record_of(message) for batch in found.values() for message in batch]
                if records or left <= 0:
                    return records

    async def commit(self, records: Sequence[Record]) -> None:
        """Mark these records, and all before them in their partitions, as processed."""
        offsets: dict[Any, int] = {}
        assigned = self._client.assignment()
        for record in records:
            partition = aiokafka.TopicPartition(record.topic, record.partition)
            # Kafka would move back to an older offset, and refuses what belongs to others now.
            newest = max(offsets.get(partition, 0), record.offset + 1)
            if partition in assigned and newest > self._committed.get(partition, 0):
                offsets[partition] = newest
        if not offsets:
            return
        with translated_errors(self._servers):
            try:
                await self._client.commit(offsets)
            except (aiokafka.errors.CommitFailedError, aiokafka.errors.IllegalStateError):
                return  # the partitions passed on just now; whoever has them gets the records again
        self._committed.update(offsets)

    async def lag(self) -> dict[str, int]:
        """How many records of the assigned partitions are not committed yet, by topic."""
        with translated_errors(self._servers):
            await self._settle()
            assigned = self._client.assignment()
            ends = await self._client.end_offsets(assigned) if assigned else {}
        lag: dict[str, int] = {}
        for partition, end in ends.items():
            behind = max(end - self._committed.get(partition, 0), 0)
            lag[partition.topic] = lag.get(partition.topic, 0) + behind
        return lag

    def assignment_changed(self, revoked: bool) -> None:
        """Kafka gave or took partitions."""
        self._settled &= self._client.assignment()
        if revoked:
            self._settled.clear()
            self._committed.clear()
        else:
            self._assigned.set()

    async def _settle(self) -> None:
        """Fix where reading of newly assigned partitions starts, and write that down.

        Without that, a group that starts at the latest record and dies before its first commit
        would miss what came in between; and the first records of a new topic would be passed over.
        """
        new = self._client.assignment() - self._settled
        starts: dict[Any, int] = {}
        for partition in new:
            committed = await self._client.committed(partition)
            if committed is None:
                if partition.topic not in self._existing:
                    first = await self._client.beginning_offsets([partition])
                    self._client.seek(partition, first[partition])
                committed = await self._client.position(partition)
                starts[partition] = committed
            self._committed[partition] = committed
        if starts:
            try:
                await self._client.commit(starts)
            except (aiokafka.errors.CommitFailedError, aiokafka.errors.IllegalStateError):
                return  # assigned anew meanwhile: settled at the next poll
        self._settled |= new


class _Listener(aiokafka.ConsumerRebalanceListener):  # type: ignore[misc]  # untyped library
    def __init__(self, consumer: KafkaConsumer) -> None:
        self._consumer = consumer

    def on_partitions_revoked(self, revoked: Any) -> None:
        self._consumer.assignment_changed(revoked=True)

    def on_partitions_assigned(self, assigned: Any) -> None:
        self._consumer.assignment_changed(revoked=False)
