"""The durable outbox, in the catalog's PostgreSQL.

A dispatcher holds the rows it works on locked (`FOR UPDATE SKIP LOCKED`) in an open transaction,
and ticks them off in that same transaction. If it dies, however suddenly, the server ends the
transaction and the rows are free again: there is no lease to wait for.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager
from typing import Any, Self

from subgraph_kit.catalog.database import Database
from subgraph_kit.data_product import EntityChange
from subgraph_kit.events.model import TraceContext
from subgraph_kit.events.notifications import Listener
from subgraph_kit.events.outbox.base import Action, OutboxEntry, Source, event_id_for
from subgraph_kit.events.outbox.serde import (
    change_from_json,
    change_to_json,
    trace_from_json,
    trace_to_json,
)
from subgraph_kit.events.outbox.wakeups import Wakeups

CHANNEL = "dictamesh_outbox"
KEEP_DONE_DAYS = 7
"""How long a change reported twice is recognised by its `change_id`."""

_ACCEPT = """
INSERT INTO outbox (event_id, domain, source_system, entity_type, entity_id, change, trace)
SELECT event_id, $2, $3, entity_type, entity_id, change, $7
FROM unnest($1::text[], $4::text[], $5::text[], $6::jsonb[])
    WITH ORDINALITY AS new (event_id, entity_type, entity_id, change, position)
ORDER BY position
ON CONFLICT (event_id) DO NOTHING
"""

# The oldest entry of each entity. An older one that another dispatcher holds is still pending in
# our snapshot, so nothing overtakes it.
_CLAIM = """
SELECT candidate.* FROM outbox AS candidate
WHERE done_at IS NULL AND parked_at IS NULL AND due_at <= clock_timestamp()
  AND ($2::text[] IS NULL OR
       (domain, source_system) IN (SELECT * FROM unnest($2::text[], $3::text[])))
  AND NOT EXISTS (
      SELECT FROM outbox AS older
      WHERE older.source_system = candidate.source_system
        AND older.entity_type = candidate.entity_type
        AND older.entity_id = candidate.entity_id
        AND older.domain = candidate.domain
        AND older.done_at IS NULL AND older.parked_at IS NULL
        AND older.id < candidate.id)
ORDER BY id
LIMIT $1
FOR UPDATE SKIP LOCKED
"""


class PostgresOutbox:
    """An `Outbox` that survives the process; make one with `connect`."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._listener = Listener(database, CHANNEL)
        self._wakeups = Wakeups()
        self._unsubscribe: Any = None

    @classmethod
    async def connect(cls, dsn: str, *, max_connections: int = 4) -> Self:
        """Connect to the catalog's database, bringing its schema up to date.

        Raises:
            RetriableError: if the database does not answer.
            ConfigurationError: if the address is wrong or we are not let in.
        """
        database = Database(dsn, max_connections=max_connections, command_timeout_seconds=60)
        await database.open()
        return cls(database)

    async def accept(
        self,
        domain: str,
        source_system: str,
        changes: Sequence[EntityChange],
        *,
        cursor: str | None = None,
        trace: TraceContext | None = None,
    ) -> list[str]:
        """Store the changes and the cursor in one transaction; see `Outbox.accept`."""
        event_ids = [event_id_for(domain, source_system, change) for change in changes]
        async with self._database.transaction() as connection:
            if changes:
                await connection.execute(
                    _ACCEPT,
                    event_ids,
                    domain,
                    source_system,
                    [change.entity_type for change in changes],
                    [change.entity_id for change in changes],
                    [change_to_json(change) for change in changes],
                    trace_to_json(trace),
                )
                await connection.execute("SELECT pg_notify($1, $2)", CHANNEL, source_system)
            if cursor is not None:
                await connection.execute(
                    "INSERT INTO change_cursors (domain, source_system, cursor)"
                    " VALUES ($1, $2, $3) ON CONFLICT (domain, source_system)"
                    " DO UPDATE SET cursor = EXCLUDED.cursor, updated_at = NOW()",
                    domain,
                    source_system,
                    cursor,
                )
        return event_ids

    async def cursor(self, domain: str, source_system: str) -> str | None:
        """The polling cursor stored last, None before the first."""
        async with self._database.acquire() as connection:
            found: str | None = await connection.fetchval(
                "SELECT cursor FROM change_cursors WHERE domain = $1 AND source_system = $2",
                domain,
                source_system,
            )
            return found

    @asynccontextmanager
    async def claim(
        self, *, limit: int = 100, sources: Collection[Source] | None = None
    ) -> AsyncIterator[PostgresBatch]:
        """Take due entries, at most one per entity; see `Outbox.claim`."""
        domains = [domain for domain, _ in sources] if sources is not None else None
        systems = [system for _, system in sources] if sources is not None else None
        async with self._database.transaction() as connection:
            rows = await connection.fetch(_CLAIM, limit, domains, systems)
            batch = PostgresBatch([_entry(row) for row in rows])
            yield batch
            await batch.write(connection)

    async def wait(self, timeout_seconds: float) -> None:
        """Return when something was accepted, or after `timeout_seconds`."""
        if self._unsubscribe is None:
            self._unsubscribe = self._listener.subscribe(lambda _: self._wakeups.wake())
        await self._wakeups.wait(timeout_seconds)

    async def pending(self, sources: Collection[Source] | None = None) -> int:
        """How many entries still have to be carried out."""
        async with self._database.acquire() as connection:
            count: int = await connection.fetchval(
                "SELECT count(*) FROM outbox WHERE done_at IS NULL AND parked_at IS NULL"
                " AND ($1::text[] IS NULL OR"
                " (domain, source_system) IN (SELECT * FROM unnest($1::text[], $2::text[])))",
                [domain for domain, _ in sources] if sources is not None else None,
                [system for _, system in sources] if sources is not None else None,
            )
            return count

    async def parked(self) -> list[tuple[OutboxEntry, str]]:
        """What was set aside, with the reasons."""
        async with self._database.acquire() as connection:
            rows = await connection.fetch(
                "SELECT * FROM outbox WHERE parked_at IS NOT NULL ORDER BY id LIMIT 1000"
            )
            return [(_entry(row), row["reason"]) for row in rows]

    async def unpark(self, entry_id: int) -> bool:
        """Give a parked entry another try."""
        async with self._database.transaction() as connection:
            found = await connection.fetchval(
                "UPDATE outbox SET parked_at = NULL, attempts = 0, due_at = clock_timestamp()"
                " WHERE id = $1 AND parked_at IS NOT NULL RETURNING source_system",
                entry_id,
            )
            if found is not None:
                await connection.execute("SELECT pg_notify($1, $2)", CHANNEL, found)
            return found is not None

    async def prune(self, *, keep_days: int = KEEP_DONE_DAYS) -> int:
        """Remove entries carried out more than `keep_days` ago; return how many."""
        async with self._database.acquire() as connection:
            status: str = await connection.execute(
                "DELETE FROM outbox WHERE done_at < NOW() - make_interval(days => $1)", keep_days
            )
            return int(status.rsplit(" ", 1)[-1])

    async def close(self) -> None:
        """Release connections."""
        await self._listener.close()
        await self._database.close()


class PostgresBatch:
    """Entries whose rows are locked; what is decided about them is written at the end."""

    def __init__(self, entries: Sequence[OutboxEntry]) -> None:
        self.entries = entries
        self._done: list[int] = []
        self._later: list[tuple[int, list[str], float, str]] = []
        self._parked: list[tuple[int, list[str], str]] = []

    def done(self, entry: OutboxEntry) -> None:
        """All three actions succeeded."""
        self._done.append(entry.id)

    def retry(
        self, entry: OutboxEntry, *, completed: frozenset[Action], delay_seconds: float, reason: str
    ) -> None:
        """Try again later."""
        self._later.append((entry.id, sorted(completed), delay_seconds, reason))

    def park(self, entry: OutboxEntry, *, completed: frozenset[Action], reason: str) -> None:
        """Set aside with its reason."""
        self._parked.append((entry.id, sorted(completed), reason))

    async def write(self, connection: Any) -> None:
        """Write the decisions, in the transaction that holds the locks."""
        if self._done:
            await connection.execute(
                # Carried out, the entity's data is not needed any more: only the id is kept.
                "UPDATE outbox SET done_at = clock_timestamp(), attempts = attempts + 1,"
                " reason = NULL, change = change - 'entity' WHERE id = ANY($1::bigint[])",
                self._done,
            )
        if self._later:
            await connection.executemany(
                "UPDATE outbox SET attempts = attempts + 1, completed = $2, reason = $4,"
                " due_at = clock_timestamp() + make_interval(secs => $3) WHERE id = $1",
                self._later,
            )
        if self._parked:
            await connection.executemany(
                "UPDATE outbox SET attempts = attempts + 1, completed = $2, reason = $3,"
                " parked_at = clock_timestamp() WHERE id = $1",
                self._parked,
            )


def _entry(row: Any) -> OutboxEntry:
    change: dict[str, Any] = row["change"]
    change.setdefault("entity", None)
    completed: list[Action] = row["completed"]
    return OutboxEntry(
        id=row["id"],
        event_id=row["event_id"],
        domain=row["domain"],
        source_system=row["source_system"],
        change=change_from_json(change),
        accepted_at=row["accepted_at"],
        trace=trace_from_json(row["trace"]),
        attempts=row["attempts"],
        completed=frozenset(completed),
    )
