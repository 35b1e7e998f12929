"""The outbox in memory: same behaviour as the durable one, but gone with the process."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Collection, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from subgraph_kit.data_product import EntityChange
from subgraph_kit.events.model import TraceContext
from subgraph_kit.events.outbox.base import Action, OutboxEntry, Source, event_id_for
from subgraph_kit.events.outbox.wakeups import Wakeups


@dataclass
class _Row:
    entry: OutboxEntry
    due_at: datetime
    claimed: bool = False
    parked_reason: str | None = None


class MemoryOutbox:
    """An `Outbox` in this process."""

    def __init__(self, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._clock = clock
        self._rows: dict[int, _Row] = {}
        self._event_ids: dict[str, None] = {}
        self._cursors: dict[Source, str] = {}
        self._next_id = 1
        self._wakeups = Wakeups()

    async def accept(
        self,
        domain: str,
        source_system: str,
        changes: Sequence[EntityChange],
        *,
        cursor: str | None = None,
        trace: TraceContext | None = None,
    ) -> list[str]:
        """Store the changes and the cursor; see `Outbox.accept`."""
        event_ids = [event_id_for(domain, source_system, change) for change in changes]
        now = self._clock()
        for event_id, change in zip(event_ids, changes, strict=True):
            if event_id in self._event_ids:
                continue
            self._remember(event_id)
            entry = OutboxEntry(self._next_id, event_id, domain, source_system, change, now, trace)
            self._rows[entry.id] = _Row(entry, due_at=now)
            self._next_id += 1
        if cursor is not None:
            self._cursors[domain, source_system] = cursor
        self._wakeups.wake()
        return event_ids

    async def cursor(self, domain: str, source_system: str) -> str | None:
        """The polling cursor stored last, None before the first."""
        return self._cursors.get((domain, source_system))

    @asynccontextmanager
    async def claim(
        self, *, limit: int = 100, sources: Collection[Source] | None = None
    ) -> AsyncIterator[MemoryBatch]:
        """Take due entries, at most one per entity; see `Outbox.claim`."""
        rows = self._due(limit, sources)
        for row in rows:
            row.claimed = True
        try:
            yield MemoryBatch(self, [row.entry for row in rows])
        finally:
            for row in rows:
                row.claimed = False

    async def wait(self, timeout_seconds: float) -> None:
        """Return when something was accepted, or after `timeout_seconds`."""
        await self._wakeups.wait(timeout_seconds)

    async def pending(self, sources: Collection[Source] | None = None) -> int:
        """How many entries still have to be carried out."""
        return sum(
            row.parked_reason is None and _belongs(row.entry, sources)
            for row in self._rows.values()
        )

    async def parked(self) -> list[tuple[OutboxEntry, str]]:
        """What was set aside, with the reasons."""
        return [(r.entry, r.parked_reason) for r in self._rows.values() if r.parked_reason][:1000]

    async def unpark(self, entry_id: int) -> bool:
        """Give a parked entry another try."""
        row = self._rows.get(entry_id)
        if row is None or row.parked_reason is None:
            return False
        row.parked_reason = None
        row.due_at = self._clock()
        row.entry = replace(row.entry, attempts=0)
        self._wakeups.wake()
        return True

    async def close(self) -> None:
        """Nothing to release."""

    def _due(self, limit: int, sources: Collection[Source] | None) -> list[_Row]:
        now = self._clock()
        heads: dict[tuple[str, str, str, str], _Row] = {}
        for row in self._rows.values():  # by id: rows are never moved
            if row.parked_reason is None and _belongs(row.entry, sources):
                entry, change = row.entry, row.entry.change
                identity = (
                    entry.domain, entry.source_system, change.entity_type, change.entity_id,
                )  # fmt: skip
                heads.setdefault(identity, row)
        return [r for r in heads.values() if not r.claimed and r.due_at <= now][:limit]

    def _remember(self, event_id: str) -> None:
        self._event_ids[event_id] = None
        if len(self._event_ids) > 100_000:  # a bound on memory, far above what is in flight
            del self._event_ids[next(iter(self._event_ids))]


class MemoryBatch:
    """Entries taken from a `MemoryOutbox`."""

    def __init__(self, outbox: MemoryOutbox, entries: Sequence[OutboxEntry]) -> None:
        self._outbox = outbox
        self.entries = entries

    def done(self, entry: OutboxEntry) -> None:
        """All three actions succeeded."""
        del self._outbox._rows[entry.id]

    def retry(
        self, entry: OutboxEntry, *, completed: frozenset[Action], delay_seconds: float, reason: str
    ) -> None:
        """Try again later."""
        row = self._outbox._rows[entry.id]
        row.entry = replace(entry, attempts=entry.attempts + 1, completed=completed)
        row.due_at = self._outbox._clock() + timedelta(seconds=delay_seconds)

    def park(self, entry: OutboxEntry, *, completed: frozenset[Action], reason: str) -> None:
        """Set aside with its reason."""
        row = self._outbox._rows[entry.id]
        row.entry = replace(entry, attempts=entry.attempts + 1, completed=completed)
        row.parked_reason = reason


def _belongs(entry: OutboxEntry, sources: Collection[Source] | None) -> bool:
    return sources is None or (entry.domain, entry.source_system) in sources
