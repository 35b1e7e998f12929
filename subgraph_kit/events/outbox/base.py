"""The outbox: what was accepted is never lost (row 38).

A webhook is answered 202 only after its changes stand in the outbox. A dispatcher then carries
each change out: catalog, topic and caches. A process that dies in between, at any point, leaves
the change in the outbox, and whoever starts next carries it out. Everything downstream is
idempotent by event id, so a change that was carried out and not ticked off does no harm.

`memory.py` and `postgres.py` implement the protocol; `dispatcher.py` does the work.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

from subgraph_kit.data_product import EntityChange
from subgraph_kit.events.model import TraceContext

Action = Literal["catalog", "publish", "invalidate"]
ALL_ACTIONS: frozenset[Action] = frozenset({"catalog", "publish", "invalidate"})
Source = tuple[str, str]
"""(domain, source system)."""

_EVENT_IDS = uuid.UUID("6f2f4d0a-2c0e-5f8b-9d53-1d6c6f0b7a11")


@dataclass(frozen=True, slots=True)
class OutboxEntry:
    """One accepted change. `completed` names the actions that need not be done again."""

    id: int
    event_id: str
    domain: str
    source_system: str
    change: EntityChange
    accepted_at: datetime
    trace: TraceContext | None = None
    attempts: int = 0
    completed: frozenset[Action] = frozenset()


class OutboxBatch(Protocol):
    """Entries that belong to one dispatcher until the batch ends."""

    entries: Sequence[OutboxEntry]

    def done(self, entry: OutboxEntry) -> None:
        """All three actions succeeded."""
        ...

    def retry(
        self, entry: OutboxEntry, *, completed: frozenset[Action], delay_seconds: float, reason: str
    ) -> None:
        """Try the actions that are not in `completed` again, `delay_seconds` from now."""
        ...

    def park(self, entry: OutboxEntry, *, completed: frozenset[Action], reason: str) -> None:
        """Set aside what can never succeed, kept with its reason, out of its entity's way."""
        ...


class Outbox(Protocol):
    """Accepts changes durably and hands them out, per entity in the order of acceptance."""

    async def accept(
        self,
        domain: str,
        source_system: str,
        changes: Sequence[EntityChange],
        *,
        cursor: str | None = None,
        trace: TraceContext | None = None,
    ) -> list[str]:
        """Store the changes, and the polling cursor that follows them, in one transaction.

        Returns the event ids, in the order given. A change whose `change_id` was accepted before
        is not stored again; its id is returned all the same.

        Raises:
            RetriableError: if nothing could be stored; the caller must not confirm the changes.
        """
        ...

    async def cursor(self, domain: str, source_system: str) -> str | None:
        """The polling cursor stored last, None before the first."""
        ...

    def claim(
        self, *, limit: int = 100, sources: Collection[Source] | None = None
    ) -> AbstractAsyncContextManager[OutboxBatch]:
        """Take due entries, of `sources` only if given; no other dispatcher gets them meanwhile.

        At most one entry per entity, the oldest. What was neither done, retried nor parked when
        the context ends is free again.
        """
        ...

    async def wait(self, timeout_seconds: float) -> None:
        """Return when something was accepted since this task's last wait, or after the time-out.

        May return for no reason. Every waiting task is woken.
        """
        ...

    async def pending(self, sources: Collection[Source] | None = None) -> int:
        """How many entries still have to be carried out."""
        ...

    async def parked(self) -> list[tuple[OutboxEntry, str]]:
        """What was set aside, with the reasons, oldest first; 1,000 at most."""
        ...

    async def unpark(self, entry_id: int) -> bool:
        """Give a parked entry another try; False if there is none with this id."""
        ...

    async def close(self) -> None:
        """Release connections."""
        ...


def event_id_for(domain: str, source_system: str, change: EntityChange) -> str:
    """Return the id of the event this change becomes.

    With a `change_id` the same change always gets the same id; without one every acceptance is a
    change of its own. The id is stored with the entry, so retries never change it.
    """
    if change.change_id is None:
        return str(uuid.uuid4())
    parts = (domain, source_system, change.entity_type, change.entity_id, change.change_id)
    return str(uuid.uuid5(_EVENT_IDS, "\x1f".join(parts)))
