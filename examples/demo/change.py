"""Third stop: a change in a source, and its way to a fresh answer.

CMS → webhook → adapter → outbox → event on the topic, catalog, caches → gateway → answer
"""

from __future__ import annotations

import asyncio
import time
import uuid
from dataclasses import dataclass
from typing import Any

import asyncpg
import httpx
from redis.asyncio import Redis

from examples.demo.check import Checks
from examples.demo.client import GraphQLClient
from examples.demo.question import CUSTOMER_ID
from examples.demo.screen import Screen
from examples.mesh import Mesh
from subgraph_kit.events.avro import EventCodec
from subgraph_kit.events.base import Consumer, Record
from subgraph_kit.events.connect import connect_bus
from subgraph_kit.events.model import EntityChangeEvent

TOPIC = "customers.directus.entity_changed"
QUERY = "query Email($id: ID!) { customer(id: $id) { email } }"
PATIENCE_SECONDS = 10.0

_CATALOG_ROW = """
SELECT entity_type, source_system, source_entity_id, status, contains_pii, data_classification,
       last_seen_at
  FROM entity_catalog
 WHERE entity_type = 'Customer' AND source_system = 'directus' AND source_entity_id = $1"""
_LOGGED = "SELECT count(*) FROM event_log WHERE event_id::text = $1"


@dataclass(frozen=True, slots=True)
class ChangeSeen:
    """What became of a change; times in milliseconds since the CMS acknowledged the write."""

    email: str
    event: EntityChangeEvent | None
    record: Record | None
    event_ms: float
    was_cached: bool
    dropped_ms: float | None
    answer: str
    fresh_ms: float
    catalog_row: dict[str, Any] | None
    is_logged: bool


async def change_and_watch(mesh: Mesh, client: GraphQLClient) -> ChangeSeen:
    """Give the customer a new e-mail address in the CMS, and watch what follows."""
    email = f"changed.{uuid.uuid4().hex[:8]}@example.com"
    bus = await connect_bus(mesh.events_url)
    cache = Redis.from_url(mesh.redis_url)
    try:
        async with bus.subscribe([TOPIC], group=f"demo-{uuid.uuid4().hex}", start="latest") as feed:
            await feed.poll(timeout_seconds=0.5)  # joins: what is published from here on is seen
            await client.ask(QUERY, {"id": CUSTOMER_ID})
            keys = await _cached_keys(cache)
            await _write_email(mesh, email)
            written = time.perf_counter()
            event, dropped_ms, (answer, fresh_ms) = await asyncio.gather(
                _next_event(feed, written),
                _dropped(cache, keys, written),
                _fresh(client, email, cache, keys, written),
            )
        found, record, event_ms = event
        row, is_logged = await _catalog(mesh, found.event_id if found else "")
    finally:
        await cache.aclose()
        await bus.close()
    return ChangeSeen(
        email, found, record, event_ms, bool(keys), dropped_ms, answer, fresh_ms, row, is_logged
    )


async def show_change(mesh: Mesh, client: GraphQLClient, screen: Screen, checks: Checks) -> None:
    """Change, watch, and print what was seen."""
    screen.heading("A customer's e-mail address changes in the CMS")
    seen = await change_and_watch(mesh, client)
    screen.say(f"PATCH /items/customers/{CUSTOMER_ID} in the CMS: email = {seen.email}")
    if checks.that(seen.event is not None, f"the event is on {TOPIC} ({seen.event_ms:.0f} ms)"):
        screen.json(_event_json(seen))
    if checks.that(seen.catalog_row is not None, "the catalog has the customer's row"):
        screen.json({key: str(value) for key, value in (seen.catalog_row or {}).items()})
    checks.that(seen.is_logged, "the catalog's event log has the event")
    checks.that(
        seen.was_cached and seen.dropped_ms is not None,
        f"the cached entry Customer:{CUSTOMER_ID} was dropped"
        + (f" ({seen.dropped_ms:.0f} ms)" if seen.dropped_ms is not None else ""),
        "" if seen.was_cached else "it was not cached before",
    )
    checks.that(
        seen.answer == seen.email,
        f"the gateway answers {seen.answer}, {seen.fresh_ms:.0f} ms after the write",
    )


async def _write_email(mesh: Mesh, email: str) -> None:
    headers = {"Authorization": f"Bearer {mesh.credentials.cms_token}"}
    async with httpx.AsyncClient(base_url=mesh.source_url("cms"), headers=headers) as cms:
        path = f"/items/customers/{CUSTOMER_ID}"
        (await cms.patch(path, json={"email": email})).raise_for_status()


async def _next_event(
    feed: Consumer, written: float
) -> tuple[EntityChangeEvent | None, Record | None, float]:
    codec = EventCodec()
    while (waited := time.perf_counter() - written) < PATIENCE_SECONDS:
        for record in await feed.poll(timeout_seconds=0.5):
            event = await codec.decode(record)
            if event.entity.id == CUSTOMER_ID:
                return event, record, (time.perf_counter() - written) * 1000
    return None, None, waited * 1000


async def _cached_keys(cache: Redis) -> list[bytes]:
    """The keys under which the customer is cached in Redis, subgraph's and gateway's."""
    return [key async for key in cache.scan_iter(match=f"*Customer:{CUSTOMER_ID}", count=1000)]


async def _dropped(cache: Redis, keys: list[bytes], written: float) -> float | None:
    while keys and (waited := time.perf_counter() - written) < PATIENCE_SECONDS:
        if not await cache.exists(*keys):
            return waited * 1000
        await asyncio.sleep(0.001)
    return None


async def _fresh(
    client: GraphQLClient, email: str, cache: Redis, keys: list[bytes], written: float
) -> tuple[str, float]:
    """Ask until the answer is new. The first ask waits for the cache to be dropped.

    Asking in between would fill the cache again, and hide from `_dropped` that it was empty.
    """
    await _dropped(cache, keys, written)
    await asyncio.sleep(0.005)  # lets the other watcher see it, too
    answer = ""
    while (waited := time.perf_counter() - written) < PATIENCE_SECONDS:
        found = await client.ask(QUERY, {"id": CUSTOMER_ID})
        answer = ((found.get("data") or {}).get("customer") or {}).get("email") or ""
        waited = time.perf_counter() - written
        if answer == email:
            break
        await asyncio.sleep(0.01)
    return answer, waited * 1000


async def _catalog(mesh: Mesh, event_id: str) -> tuple[dict[str, Any] | None, bool]:
    connection = await asyncpg.connect(mesh.catalog_dsn)
    try:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            logged = bool(await connection.fetchval(_LOGGED, event_id))
            if logged or time.monotonic() > deadline:
                row = await connection.fetchrow(_CATALOG_ROW, CUSTOMER_ID)
                return (dict(row) if row else None), logged
            await asyncio.sleep(0.02)
    finally:
        await connection.close()


def _event_json(seen: ChangeSeen) -> dict[str, Any]:
    event, record = seen.event, seen.record
    assert event is not None  # noqa: S101 - the caller has seen it
    assert record is not None  # noqa: S101 - it came with the event
    return {
        "partition": record.partition,
        "offset": record.offset,
        "bytes": len(record.value),
        "event_id": event.event_id,
        "event_type": str(event.event_type),
        "timestamp": event.timestamp.isoformat(),
        "source_system": event.source_system,
        "domain": event.domain,
        "entity": {"type": event.entity.type, "id": event.entity.id, "url": event.entity.url},
        "changed_fields": list(event.changed_fields),
        "trace_id": event.trace_context.trace_id,
    }
