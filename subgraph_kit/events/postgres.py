"""The event bus in PostgreSQL: a durable log for a laptop and a small shop.

Publishing locks the rows of the partitions it writes to, in one order for all writers, takes the
next offsets and commits. The lock is held until the commit, so offsets have no gaps and become
visible in their order: a reader that saw offset n will never find a smaller one later. Publishers
of one process that wait for each other are written together, in one transaction.

Readers ask for what lies beyond their positions, and are woken by NOTIFY (`postgres_consumer.py`).
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

import structlog

from subgraph_kit.catalog.database import Database
from subgraph_kit.errors import KitError, RetriableError
from subgraph_kit.events.base import Record, TopicConfig
from subgraph_kit.events.notifications import Listener
from subgraph_kit.events.partitioning import partition_for_key
from subgraph_kit.events.postgres_consumer import TOPICS_CHANGED, PostgresConsumer
from subgraph_kit.events.postgres_rows import headers_to_bytes, record_from_row
from subgraph_kit.events.topics import check_config, check_topic, config_for

log = structlog.get_logger(__name__)

CHANNEL = "dictamesh_bus"
MAX_BATCH_RECORDS = 5_000
"""Written in one transaction at most; bounds how long a partition stays locked."""
MAINTENANCE_SECONDS = 3_600.0
_MAINTENANCE_LOCK = 0x6275736D  # "busm": one process at a time cleans up


@dataclass(frozen=True, slots=True)
class _Topic:
    id: int
    partitions: int


@dataclass(slots=True)
class _Write:
    records: Sequence[Record]
    written: asyncio.Future[None]


class PostgresBus:
    """An `EventBus` on one PostgreSQL database."""

    def __init__(
        self,
        dsn: str,
        *,
        max_connections: int = 6,
        session_timeout_seconds: float = 10.0,
        maintenance: bool = True,
    ) -> None:
        """`session_timeout_seconds`: a member silent for this long loses its partitions."""
        self._database = Database(dsn, max_connections=max_connections)
        self._listener = Listener(self._database, CHANNEL)
        self._session_timeout_seconds = session_timeout_seconds
        self._topics: dict[str, _Topic] = {}
        self._queue: list[_Write] = []
        self._writer: asyncio.Task[None] | None = None
        self._maintenance = maintenance
        self._maintainer: asyncio.Task[None] | None = None
        self._closed = False

    async def open(self) -> None:
        """Connect now, so that a wrong address is noticed at start."""
        await self._database.open()

    async def ensure_topic(self, topic: str, config: TopicConfig) -> None:
        """Create the topic if it does not exist; an existing one is left as it is."""
        check_topic(topic)
        check_config(config)
        self._check_open()
        if topic in self._topics:
            return
        async with self._database.transaction() as connection:
            created = await connection.fetchval(
                "INSERT INTO bus_topics"
                " (name, partitions, replication_factor, retention_days, cleanup)"
                " VALUES ($1, $2, $3, $4, $5) ON CONFLICT (name) DO NOTHING RETURNING id",
                topic,
                config.partitions,
                config.replication_factor,
                config.retention_days,
                config.cleanup,
            )
            if created is not None:
                await connection.execute(
                    "INSERT INTO bus_partitions (topic_id, partition)"
                    " SELECT $1, generate_series(0, $2 - 1)",
                    created,
                    config.partitions,
                )
                await connection.execute("SELECT pg_notify($1, $2)", CHANNEL, TOPICS_CHANGED)
            row = await connection.fetchrow(
                "SELECT id, partitions FROM bus_topics WHERE name = $1", topic
            )
        self._topics[topic] = _Topic(row["id"], row["partitions"])

    async def topics(self) -> list[str]:
        """The names of all topics, sorted."""
        self._check_open()
        async with self._database.acquire() as connection:
            rows = await connection.fetch('SELECT name FROM bus_topics ORDER BY name COLLATE "C"')
            return [row["name"] for row in rows]

    async def publish(self, records: Sequence[Record]) -> None:
        """Return when all records are durable; an unknown topic is created as its name demands.

        Raises:
            RetriableError: if the database is not reachable.
        """
        self._check_open()
        self._start_maintenance()
        for topic in {record.topic for record in records}:
            await self.ensure_topic(topic, config_for(topic))
        if not records:
            return
        write = _Write(records, asyncio.get_running_loop().create_future())
        self._queue.append(write)
        if self._writer is None or self._writer.done():
            self._writer = asyncio.create_task(self._write_queue(), name="bus-writer")
        await write.written

    @asynccontextmanager
    async def subscribe(
        self,
        topics: Sequence[str],
        *,
        group: str,
        start: Literal["earliest", "latest"] = "earliest",
    ) -> AsyncIterator[PostgresConsumer]:
        """Join `group` on these topics; see `EventBus.subscribe`."""
        self._check_open()
        self._start_maintenance()
        consumer = PostgresConsumer(
            self._database,
            tuple(topics),
            group=group,
            start=start,
            member_id=uuid.uuid4(),
            channel=CHANNEL,
            session_timeout_seconds=self._session_timeout_seconds,
        )
        unsubscribe = self._listener.subscribe(consumer.wake)
        try:
            await self._listener.ready()
            await consumer.join()
            yield consumer
        finally:
            unsubscribe()
            await consumer.leave()

    async def replay(
        self, topic: str, *, since: datetime | None = None, until: datetime | None = None
    ) -> AsyncIterator[Record]:
        """Yield the topic's records by time, without a group; ends at its current end."""
        self._check_open()
        async with self._database.acquire() as connection:
            # The moment after now: what was published at this very moment belongs to it.
            now = await connection.fetchval("SELECT clock_timestamp() + INTERVAL '1 microsecond'")
        end = now if until is None else until
        # Each page continues after the last record of the one before: no transaction stays open
        # however slowly the caller reads.
        after = (since or datetime.min.replace(tzinfo=UTC), -1, -1)
        while True:
            async with self._database.acquire() as connection:
                rows = await connection.fetch(
                    "SELECT r.* FROM bus_records r JOIN bus_topics t ON t.id = r.topic_id"
                    " WHERE t.name = $1 AND (published_at, partition, record_offset) > ($2, $3, $4)"
                    " AND published_at < $5"
                    " ORDER BY published_at, partition, record_offset LIMIT 1000",
                    topic,
                    *after,
                    end,
                )
            for row in rows:
                yield record_from_row(topic, row)
            if len(rows) < 1000:
                return
            after = (rows[-1]["published_at"], rows[-1]["partition"], rows[-1]["record_offset"])

    async def maintain(self) -> int:
        """Remove what retention and compaction no longer keep; return how many records.

        One process at a time does it; to the others it returns 0. Groups without members that
        committed nothing for a week are forgotten, as in Kafka.
        """
        async with self._database.transaction() as connection:
            if not await connection.fetchval(
                "SELECT pg_try_advisory_xact_lock($1)", _MAINTENANCE_LOCK
            ):
                return 0
            expired = await connection.execute(
                "DELETE FROM bus_records r USING bus_topics t"
                " WHERE t.id = r.topic_id AND t.retention_days IS NOT NULL"
                " AND published_at < clock_timestamp() - make_interval(days => t.retention_days)"
            )
            compacted = await connection.execute(
                "DELETE FROM bus_records r USING bus_topics t"
                " WHERE t.id = r.topic_id AND t.cleanup = 'compact' AND EXISTS ("
                "  SELECT FROM bus_records newer WHERE newer.topic_id = r.topic_id"
                "  AND newer.partition = r.partition AND newer.record_key = r.record_key"
                "  AND newer.record_offset > r.record_offset)"
            )
            await connection.execute(
                "DELETE FROM bus_offsets o WHERE updated_at < clock_timestamp() - INTERVAL '7 days'"
                " AND NOT EXISTS (SELECT FROM bus_members m WHERE m.group_name = o.group_name)"
            )
            await connection.execute(
                "DELETE FROM consumed_events WHERE processed_at < NOW() - INTERVAL '30 days'"
            )
            return sum(int(status.rsplit(" ", 1)[-1]) for status in (expired, compacted))

    async def close(self) -> None:
        """Release connections; what was being written is written first."""
        self._closed = True
        if self._maintainer is not None:
            self._maintainer.cancel()
            await asyncio.gather(self._maintainer, return_exceptions=True)
        if self._writer is not None:
            await asyncio.gather(self._writer, return_exceptions=True)
        await self._listener.close()
        await self._database.close()

    def _check_open(self) -> None:
        if self._closed:
            raise RetriableError("the event bus is closed")

    async def _write_queue(self) -> None:
        while self._queue:
            writes: list[_Write] = []
            count = 0
            while self._queue and (not writes or count < MAX_BATCH_RECORDS):
                writes.append(self._queue.pop(0))
                count += len(writes[-1].records)
            await self._write_together(writes)

    async def _write_together(self, writes: list[_Write]) -> None:
        try:
            await self._write([record for write in writes for record in write.records])
        except Exception as error:
            if len(writes) > 1 and not isinstance(error, RetriableError):
                for write in writes:  # one bad record must not fail the others' publishing
                    await self._write_together([write])
                return
            for write in writes:
                if not write.written.done():
                    write.written.set_exception(error)
        except BaseException:
            for write in writes:
                write.written.cancel()
            raise
        else:
            for write in writes:
                if not write.written.done():
                    write.written.set_result(None)

    async def _write(self, records: Sequence[Record]) -> None:
        placed = []
        for record in records:
            topic = self._topics[record.topic]
            placed.append((topic.id, partition_for_key(record.key, topic.partitions), record))
        counts: dict[tuple[int, int], int] = {}
        for topic_id, partition, _ in placed:
            counts[topic_id, partition] = counts.get((topic_id, partition), 0) + 1
        wanted = sorted(counts)
        async with self._database.transaction() as connection:
            # A statement of its own takes the locks in order; an UPDATE would take them in any.
            await connection.execute(
                "SELECT FROM bus_partitions WHERE (topic_id, partition) IN"
                " (SELECT * FROM unnest($1::int[], $2::int[]))"
                " ORDER BY topic_id, partition FOR UPDATE",
                [topic_id for topic_id, _ in wanted],
                [partition for _, partition in wanted],
            )
            rows = await connection.fetch(
                "UPDATE bus_partitions p SET next_offset = next_offset + n.count"
                " FROM unnest($1::int[], $2::int[], $3::int[]) AS n (topic_id, partition, count)"
                " WHERE p.topic_id = n.topic_id AND p.partition = n.partition"
                " RETURNING p.topic_id, p.partition, next_offset - n.count AS first,"
                " clock_timestamp() AS moment",
                [topic_id for topic_id, _ in wanted],
                [partition for _, partition in wanted],
                [counts[key] for key in wanted],
            )
            if len(rows) != len(wanted):
                self._topics.clear()
                raise RetriableError("a topic was deleted while it was written to")
            offsets = {(row["topic_id"], row["partition"]): row["first"] for row in rows}
            moment = rows[0]["moment"]
            values = []
            for topic_id, partition, record in placed:
                offset = offsets[topic_id, partition]
                offsets[topic_id, partition] = offset + 1
                values.append(
                    (
                        topic_id,
                        partition,
                        offset,
                        record.key,
                        record.value,
                        headers_to_bytes(record.headers),
                        record.timestamp or moment,
                    )
                )
            await connection.copy_records_to_table("bus_records", records=values)
            await connection.execute("SELECT pg_notify($1, '')", CHANNEL)

    def _start_maintenance(self) -> None:
        if self._maintenance and self._maintainer is None:
            self._maintainer = asyncio.create_task(self._maintain_for_ever(), name="bus-upkeep")

    async def _maintain_for_ever(self) -> None:
        while True:
            await asyncio.sleep(MAINTENANCE_SECONDS)
            try:
                removed = await self.maintain()
                log.info("bus_maintained", removed_records=removed)
            except KitError as error:
                log.warning("bus_maintenance_failed", error=str(error))
