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
from datetime import UTC, datetime
from typing import Any, Literal

from subgraph_kit.errors import ConfigurationError, FatalError, RetriableError
from subgraph_kit.events.base import Record, TopicConfig
from subgraph_kit.events.kafka_settings import KafkaSettings, kafka_settings
from subgraph_kit.events.topics import check_config, check_topic, config_for, pattern_regex

try:
    import aiokafka
    import aiokafka.admin
    import aiokafka.errors
except ImportError as error:  # pragma: no cover - depends on what is installed
    raise ConfigurationError("Kafka needs aiokafka: pip install 'dictamesh[events]'") from error

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
        consumer = KafkaConsumer(self, re.compile(pattern_regex(topics)), group, start, existing)
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
        from subgraph_kit.events.kafka_replay import replay_topic  # it uses this module

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


class KafkaConsumer:
    """A member of a consumer group on Kafka; made by `KafkaBus.subscribe`."""

    def __init__(
        self,
        bus: KafkaBus,
        pattern: re.Pattern[str],
        group: str,
        start: Literal["earliest", "latest"],
        existing_topics: Sequence[str],
    ) -> None:
        self._pattern = pattern
        self._existing = frozenset(existing_topics)
        self._servers = bus._settings.servers
        self._assigned = asyncio.Event()
        self._settled: set[Any] = set()
        self._committed: dict[Any, int] = {}
        self._client = bus.new_consumer(
            group_id=group,
            auto_offset_reset=start,
            client_id=f"dictamesh-{uuid.uuid4()}",
            session_timeout_ms=10_000,
            heartbeat_interval_ms=1_000,
            max_poll_interval_ms=300_000,
        )

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

    async def lag(self) -> int:
        """How many records of the assigned partitions are not committed yet."""
        with translated_errors(self._servers):
            await self._settle()
            assigned = self._client.assignment()
            ends = await self._client.end_offsets(assigned) if assigned else {}
            return sum(max(end - self._committed.get(p, 0), 0) for p, end in ends.items())

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


def record_of(message: Any) -> Record:
    """Return the record of an aiokafka message."""
    return Record(
        topic=message.topic,
        key=message.key or b"",
        value=message.value or b"",
        headers=dict(message.headers),
        partition=message.partition,
        offset=message.offset,
        timestamp=datetime.fromtimestamp(message.timestamp / 1000, UTC),
    )


@contextmanager
def translated_errors(servers: str) -> Iterator[None]:
    """Turn aiokafka's errors into the kit's; `servers` is shown, credentials never are."""
    try:
        yield
    except aiokafka.errors.MessageSizeTooLargeError as error:
        raise FatalError("a record is larger than Kafka takes") from error
    except (
        aiokafka.errors.TopicAuthorizationFailedError,
        aiokafka.errors.GroupAuthorizationFailedError,
        aiokafka.errors.ClusterAuthorizationFailedError,
        aiokafka.errors.SaslAuthenticationFailed,
        aiokafka.errors.UnsupportedSaslMechanismError,
    ) as error:
        raise ConfigurationError(
            f"Kafka at {servers} refuses us ({type(error).__name__}): check user, password and ACLs"
        ) from error
    except (aiokafka.errors.KafkaError, OSError) as error:
        raise RetriableError(f"Kafka at {servers} failed ({type(error).__name__})") from error


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
