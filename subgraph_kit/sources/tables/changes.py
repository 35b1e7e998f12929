"""Changes of a table, found by asking again and again for what changed since.

A row that changed at 12:00:00 may become visible only when its transaction ends, after one that
changed at 12:00:01. So each look goes back `OVERLAP` from the latest time seen, and what was
reported in that span is remembered. The database's own times are all that counts: its clock may be
wrong, and its times may have no zone.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from subgraph_kit.data_product import ChangeType, EntityChange
from subgraph_kit.sources.sql import Row
from subgraph_kit.sources.tables.values import from_row, to_parameter

if TYPE_CHECKING:
    from subgraph_kit.sources.tables.adapter import SqlTableAdapter

OVERLAP = timedelta(seconds=10)
BATCH_ROWS = 500

Sleep = Callable[[float], Awaitable[None]]


class ChangeReader:
    """Follows the changes of one adapter's table."""

    def __init__(self, adapter: SqlTableAdapter, poll_seconds: float, sleep: Sleep) -> None:
        self._adapter = adapter
        self._poll_seconds = poll_seconds
        self._sleep = sleep
        table = adapter.table
        self._changed = table.column(str(table.changed_at))
        self._key = [table.column(name) for name in table.key]

    async def follow(self, cursor: str | None) -> AsyncIterator[tuple[EntityChange, str]]:
        """Endless. Without a cursor, begins with what changes from now on."""
        latest = read_cursor(cursor)
        seen: dict[str, datetime] = {}
        if latest is None:
            latest = await self._latest()
            if latest is not None:
                async for row, moment in self._since(latest - OVERLAP):
                    seen[self._identity(row)] = moment
                    latest = max(latest, moment)
        while True:
            start = None if latest is None else latest - OVERLAP
            async for row, moment in self._since(start):
                identity = self._identity(row)
                if identity in seen:
                    continue
                seen[identity] = moment
                latest = moment if latest is None else max(latest, moment)
                change = self._change(row, moment, identity)
                if change is not None:
                    yield change, json.dumps(latest.isoformat())
            if latest is not None:
                oldest = latest - 2 * OVERLAP
                seen = {each: moment for each, moment in seen.items() if moment >= oldest}
            await self._sleep(self._poll_seconds)

    async def _latest(self) -> datetime | None:
        rows = await self._adapter.run(self._adapter.statements.latest_change(), "changes")
        value = from_row(self._changed, rows[0]["c0"]) if rows else None
        return _moment(value)

    async def _since(self, start: datetime | None) -> AsyncIterator[tuple[Row, datetime]]:
        """The rows that changed at `start` or later, batch by batch; all without a start."""
        after = None if start is None else (self._bound(self._changed, start),)
        while True:
            statement = self._adapter.statements.changes(after, BATCH_ROWS)
            rows = await self._adapter.run(statement, "changes")
            for row in rows:
                moment = _moment(self._adapter.values_of(row)[self._changed.field])
                if moment is not None:
                    yield row, moment
            if len(rows) < BATCH_ROWS:
                return
            last = self._adapter.values_of(rows[-1])
            after = tuple(
                self._bound(column, last[column.field]) for column in (self._changed, *self._key)
            )

    def _bound(self, column: Any, value: Any) -> Any:
        return to_parameter(column, value, wide_integers=True)

    def _identity(self, row: Row) -> str:
        values = self._adapter.values_of(row)
        return json.dumps(
            [values[name] for name in (self._changed.field, *self._adapter.table.key)]
        )

    def _change(self, row: Row, moment: datetime, identity: str) -> EntityChange | None:
        entity = self._adapter.entity_of(row)
        if entity is None:
            return None
        deleted = self._adapter.table.soft_delete
        gone = deleted is not None and self._adapter.values_of(row)[deleted] not in (
            None, False, 0, "0",
        )  # fmt: skip
        return EntityChange(
            type=ChangeType.DELETED if gone else ChangeType.UPDATED,
            entity_type=entity.type,
            entity_id=entity.id,
            occurred_at=moment,
            change_id=identity,
            entity=None if gone else entity,
        )


def read_cursor(cursor: str | None) -> datetime | None:
    """The time in a cursor; one that cannot be read counts as none, for going on beats waiting."""
    try:
        return _moment(json.loads(cursor or "null"))
    except ValueError:
        return None


def _moment(value: Any) -> datetime | None:
    if not isinstance(value, str):
        return None
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return None
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
