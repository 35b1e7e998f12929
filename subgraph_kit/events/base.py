"""The event bus as its users see it; `memory.py`, `postgres.py` and `kafka.py` implement it.

The bus moves bytes: keys, values and headers. `avro.py` turns events into values and back. Every
backend passes one conformance class (`subgraph_kit.testing.bus.EventBusConformance`):

- records with the same key stand in one partition and are delivered in the order of publishing;
- a consumer group shares the partitions of its topics among its members;
- delivery is at least once: what was polled and not committed is delivered again, to whichever
  member owns the partition then. Committing twice, or an old offset, does no harm;
- a group that never committed starts at the earliest or the latest record, as it asks.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, Protocol


@dataclass(frozen=True, slots=True)
class TopicConfig:
    """Row 28, topic configuration as data. `retention_days` None keeps records for ever."""

    partitions: int = 12
    replication_factor: int = 3
    retention_days: int | None = 30
    cleanup: Literal["delete", "compact"] = "delete"


@dataclass(frozen=True, slots=True)
class Record:
    """A record to publish, or one that was delivered (then with partition and offset)."""

    topic: str
    key: bytes
    value: bytes
    headers: Mapping[str, bytes] = field(default_factory=dict)
    partition: int = -1
    offset: int = -1
    timestamp: datetime | None = None


class Consumer(Protocol):
    """A member of a consumer group."""

    async def poll(self, *, max_records: int = 500, timeout_seconds: float = 1.0) -> list[Record]:
        """Return what is there, or wait up to `timeout_seconds` for the first record.

        An empty list means that nothing came in time. Polling again moves on, without a commit.
        """
        ...

    async def commit(self, records: Sequence[Record]) -> None:
        """Mark these records, and all before them in their partitions, as processed."""
        ...

    async def lag(self) -> dict[str, int]:
        """How many records of the assigned partitions are not committed yet, by topic."""
        ...


class EventBus(Protocol):
    """Publish and consume. Safe to use from many tasks of one event loop."""

    async def ensure_topic(self, topic: str, config: TopicConfig) -> None:
        """Create the topic if it does not exist; an existing one is left as it is."""
        ...

    async def topics(self) -> list[str]:
        """The names of all topics, sorted."""
        ...

    async def publish(self, records: Sequence[Record]) -> None:
        """Return when all records are durable; partitions come from the keys' hashes.

        Raises:
            RetriableError: if the bus is not reachable. Some records may have been written.
        """
        ...

    def subscribe(
        self,
        topics: Sequence[str],
        *,
        group: str,
        start: Literal["earliest", "latest"] = "earliest",
    ) -> AbstractAsyncContextManager[Consumer]:
        """Join `group` on these topics. `*` in a topic matches any characters.

        `*.entity_changed` and `customers.*` are such patterns. Topics that match and are created
        later are picked up, from their first record whatever `start` says. Leaving the context
        leaves the group, and its partitions pass to the other members.
        """
        ...

    def replay(
        self, topic: str, *, since: datetime | None = None, until: datetime | None = None
    ) -> AsyncIterator[Record]:
        """Yield the topic's records by time, without a group (row 37); ends at its current end."""
        ...

    async def close(self) -> None:
        """Release connections; publishing and polling end."""
        ...
