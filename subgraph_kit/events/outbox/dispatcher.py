"""Carries accepted changes out: catalog, topic and caches, in parallel (row 38)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection
from dataclasses import replace
from typing import Protocol

import structlog

from subgraph_kit.data_product import EntityChange
from subgraph_kit.errors import KitError, RetriableError
from subgraph_kit.events.backoff import Backoff
from subgraph_kit.events.base import EventBus
from subgraph_kit.events.model import EntityChangeEvent
from subgraph_kit.events.outbox.base import (
    ALL_ACTIONS,
    Action,
    Outbox,
    OutboxBatch,
    OutboxEntry,
    Source,
)
from subgraph_kit.events.publisher import EventPublisher

log = structlog.get_logger(__name__)

IDLE_SECONDS = 1.0
"""How long to wait for a wake-up before looking anyway: a notification can be lost."""


class EventApplier(Protocol):
    """The part of a catalog that the dispatcher needs."""

    async def apply_event(self, event: EntityChangeEvent) -> bool:
        """Bring the catalog up to date with the event; False if it was applied before."""
        ...


class OutboxDispatcher:
    """Takes entries from an outbox until it is cancelled or stopped.

    `describe` turns a change into an event; its event id is replaced by the entry's, and its
    trace context by the accepted one, so that they are the same on every attempt. `invalidate`
    drops caches. `sources` limits the work to (domain, source system) pairs: processes that share
    a database and serve different sources must set it, because each knows only its own adapters.

    An error is retried with growing delays, for ever if it is a `RetriableError`. A `FatalError`
    of `describe`, or anything that failed `max_attempts` times, is parked with its reason.
    """

    def __init__(
        self,
        outbox: Outbox,
        bus: EventBus | EventPublisher,
        catalog: EventApplier,
        invalidate: Callable[[EntityChangeEvent], Awaitable[None]],
        describe: Callable[[EntityChange], EntityChangeEvent],
        *,
        sources: Collection[Source] | None = None,
        batch_size: int = 100,
        action_timeout_seconds: float = 30.0,
        max_attempts: int = 10,
        backoff: Backoff | None = None,
    ) -> None:
        self._outbox = outbox
        self._publisher = bus if isinstance(bus, EventPublisher) else EventPublisher(bus)
        self._catalog = catalog
        self._invalidate = invalidate
        self._describe = describe
        self._sources = frozenset(sources) if sources is not None else None
        self._batch_size = batch_size
        self._action_timeout_seconds = action_timeout_seconds
        self._max_attempts = max_attempts
        self._backoff = backoff or Backoff()
        self._stopping = asyncio.Event()

    def stop(self) -> None:
        """Let `run` return after the batch in hand."""
        self._stopping.set()

    async def run(self) -> None:
        """Dispatch until cancelled or stopped; an outbox that is down is waited for."""
        failures = 0
        while not self._stopping.is_set():
            try:
                if not await self.run_once():
                    await self._outbox.wait(IDLE_SECONDS)
                failures = 0
            except RetriableError as error:
                failures += 1
                delay = self._backoff.delay_seconds(failures)
                log.warning("outbox_unreachable", error=str(error), retry_in_seconds=delay)
                await asyncio.sleep(delay)

    async def run_once(self) -> int:
        """Carry out one batch; return how many entries it had."""
        async with self._outbox.claim(limit=self._batch_size, sources=self._sources) as batch:
            await asyncio.gather(*(self._dispatch(batch, entry) for entry in batch.entries))
            return len(batch.entries)

    async def _dispatch(self, batch: OutboxBatch, entry: OutboxEntry) -> None:
        try:
            event = self._event(entry)
        except Exception as error:
            # The change itself is the problem: another attempt would end the same way.
            self._failed(batch, entry, entry.completed, {"describe": error}, fatal=True)
            return
        actions: dict[Action, Callable[[EntityChangeEvent], Awaitable[object]]] = {
            "catalog": self._catalog.apply_event,
            "publish": self._publisher.publish_event,
            "invalidate": self._invalidate,
        }
        todo = [action for action in actions if action not in entry.completed]
        results = await asyncio.gather(*(self._attempt(actions[a], event) for a in todo))
        errors = {a: error for a, error in zip(todo, results, strict=True) if error is not None}
        if not errors:
            batch.done(entry)
            return
        self._failed(batch, entry, ALL_ACTIONS - errors.keys(), errors)

    def _event(self, entry: OutboxEntry) -> EntityChangeEvent:
        event = replace(self._describe(entry.change), event_id=entry.event_id)
        return replace(event, trace_context=entry.trace) if entry.trace else event

    async def _attempt(
        self, action: Callable[[EntityChangeEvent], Awaitable[object]], event: EntityChangeEvent
    ) -> Exception | None:
        try:
            async with asyncio.timeout(self._action_timeout_seconds):
                await action(event)
        except Exception as error:
            return error
        return None

    def _failed(
        self,
        batch: OutboxBatch,
        entry: OutboxEntry,
        completed: frozenset[Action],
        errors: dict[Action, Exception] | dict[str, Exception],
        *,
        fatal: bool = False,
    ) -> None:
        reason = "; ".join(
            f"{action}: {_reason(error)}" for action, error in sorted(errors.items())
        )
        passing = all(isinstance(error, (RetriableError, OSError)) for error in errors.values())
        context = {"event_id": entry.event_id, "attempts": entry.attempts + 1, "reason": reason}
        if fatal or (not passing and entry.attempts + 1 >= self._max_attempts):
            log.error("outbox_entry_parked", **context)
            batch.park(entry, completed=completed, reason=reason)
            return
        delay = self._backoff.delay_seconds(entry.attempts + 1)
        log.warning("outbox_entry_delayed", retry_in_seconds=delay, **context)
        batch.retry(entry, completed=completed, delay_seconds=delay, reason=reason)


def _reason(error: Exception) -> str:
    # Only the kit's own texts are known to be free of data; of others the type must do.
    return str(error) if isinstance(error, KitError) else type(error).__name__
