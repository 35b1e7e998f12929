"""A whole subgraph in a test's process (row 121): real parts, in memory.

async with MeshEnvironment.of(build) as mesh:      # build(settings, backends) -> MeshApp
    answer = await mesh.execute("{ customer(id: 1) { name } }")
    await mesh.deliver_webhook("directus", {"event": "items.update", ...})
    event = await mesh.wait_for_event(lambda e: e.entity.id == "1")
    assert mesh.metrics()["cache_hit_rate"] > 0.8
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx
import orjson

from subgraph_kit.app import MeshApp
from subgraph_kit.backends import MeshBackends
from subgraph_kit.catalog.memory import MemoryCatalog
from subgraph_kit.events.avro import EventCodec
from subgraph_kit.events.memory import MemoryBus
from subgraph_kit.events.model import EntityChangeEvent
from subgraph_kit.events.outbox import MemoryOutbox
from subgraph_kit.events.publisher import EventPublisher
from subgraph_kit.events.topics import ENTITY_CHANGED_TOPICS, matching_topics
from subgraph_kit.settings import MeshSettings
from subgraph_kit.telemetry.bus import MeteredBus
from subgraph_kit.webhooks import DEFAULT_SIGNATURE_HEADER

WEBHOOK_SECRET = "for-tests-only"  # noqa: S105 - no secret: it guards nothing
_POLL_SECONDS = 0.01

Build = Callable[[MeshSettings, MeshBackends], MeshApp]


def memory_backends() -> MeshBackends:
    """Catalog, outbox and bus in memory."""
    bus = MeteredBus(MemoryBus())
    return MeshBackends(MemoryCatalog(), MemoryOutbox(), bus, EventPublisher(bus, EventCodec()))


@dataclass(slots=True)
class MeshEnvironment:
    """A running app and the ways to act on it."""

    app: MeshApp
    backends: MeshBackends
    client: httpx.AsyncClient
    """Talks to the app in process; the base URL is `http://subgraph`."""

    @staticmethod
    @asynccontextmanager
    async def of(build: Build, **settings: Any) -> AsyncIterator[MeshEnvironment]:
        """Start what `build` makes; it is ready when the block begins, and stopped at its end."""
        backends = memory_backends()
        app = build(MeshSettings(**{"webhook_secret": WEBHOOK_SECRET, **settings}), backends)
        asgi = app.asgi()
        try:
            await app.start()
            transport = httpx.ASGITransport(asgi)
            async with httpx.AsyncClient(transport=transport, base_url="http://subgraph") as client:
                environment = MeshEnvironment(app, backends, client)
                await environment._until_ready()
                yield environment
        finally:
            await app.stop()
            await backends.close()

    async def execute(
        self, query: str, variables: Mapping[str, Any] | None = None, **headers: str
    ) -> dict[str, Any]:
        """Run a GraphQL operation over HTTP; return the whole answer, errors included."""
        response = await self.client.post(
            "/graphql", json={"query": query, "variables": variables}, headers=headers
        )
        answer: dict[str, Any] = response.json()
        return answer

    async def deliver_webhook(
        self, source_system: str, body: Any, *, secret: str = WEBHOOK_SECRET
    ) -> httpx.Response:
        """Deliver `body` (JSON, or bytes as they are), signed with `secret`."""
        content = body if isinstance(body, bytes) else orjson.dumps(body)
        signature = hmac.new(secret.encode(), content, hashlib.sha256).hexdigest()
        return await self.client.post(
            f"/webhooks/{source_system}",
            content=content,
            headers={DEFAULT_SIGNATURE_HEADER: f"sha256={signature}"},
        )

    async def events(self) -> list[EntityChangeEvent]:
        """All change events on the bus so far, by topic."""
        topics = matching_topics([ENTITY_CHANGED_TOPICS], await self.backends.bus.topics())
        return [
            await self.backends.publisher.codec.decode(record)
            for topic in topics
            async for record in self.backends.bus.replay(topic)
        ]

    async def wait_for_event(
        self, matches: Callable[[EntityChangeEvent], bool], *, timeout_seconds: float = 5.0
    ) -> EntityChangeEvent:
        """Return the first event that matches, once there is one.

        Raises:
            TimeoutError: if none comes in time.
        """
        async with asyncio.timeout(timeout_seconds):
            while True:
                for event in await self.events():
                    if matches(event):
                        return event
                await asyncio.sleep(_POLL_SECONDS)

    async def wait_until_dispatched(self, *, timeout_seconds: float = 5.0) -> None:
        """Return when everything accepted was carried out: catalog, topic and caches."""
        async with asyncio.timeout(timeout_seconds):
            while await self.backends.outbox.pending():  # noqa: ASYNC110 - no event to wait for
                await asyncio.sleep(_POLL_SECONDS)

    def metrics(self) -> dict[str, float]:
        """Counts of all adapters together."""
        counts = [adapter.get_metrics() for adapter in self.app.adapters]
        hits = sum(count.cache_hits for count in counts)
        lookups = hits + sum(count.cache_misses for count in counts)
        return {
            "requests": sum(count.requests for count in counts),
            "source_calls": sum(count.source_calls for count in counts),
            "errors": sum(count.errors for count in counts),
            "cache_hit_rate": hits / lookups if lookups else 0.0,
        }

    async def _until_ready(self) -> None:
        async with asyncio.timeout(5.0):
            while (await self._ready_status()) != httpx.codes.OK:  # noqa: ASYNC110 - it is polled
                await asyncio.sleep(_POLL_SECONDS)

    async def _ready_status(self) -> int:
        return (await self.client.get("/health/ready")).status_code
