"""A member of a consumer group on the PostgreSQL bus.

Members are rows that they keep fresh by heartbeats. A partition is read by the member that holds
its lease. Every member computes the same assignment (`assignment.py`) and gives up, when it polls
next, the leases that belong to others now; these take them when they are free. A member that died
loses its leases with its row, which any member of the group removes once the heartbeat is too old.
One that was only taken for dead learns of it at its next heartbeat and joins again.
"""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Sequence
from typing import Any, Literal

import structlog

from subgraph_kit.catalog.database import Database
from subgraph_kit.errors import KitError, RetriableError
from subgraph_kit.events.assignment import assign_partitions
from subgraph_kit.events.base import Record
from subgraph_kit.events.postgres_rows import record_from_row

log = structlog.get_logger(__name__)

LOOK_AGAIN_SECONDS = 1.0
"""Even without a notification, which can be lost."""
TOPICS_CHANGED = "*"
"""Payload of the notification that a topic was created."""
MAX_POLL_INTERVAL_SECONDS = 300.0
"""A member that does not poll for so long is taken for stuck and loses its partitions."""

_EXPIRE = """
DELETE FROM bus_members WHERE group_name = $1 AND member_id <> $2
  AND heartbeat_at < clock_timestamp() - make_interval(secs => session_seconds)
RETURNING member_id
"""

_JOIN = """
INSERT INTO bus_members (member_id, group_name, topic_patterns, session_seconds)
VALUES ($1, $2, $3, $4)
ON CONFLICT (member_id) DO UPDATE SET heartbeat_at = clock_timestamp()
"""

# The first offset is written down when a partition is first read, so that the member that takes
# over from one that died before committing starts where that one started.
_FIRST_OFFSETS = """
INSERT INTO bus_offsets (group_name, topic_id, partition, committed)
SELECT $1, topic_id, partition, CASE WHEN n.latest THEN p.next_offset ELSE 0 END
FROM unnest($2::int[], $3::int[], $4::bool[]) AS n (topic_id, partition, latest)
JOIN bus_partitions p USING (topic_id, partition)
ON CONFLICT DO NOTHING
"""

_LEASE = """
INSERT INTO bus_leases (group_name, topic_id, partition, member_id)
SELECT $1, topic_id, partition, $2
FROM unnest($3::int[], $4::int[]) AS n (topic_id, partition)
ON CONFLICT (group_name, topic_id, partition) DO NOTHING
"""

_RELEASE = """
DELETE FROM bus_leases l WHERE member_id = $1 AND NOT EXISTS (
    SELECT FROM unnest($2::int[], $3::int[]) AS n (topic_id, partition)
    WHERE n.topic_id = l.topic_id AND n.partition = l.partition)
RETURNING 1
"""

_HELD = """
SELECT l.topic_id, l.partition, o.committed
FROM bus_leases l JOIN bus_offsets o USING (group_name, topic_id, partition)
WHERE l.member_id = $1
"""

_FETCH = """
SELECT r.* FROM unnest($1::int[], $2::int[], $3::bigint[])
    WITH ORDINALITY AS n (topic_id, partition, position, turn)
CROSS JOIN LATERAL (
    SELECT * FROM bus_records r
    WHERE r.topic_id = n.topic_id AND r.partition = n.partition AND r.record_offset >= n.position
    ORDER BY r.record_offset LIMIT $4
) AS r
ORDER BY n.turn, r.record_offset LIMIT $4
"""

_COMMIT = """
UPDATE bus_offsets o SET committed = n.committed, updated_at = clock_timestamp()
FROM unnest($2::int[], $3::int[], $4::bigint[]) AS n (topic_id, partition, committed)
WHERE o.group_name = $1 AND o.topic_id = n.topic_id AND o.partition = n.partition
  AND o.committed < n.committed
"""

_LAG = """
SELECT t.name, sum(p.next_offset - o.committed)::bigint AS behind
FROM bus_leases l
JOIN bus_offsets o USING (group_name, topic_id, partition)
JOIN bus_partitions p USING (topic_id, partition)
JOIN bus_topics t ON t.id = topic_id
WHERE l.member_id = $1
GROUP BY t.name
"""

Partition = tuple[int, int]
"""(topic id, number)."""


class PostgresConsumer:
    """Reads the partitions it holds a lease of; made by `PostgresBus.subscribe`."""

    def __init__(
        self,
        database: Database,
        patterns: tuple[str, ...],
        *,
        group: str,
        start: Literal["earliest", "latest"],
        member_id: uuid.UUID,
        channel: str,
        session_timeout_seconds: float,
    ) -> None:
        self._database = database
        self._patterns = patterns
        self._group = group
        self._start = start
        self._member_id = member_id
        self._channel = channel
        self._session_timeout_seconds = session_timeout_seconds
        self._positions: dict[Partition, int] = {}
        self._topic_names: dict[int, str] = {}
        self._topic_ids: dict[str, int] = {}
        self._known_at_start: set[int] | None = None
        self._woken = asyncio.Event()
        self._rebalance_due = 0.0
        self._polled_at = time.monotonic()
        self._heart: asyncio.Task[None] | None = None

    def wake(self, payload: str) -> None:
        """Something happened on the bus.

        `payload` is empty for new records, or `TOPICS_CHANGED`, or names the group whose members
        changed.
        """
        if payload in {self._group, TOPICS_CHANGED}:
            self._rebalance_due = 0.0
            self._woken.set()
        elif not payload:
            self._woken.set()

    async def join(self) -> None:
        """Become a member; partitions that are free are taken at once."""
        await self._rebalance(announce=True)
        self._heart = asyncio.create_task(self._beat(), name="bus-heartbeat")

    async def leave(self) -> None:
        """Stop being a member; the partitions pass to the others."""
        if self._heart is not None:
            self._heart.cancel()
            await asyncio.gather(self._heart, return_exceptions=True)
        try:
            async with self._database.transaction() as connection:
                await connection.execute(
                    "DELETE FROM bus_members WHERE member_id = $1", self._member_id
                )
                await self._announce(connection)
        except KitError as error:
            # The others notice by the missing heartbeat.
            log.warning("bus_leave_failed", group=self._group, error=str(error))

    async def poll(self, *, max_records: int = 500, timeout_seconds: float = 1.0) -> list[Record]:
        """Return what is there, or wait up to `timeout_seconds` for the first record.

        Raises:
            RetriableError: if the database is not reachable.
        """
        deadline = time.monotonic() + timeout_seconds
        while True:
            self._polled_at = time.monotonic()
            self._woken.clear()
            if self._polled_at >= self._rebalance_due:
                await self._rebalance()
            if records := await self._fetch(max_records):
                return records
            left = deadline - time.monotonic()
            if left <= 0:
                return []
            try:
                async with asyncio.timeout(min(left, LOOK_AGAIN_SECONDS)):
                    await self._woken.wait()
            except TimeoutError:
                continue

    async def commit(self, records: Sequence[Record]) -> None:
        """Mark these records, and all before them in their partitions, as processed."""
        committed: dict[Partition, int] = {}
        for record in records:
            topic_id = self._topic_ids.get(record.topic)
            if topic_id is not None:
                partition = (topic_id, record.partition)
                committed[partition] = max(committed.get(partition, 0), record.offset + 1)
        if not committed:
            return
        ordered = sorted(committed)  # one order for all, so that two never wait for each other
        async with self._database.acquire() as connection:
            await connection.execute(
                _COMMIT,
                self._group,
                [topic_id for topic_id, _ in ordered],
                [partition for _, partition in ordered],
                [committed[key] for key in ordered],
            )

    async def lag(self) -> dict[str, int]:
        """How many records of the assigned partitions are not committed yet, by topic."""
        async with self._database.acquire() as connection:
            rows = await connection.fetch(_LAG, self._member_id)
        return {row["name"]: row["behind"] for row in rows}

    async def _fetch(self, max_records: int) -> list[Record]:
        if not self._positions:
            return []
        asked = list(self._positions.items())
        async with self._database.acquire() as connection:
            rows = await connection.fetch(
                _FETCH,
                [topic_id for (topic_id, _), _ in asked],
                [partition for (_, partition), _ in asked],
                [position for _, position in asked],
                max_records,
            )
        for row in rows:
            partition = (row["topic_id"], row["partition"])
            # Moved to the back, so that a busy partition does not starve the others.
            self._positions.pop(partition, None)
            self._positions[partition] = row["record_offset"] + 1
        return [record_from_row(self._topic_names[row["topic_id"]], row) for row in rows]

    async def _rebalance(self, *, announce: bool = False) -> None:
        async with self._database.transaction() as connection:
            # One at a time per group: everyone decides on the same facts.
            await connection.execute(
                "SELECT pg_advisory_xact_lock(hashtext('dictamesh_bus_group'), hashtext($1))",
                self._group,
            )
            expired = await connection.fetch(_EXPIRE, self._group, self._member_id)
            await connection.execute(
                _JOIN,
                self._member_id,
                self._group,
                list(self._patterns),
                self._session_timeout_seconds,
            )
            mine = await self._target(connection)
            columns = ([topic_id for topic_id, _ in mine], [partition for _, partition in mine])
            released = await connection.fetch(_RELEASE, self._member_id, *columns)
            assert self._known_at_start is not None  # noqa: S101 - _target sets it
            latest = [
                self._start == "latest" and topic_id in self._known_at_start for topic_id, _ in mine
            ]
            await connection.execute(_FIRST_OFFSETS, self._group, *columns, latest)
            await connection.execute(_LEASE, self._group, self._member_id, *columns)
            held = await connection.fetch(_HELD, self._member_id)
            if announce or released or expired:
                await self._announce(connection)
        committed = {(row["topic_id"], row["partition"]): row["committed"] for row in held}
        kept = {p: offset for p, offset in self._positions.items() if p in committed}
        self._positions = kept | {p: o for p, o in committed.items() if p not in kept}
        # Not all is free yet: look again soon, the others release when they poll.
        wait = self._session_timeout_seconds / 3 if len(held) == len(mine) else 0.2
        self._rebalance_due = time.monotonic() + wait

    async def _target(self, connection: Any) -> list[Partition]:
        topics = await connection.fetch("SELECT id, name, partitions FROM bus_topics")
        self._topic_names = {row["id"]: row["name"] for row in topics}
        self._topic_ids = {row["name"]: row["id"] for row in topics}
        if self._known_at_start is None:
            self._known_at_start = set(self._topic_names)
        members = await connection.fetch(
            "SELECT member_id, topic_patterns FROM bus_members WHERE group_name = $1", self._group
        )
        assigned = assign_partitions(
            {str(row["member_id"]): row["topic_patterns"] for row in members},
            {row["name"]: row["partitions"] for row in topics},
        )
        mine = assigned[str(self._member_id)]
        return sorted((self._topic_ids[topic], partition) for topic, partition in mine)

    async def _announce(self, connection: Any) -> None:
        await connection.execute("SELECT pg_notify($1, $2)", self._channel, self._group)

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(self._session_timeout_seconds / 3)
            if time.monotonic() - self._polled_at > MAX_POLL_INTERVAL_SECONDS:
                log.warning("bus_member_stuck", group=self._group)
                continue
            try:
                async with self._database.acquire() as connection:
                    status = await connection.execute(
                        "UPDATE bus_members SET heartbeat_at = clock_timestamp()"
                        " WHERE member_id = $1",
                        self._member_id,
                    )
                if status == "UPDATE 0":  # taken for dead: the next poll joins again
                    self._positions = {}
                    self._rebalance_due = 0.0
            except RetriableError as error:
                log.warning("bus_heartbeat_failed", group=self._group, error=str(error))
