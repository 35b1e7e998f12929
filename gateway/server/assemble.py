"""Puts a gateway together from its settings: the one place that knows all parts.

settings ─┬→ connections, policies ─→ subgraph client ─┐
          ├→ entity cache ←── invalidator ←── events    ├→ runtime ─→ pipeline ─→ app
          └→ supergraph file ───────────────────────────┘
"""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TYPE_CHECKING

import structlog

from gateway.config import GatewaySettings
from gateway.config.subgraphs import SubgraphSettings
from gateway.errors import ConfigurationError
from gateway.executor.entity_cache import EntityCache
from gateway.pipeline import Pipeline, Runtime
from gateway.server.app import GatewayApp
from gateway.supergraph_source import FileSupergraphSource
from gateway.telemetry import (
    METRIC_CONNECTIONS,
    METRIC_ENTITY_CACHE,
    METRIC_ENTITY_CACHE_HIT_RATE,
    METRIC_ENTITY_DROPS,
    METRIC_IN_FLIGHT,
    GatewayMetrics,
    ObservedSubgraphClient,
)
from gateway.transport.base import SubgraphClient
from gateway.transport.batching import BatchingSubgraphClient
from gateway.transport.by_version import clients_by_version
from gateway.transport.dedupe import SharingSubgraphClient
from gateway.transport.express import ExpressClient
from gateway.transport.http import HttpConnections, HttpSubgraphClient
from gateway.transport.http2 import Http2Connections
from gateway.transport.resilient import ResilientSubgraphClient, SubgraphPolicies
from gateway.transport.route import HttpTarget
from gateway.usage import UsageRecorder
from subgraph_kit.cache.base import Cache
from subgraph_kit.cache.layered import LayeredCache
from subgraph_kit.cache.memory import MemoryCache
from subgraph_kit.resilience.circuit_breaker import BreakerSettings
from subgraph_kit.resilience.policy import ResilienceSettings
from subgraph_kit.resilience.retry import RetrySettings
from subgraph_kit.telemetry.metrics import record_breaker_change
from supergraph.load import load_supergraph
from supergraph.model import Supergraph

if TYPE_CHECKING:
    from gateway.invalidation import CacheInvalidator

_log = structlog.get_logger(__name__)

_GC_THRESHOLD = 50_000
"""Allocations between collections. The default of 700 spends a fifth of the time on collecting,
since answers are large trees that die all at once without cycles."""


_WARM_UP_SECONDS = 5.0
"""How long the old supergraph serves on at most while plans for the new one are made."""


class Gateway:
    """All parts of one gateway process. `app` is the ASGI application."""

    def __init__(self, settings: GatewaySettings) -> None:
        """Build everything that needs no I/O.

        Raises:
            ConfigurationError: if settings contradict each other.
        """
        if settings.supergraph is None:
            raise ConfigurationError(
                "No supergraph is given: pass --supergraph FILE, or set `supergraph` in the "
                "configuration file"
            )
        self.settings = settings
        self.metrics = GatewayMetrics()
        self._traced = settings.telemetry.otlp_endpoint is not None
        self._connections = HttpConnections(
            max_connections=settings.transport.max_connections,
            idle_seconds=settings.transport.idle_seconds,
        )
        self._http2_connections = Http2Connections(
            max_requests=settings.transport.max_connections,
            idle_seconds=settings.transport.idle_seconds,
        )
        self._policies = SubgraphPolicies(self._resilience, on_state_change=record_breaker_change)
        self.entity_cache = _entity_cache(settings)
        self.pipeline = Pipeline(
            settings.limits, entity_cache=self.entity_cache, executor=settings.executor
        )
        self.usage = UsageRecorder(settings.usage) if settings.usage.directory else None
        self.app = GatewayApp(
            self.pipeline, settings, self.metrics, traced=self._traced, usage=self.usage
        )
        self.source = FileSupergraphSource(
            settings.supergraph,
            self._take_over,
            poll_seconds=settings.supergraph_poll_seconds,
            on_load=lambda outcome: self.metrics.reloads.labels(outcome).inc(),
        )
        self._close_later: list[Callable[[], Awaitable[None]]] = []
        self.invalidator = self._invalidator()
        self._register_gauges()

    async def follow(self) -> None:
        """Watch the supergraph and consume events, until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self.source.watch())
            if self.invalidator is not None:
                group.create_task(self.invalidator.run())
            if self.usage is not None:
                group.create_task(self.usage.run())

    async def close(self) -> None:
        """Release connections; call it after the last request."""
        self.pipeline.close()
        self._connections.close()
        await self._http2_connections.close()
        if self.usage is not None:
            await self.usage.flush()
        if self.entity_cache is not None:
            await self.entity_cache.close()
        for close in self._close_later:
            await close()

    # --- The supergraph ------------------------------------------------------------------------

    async def _take_over(self, sdl: str) -> None:
        """Serve a new supergraph from the next request on.

        Raises:
            InvalidSupergraphError, InvalidTargetError: if it cannot be served; nothing changes.
        """
        before = self.pipeline.runtime
        most = self.settings.cache.operations.warm_up
        used = before.operations_in_use(most) if before is not None else []
        supergraph, runtime = await asyncio.to_thread(self._build_runtime, sdl, used)
        self._warn_about_unknown_subgraphs(supergraph)
        self.pipeline.runtime = runtime
        self._connections.close_expired()
        if self.entity_cache is not None:
            await self.entity_cache.drop_all()
        # What lives as long as the supergraph need not be looked at by each collection; what
        # belonged to the one before must be.
        gc.unfreeze()
        gc.collect()
        gc.freeze()
        gc.set_threshold(_GC_THRESHOLD, 20, 50)

    def _build_runtime(
        self, sdl: str, used: Sequence[tuple[str, str | None]]
    ) -> tuple[Supergraph, Runtime]:
        supergraph = load_supergraph(sdl)
        http = clients_by_version(
            self._targets(supergraph), self._connections, self._http2_connections
        )
        client = self._with_sharing(
            ObservedSubgraphClient(
                ResilientSubgraphClient(http, self._policies), self.metrics, traced=self._traced
            )
        )
        client = self._with_express(client, http)
        runtime = Runtime(
            supergraph,
            client,
            limits=self.settings.limits.operation_limits(),
            cache=self.settings.cache.operations,
            metrics=self.metrics,
            traced=self._traced,
            override_labels=self.settings.overrides.labels,
        )
        if used:
            ready = runtime.warm_up(used, seconds=_WARM_UP_SECONDS)
            _log.info("operations in use planned again", operations=ready, of=len(used))
        return supergraph, runtime

    def _with_sharing(self, client: SubgraphClient) -> SubgraphClient:
        """Put what requests share around `client`: it then stands for fewer, larger calls."""
        batching = self.settings.transport.batching
        if batching.enabled:
            client = BatchingSubgraphClient(
                client,
                window_seconds=batching.window_seconds,
                max_representations=batching.max_representations,
            )
        if self.settings.sharing.subgraph_requests:
            shared = self.metrics.shared.labels("subgraph_request").inc
            client = SharingSubgraphClient(client, on_shared=shared)
        return client

    def _with_express(self, layers: SubgraphClient, http: SubgraphClient) -> SubgraphClient:
        """Let calls go straight past the layers where nothing is in the way of one."""
        # Where calls are traced or batched, something is to be done around each of them.
        if self._traced or self.settings.transport.batching.enabled:
            return layers
        if not isinstance(http, HttpSubgraphClient):
            return layers
        return ExpressClient(
            layers,
            http,
            self._policies,
            requests=self.metrics.subgraph_requests,
            durations=self.metrics.subgraph_duration,
            in_flight=layers.in_flight if isinstance(layers, SharingSubgraphClient) else None,
        )

    def _targets(self, supergraph: Supergraph) -> Mapping[str, HttpTarget]:
        transport = self.settings.transport
        targets: dict[str, HttpTarget] = {}
        for name, graph in supergraph.graphs.items():
            own = self.settings.subgraphs.get(name, SubgraphSettings())
            url = own.url or graph.url
            if not url:
                _log.warning(
                    "subgraph without routing URL; its fields will be errors", subgraph=name
                )
                continue
            targets[name] = HttpTarget(
                url=url,
                timeout_seconds=None,  # the policy around each call ends it
                connect_timeout_seconds=own.connect_timeout_seconds
                or transport.connect_timeout_seconds,
                max_body_bytes=own.max_body_bytes or transport.max_body_bytes,
                http_version=own.http_version or transport.http_version,
                headers={key: secret.get_secret_value() for key, secret in own.headers.items()},
                ca_file=own.tls.ca_file,
                client_certificate_file=own.tls.client_certificate_file,
                client_key_file=own.tls.client_key_file,
            )
        return targets

    def _warn_about_unknown_subgraphs(self, supergraph: Supergraph) -> None:
        unknown = sorted(set(self.settings.subgraphs) - {str(name) for name in supergraph.graphs})
        if unknown:
            _log.warning(
                "the configuration names subgraphs that the supergraph does not have",
                subgraphs=unknown,
                known=sorted(supergraph.graphs),
            )

    def _resilience(self, subgraph: str) -> ResilienceSettings:
        transport = self.settings.transport
        own = self.settings.subgraphs.get(subgraph, SubgraphSettings())
        return ResilienceSettings(
            timeout_seconds=own.timeout_seconds or transport.timeout_seconds,
            breaker=BreakerSettings(**transport.breaker.model_dump()),
            retry=RetrySettings(**transport.retry.model_dump()),
        )

    # --- Caches and events ---------------------------------------------------------------------

    def _invalidator(self) -> CacheInvalidator | None:
        events = self.settings.events
        if events.url is None or self.entity_cache is None:
            return None
        # Imported here: the gateway without events needs neither Avro nor a bus client.
        from gateway.invalidation import CacheInvalidator
        from subgraph_kit.events.avro import EventCodec
        from subgraph_kit.events.backoff import Backoff
        from subgraph_kit.events.base import EventBus
        from subgraph_kit.events.connect import connect_bus

        url = events.url.get_secret_value()
        registry = None
        if events.registry_url is not None:
            from subgraph_kit.errors import ConfigurationError as KitConfigurationError
            from subgraph_kit.events.registry import ConfluentRegistry

            try:
                registry = ConfluentRegistry(events.registry_url.get_secret_value())
            except KitConfigurationError as error:
                raise ConfigurationError(f"events.registry_url: {error}") from error
            self._close_later.append(registry.close)

        async def connect() -> EventBus:
            return await connect_bus(url)

        return CacheInvalidator(
            connect,
            self.entity_cache,
            self.metrics,
            topics=events.topics,
            backoff=Backoff(
                initial_seconds=events.reconnect_initial_seconds,
                max_seconds=events.reconnect_max_seconds,
            ),
            codec=EventCodec(registry),
        )

    def _register_gauges(self) -> None:
        metrics = self.metrics
        metrics.gauge(
            METRIC_IN_FLIGHT,
            "GraphQL requests being answered",
            lambda: float(self.app.graphql.in_flight),
        )
        metrics.gauge(
            METRIC_CONNECTIONS,
            "Open connections to subgraphs",
            lambda: float(self._connections.open_connections()),
        )
        cache = self.entity_cache
        if cache is None:
            return
        metrics.counter_from(
            METRIC_ENTITY_CACHE,
            "Entities looked up in the cache",
            "result",
            {
                "hit": lambda: float(cache.stats().hits),
                "miss": lambda: float(cache.stats().misses),
            },
        )
        metrics.gauge(
            METRIC_ENTITY_CACHE_HIT_RATE,
            "Entities found per entity looked up, since the process started",
            lambda: cache.stats().hit_rate,
        )
        metrics.counter_from(
            METRIC_ENTITY_DROPS,
            "Cached entries dropped by change events",
            "reason",
            {"event": lambda: float(cache.stats().dropped_entries)},
        )


def _entity_cache(settings: GatewaySettings) -> EntityCache | None:
    """The cache of entities, where there is one.

    By default only with events or Redis: without either nobody asked for it, and an entity would
    be stale for up to its time to live.
    """
    entities = settings.cache.entities
    enabled = entities.enabled
    if enabled is None:
        enabled = settings.events.url is not None or entities.redis_url is not None
    if not enabled:
        return None
    cache: Cache = MemoryCache(max_entries=entities.max_entries, max_bytes=entities.max_bytes)
    if entities.redis_url is not None:
        from subgraph_kit.cache.redis import RedisCache

        try:
            shared = RedisCache(entities.redis_url.get_secret_value(), prefix=entities.key_prefix)
        except ValueError as error:
            raise ConfigurationError(f"The Redis URL cannot be used: {error}") from error
        cache = LayeredCache(cache, shared, l1_ttl_seconds=entities.ttl_seconds)
    return EntityCache(cache, ttl_seconds=entities.ttl_seconds)
