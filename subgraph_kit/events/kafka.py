"""The event bus on Apache Kafka or Redpanda, through aiokafka (rows 25 to 30, 40).

Producing is idempotent and waits for all in-sync replicas. Offsets are committed by hand, after
processing.
"""

from __future__ import annotations

import asyncio
import re
import uuid
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from datetime import datetime
from typing import Any, Literal

from subgraph_kit.errors import ConfigurationError, RetriableError
from subgraph_kit.events.base import Record, TopicConfig
from subgraph_kit.events.kafka_client import aiokafka, translated_errors
from subgraph_kit.events.kafka_consumer import KafkaConsumer
from subgraph_kit.events.kafka_replay import replay_topic
from subgraph_kit.events.kafka_settings import KafkaSettings, kafka_settings
from subgraph_kit.events.topics import check_config, check_topic, config_for, pattern_regex

METADATA_SECONDS = 2
"""How soon a consumer learns of a new topic that matches its pattern."""
PUBLISH_SECONDS = 20.0
"""How long publishing may take before the caller hears that the cluster is away."""
_TOPIC_EXISTS = 36
_DAY_MILLISECONDS = 24 * 60 * 60 * 1000


class KafkaBus:
    """An `EventBus` on a Kafka cluster."""

    def __init__(self, settings: KafkaSettings) -> None:
        self._settings = settings
        self._options = settings.client_options()
        self._producer: Any = None
        self._admin: Any = None
        self._opening = asyncio.Lock()
        self._known: set[str] = set()
        self._closed = False

    async def open(self) -> None:
        """Connect now, so that a wrong address is noticed at start.

        Raises:
            RetriableError: if no broker answers.
        """
        if self._closed:
            raise RetriableError("the event bus is closed")
        async with self._opening:
            if self._admin is not None:
                return
            admin = aiokafka.admin.AIOKafkaAdminClient(**self._options)
            producer = aiokafka.AIOKafkaProducer(
                **self._options, acks="all", enable_idempotence=True, linger_ms=2
            )
            with self._translated():
                try:
                    await admin.start()
                    await producer.start()
                except BaseException:
                    await admin.close()
                    await producer.stop()
                    raise
            self._admin, self._producer = admin, producer

    async def ensure_topic(self, topic: str, config: TopicConfig) -> None:
        """Create the topic if it does not exist; an existing one is left as it is.

        A cluster with fewer brokers than the replication factor gets one copy per broker.
        """
        check_topic(topic)
        check_config(config)
        await self.open()
        if topic in self._known:
            return
        with self._translated():
            cluster = await self._admin.describe_cluster()
            copies = min(config.replication_factor, max(len(cluster["brokers"]), 1))
            answer = await self._admin.create_topics(
                [
                    aiokafka.admin.NewTopic(
                        topic,
                        config.partitions,
                        copies,
                        topic_configs=_topic_options(config, copies),
                    )
                ]
            )
        for failure in answer.topic_errors:
            code = failure[1]
            if code not in {0, _TOPIC_EXISTS}:
                kind = aiokafka.errors.for_code(code)
                text = f"Kafka could not create topic {topic!r} ({kind.__name__})"
                raise RetriableError(text) if kind.retriable else ConfigurationError(text)
        self._known.add(topic)

    async def topics(self) -> list[str]:
        """The names of all topics, sorted; Kafka's internal ones are left out."""
        await self.open()
        with self._translated():
            names = await self._admin.list_topics()
        return sorted(name for name in names if not name.startswith("__"))

    async def publish(self, records: Sequence[Record]) -> None:
        """Return when all records are on all in-sync replicas.

        Raises:
            RetriableError: if the cluster does not take them now; some may have been written.
            FatalError: if it never will, because a record is too large.
        """
        for topic in {record.topic for record in records}:
            await self.ensure_topic(topic, config_for(topic))
        try:
            # An idempotent producer tries for ever by itself.
            with self._translated():
                async with asyncio.timeout(PUBLISH_SECONDS):
                    sent = await self._send(records)
                    if sent:
                        await asyncio.wait(sent)  # unlike gather, it cancels nothing if cancelled
                for future in sent:
                    future.result()
        except RetriableError:
            self._known.clear()  # perhaps a topic was deleted: the next attempt makes it again
            raise

    async def _send(self, records: Sequence[Record]) -> list[asyncio.Future[Any]]:
        sent: list[asyncio.Future[Any]] = []
        for record in records:
            future = await self._producer.send(
                record.topic,
                record.value,
                key=record.key,
                headers=list(record.headers.items()),
                timestamp_ms=_milliseconds(record.timestamp),
            )
            # Whoever stops waiting, or fails at the next record, leaves it to itself.
            future.add_done_callback(lambda done: done.cancelled() or done.exception())
            sent.append(future)
        return sent

    @asynccontextmanager
    async def subscribe(
        self,
        topics: Sequence[str],
        *,
        group: str,
        start: Literal["earliest", "latest"] = "earliest",
    ) -> AsyncIterator[KafkaConsumer]:
        """Join `group` on these topics; see `EventBus.subscribe`."""
        existing = await self.topics()
        client = self.new_consumer(
            group_id=group,
            auto_offset_reset=start,
            client_id=f"dictamesh-{uuid.uuid4()}",
            session_timeout_ms=10_000,
            heartbeat_interval_ms=1_000,
            max_poll_interval_ms=300_000,
        )
        pattern = re.compile(pattern_regex(topics))
        consumer = KafkaConsumer(client, self._settings.servers, pattern, existing)
        try:
            await consumer.join()
            yield consumer
        finally:
            await consumer.leave()

    async def replay(
        self, topic: str, *, since: datetime | None = None, until: datetime | None = None
    ) -> AsyncIterator[Record]:
        """Yield the topic's records by time, without a group; ends at its current end."""
        if topic not in await self.topics():
            return
        consumer = self.new_consumer(group_id=None)
        with self._translated():
            try:
                await consumer.start()
                (described,) = await self._admin.describe_topics([topic])
                numbers = [partition["partition"] for partition in described["partitions"]]
                async for record in replay_topic(consumer, topic, numbers, since, until):
                    yield record
            finally:
                await consumer.stop()

    async def close(self) -> None:
        """Release connections; what is being sent is sent first."""
        self._closed = True
        async with self._opening:
            producer, admin = self._producer, self._admin
            self._producer = self._admin = None
        if producer is not None:
            # If the brokers are gone, nothing of what they acknowledged is lost by giving up.
            with suppress(TimeoutError):
                async with asyncio.timeout(10):
                    await producer.stop()
        if admin is not None:
            await admin.close()

    def new_consumer(self, *, group_id: str | None, **options: Any) -> Any:
        """Return an aiokafka consumer on this cluster, not started."""
        return aiokafka.AIOKafkaConsumer(
            **self._options,
            group_id=group_id,
            enable_auto_commit=False,
            isolation_level="read_committed",
            metadata_max_age_ms=METADATA_SECONDS * 1000,
            **options,
        )

    @contextmanager
    def _translated(self) -> Iterator[None]:
        with translated_errors(self._settings.servers):
            yield


def _topic_options(config: TopicConfig, copies: int) -> dict[str, str]:
    days = config.retention_days
    return {
        "cleanup.policy": config.cleanup,
        "retention.ms": str(-1 if days is None else days * _DAY_MILLISECONDS),
        "min.insync.replicas": str(2 if copies >= 3 else 1),
    }


def _milliseconds(moment: datetime | None) -> int | None:
    return None if moment is None else round(moment.timestamp() * 1000)


__all__ = ["KafkaBus", "KafkaConsumer", "KafkaSettings", "kafka_settings"]
