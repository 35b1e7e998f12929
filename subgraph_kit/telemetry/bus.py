"""An event bus that counts what is published (`kafka_producer_batch_size`, row 81)."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Literal

from subgraph_kit.events.base import Consumer, EventBus, Record, TopicConfig
from subgraph_kit.telemetry.metrics import PRODUCER_BATCH


class MeteredBus:
    """An `EventBus` around another one."""

    def __init__(self, bus: EventBus) -> None:
        self.bus = bus

    async def ensure_topic(self, topic: str, config: TopicConfig) -> None:
        """The inner bus's."""
        await self.bus.ensure_topic(topic, config)

    async def topics(self) -> list[str]:
        """The inner bus's."""
        return await self.bus.topics()

    async def publish(self, records: Sequence[Record]) -> None:
        """Publish, and note how many records went to each topic at once."""
        await self.bus.publish(records)
        for topic, count in Counter(record.topic for record in records).items():
            PRODUCER_BATCH.labels(topic).observe(count)

    def subscribe(
        self,
        topics: Sequence[str],
        *,
        group: str,
        start: Literal["earliest", "latest"] = "earliest",
    ) -> AbstractAsyncContextManager[Consumer]:
        """The inner bus's."""
        return self.bus.subscribe(topics, group=group, start=start)

    def replay(
        self, topic: str, *, since: datetime | None = None, until: datetime | None = None
    ) -> AsyncIterator[Record]:
        """The inner bus's."""
        return self.bus.replay(topic, since=since, until=until)

    async def close(self) -> None:
        """The inner bus's."""
        await self.bus.close()
