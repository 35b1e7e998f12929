"""Which events a consumer group has processed (row 36).

Delivery is at least once. A consumer that is not idempotent by itself keeps the ids of what it
processed; what it meets again it skips.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from typing import Protocol

from subgraph_kit.catalog.database import Database


class ProcessedEvents(Protocol):
    """Remembers event ids by group."""

    async def seen(self, group: str, event_ids: Sequence[str]) -> set[str]:
        """Return those of the ids that the group has processed."""
        ...

    async def add(self, group: str, event_ids: Sequence[str]) -> None:
        """Note that the group has processed these; noting twice does no harm."""
        ...


class MemoryProcessedEvents:
    """Remembers the last `capacity` ids of all groups, within this process."""

    def __init__(self, capacity: int = 100_000) -> None:
        self._capacity = capacity
        self._ids: OrderedDict[tuple[str, str], None] = OrderedDict()

    async def seen(self, group: str, event_ids: Sequence[str]) -> set[str]:
        """Return those of the ids that the group has processed."""
        return {event_id for event_id in event_ids if (group, event_id) in self._ids}

    async def add(self, group: str, event_ids: Sequence[str]) -> None:
        """Note that the group has processed these."""
        for event_id in event_ids:
            self._ids[group, event_id] = None
        while len(self._ids) > self._capacity:
            self._ids.popitem(last=False)


class PostgresProcessedEvents:
    """Remembers ids in table `consumed_events`; the bus's upkeep forgets them after 30 days."""

    def __init__(self, dsn: str, *, max_connections: int = 2) -> None:
        self._database = Database(dsn, max_connections=max_connections)

    async def seen(self, group: str, event_ids: Sequence[str]) -> set[str]:
        """Return those of the ids that the group has processed."""
        async with self._database.acquire() as connection:
            rows = await connection.fetch(
                "SELECT event_id FROM consumed_events"
                " WHERE group_name = $1 AND event_id = ANY($2::text[])",
                group,
                list(event_ids),
            )
            return {row["event_id"] for row in rows}

    async def add(self, group: str, event_ids: Sequence[str]) -> None:
        """Note that the group has processed these."""
        async with self._database.acquire() as connection:
            await connection.execute(
                "INSERT INTO consumed_events (group_name, event_id)"
                " SELECT $1, unnest($2::text[]) ON CONFLICT DO NOTHING",
                group,
                sorted(set(event_ids)),
            )

    async def close(self) -> None:
        """Release connections."""
        await self._database.close()
