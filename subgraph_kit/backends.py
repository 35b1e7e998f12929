"""Catalog, outbox, event bus and cache of a process, from its settings.

What is not configured gets a twin in memory that works the same and ends with the process; a log
line says what that costs.
"""

from __future__ import annotations

from dataclasses import dataclass

import structlog

from subgraph_kit.cache.base import Cache
from subgraph_kit.cache.layered import LayeredCache
from subgraph_kit.cache.memory import MemoryCache
from subgraph_kit.catalog.base import Catalog
from subgraph_kit.events.avro import EventCodec
from subgraph_kit.events.base import EventBus
from subgraph_kit.events.connect import connect_bus
from subgraph_kit.events.outbox import MemoryOutbox, Outbox, PostgresOutbox
from subgraph_kit.events.publisher import EventPublisher
from subgraph_kit.events.registry import CatalogRegistry
from subgraph_kit.settings import MeshSettings
from subgraph_kit.telemetry.bus import MeteredBus

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class MeshBackends:
    """What carries changes: given to `MeshApp` in tests, made by `connect_backends` else."""

    catalog: Catalog
    outbox: Outbox
    bus: EventBus
    publisher: EventPublisher

    async def close(self) -> None:
        """Release all connections, each even if another fails."""
        for closing in (self.outbox.close, self.bus.close, self.catalog.close):
            try:
                await closing()
            except Exception:
                _log.warning("a backend did not close cleanly", exc_info=True)


async def connect_backends(settings: MeshSettings) -> MeshBackends:
    """Connect to what is configured; the rest is in memory.

    Raises:
        ConfigurationError: if an address is wrong or an extra is missing.
        RetriableError: if a server does not answer now.
    """
    catalog: Catalog
    outbox: Outbox
    if settings.catalog_dsn is not None:
        from subgraph_kit.catalog.postgres import PostgresCatalog

        dsn = settings.catalog_dsn.get_secret_value()
        outbox = await PostgresOutbox.connect(dsn)
        catalog = PostgresCatalog(dsn)
        codec = EventCodec(CatalogRegistry(catalog))
    else:
        from subgraph_kit.catalog.memory import MemoryCatalog

        catalog, outbox, codec = MemoryCatalog(), MemoryOutbox(), EventCodec()
        _log.warning(
            "no catalog is configured: catalog, accepted webhooks and polling positions are lost "
            "when this process ends; set DICTAMESH_CATALOG_DSN to keep them"
        )
    try:
        bus = MeteredBus(await connect_bus(settings.effective_events_url or "memory://"))
    except BaseException:
        await outbox.close()
        await catalog.close()
        raise
    if settings.effective_events_url is None:
        _log.warning(
            "no event bus is configured: events reach nobody outside this process; set "
            "DICTAMESH_EVENTS_URL (postgresql://... or kafka://host:port)"
        )
    return MeshBackends(catalog, outbox, bus, EventPublisher(bus, codec, settings.tenant))


def make_cache(settings: MeshSettings) -> Cache:
    """L1, and L2 below it where a Redis is configured."""
    l1 = MemoryCache(max_entries=settings.l1_max_entries, max_bytes=settings.l1_max_bytes)
    if settings.redis_url is None:
        _log.warning(
            "no Redis is configured: each process caches for itself; set DICTAMESH_REDIS_URL to "
            "share a cache"
        )
        return l1
    from subgraph_kit.cache.redis import RedisCache

    l2 = RedisCache(settings.redis_url.get_secret_value(), prefix="dictamesh:entity:")
    return LayeredCache(l1, l2, l1_ttl_seconds=settings.l1_ttl_seconds)
