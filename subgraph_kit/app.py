"""One call per adapter, and the mesh has it (rows 14, 15): `MeshApp`.

    app = MeshApp("customers-subgraph")
    customers = app.register_adapter("customers", CustomerAdapter(RestSource(...)))
    app.serve_graphql(query=Query, types=[Customer], entities={Customer: customers})
    app.run()

Registration puts span, metrics, cache and resilience around the adapter; starting the app puts the
data product into the catalog, and takes up webhooks, polling, dispatching and cache invalidation.

    /graphql                     the Federation 2 subgraph
    /webhooks/{source_system}    changes the source reports
    /health  /health/live  /health/ready  /metrics

The HTTP side serves as soon as the process is up; what needs database or bus waits for them in the
background, and `/health/ready` says so.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from functools import partial
from typing import Any

import orjson
import structlog
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from subgraph_kit.adapter import DataProductAdapter
from subgraph_kit.announce import register_product
from subgraph_kit.backends import MeshBackends, connect_backends, make_cache
from subgraph_kit.cache.base import Cache
from subgraph_kit.cache.layered import LayeredCache
from subgraph_kit.cache.memory import MemoryCache
from subgraph_kit.catalog.consumer import CatalogConsumer
from subgraph_kit.changes import (
    CacheInvalidator,
    ChangePoller,
    accept_changes,
    describe_change,
)
from subgraph_kit.data_product import EntityChange, HealthState, NamedType
from subgraph_kit.errors import ConfigurationError, RetriableError
from subgraph_kit.events.backoff import Backoff
from subgraph_kit.events.model import EntityChangeEvent
from subgraph_kit.events.outbox import OutboxDispatcher
from subgraph_kit.events.topics import entity_topic
from subgraph_kit.registration import RegisteredAdapter
from subgraph_kit.resilience.policy import ResiliencePolicy, ResilienceSettings
from subgraph_kit.schema.app import GraphQLEndpoint, GraphQLLimits, standard_extensions
from subgraph_kit.schema.common import FEDERATION_VERSION, FederationVersion
from subgraph_kit.schema.derive import derive_schema_types
from subgraph_kit.schema.entities import SubgraphSchema
from subgraph_kit.serving import serve
from subgraph_kit.settings import MeshSettings, load_settings
from subgraph_kit.telemetry import metrics
from subgraph_kit.telemetry.http import RequestMetrics
from subgraph_kit.telemetry.setup import setup_telemetry
from subgraph_kit.webhooks import WebhookAuth, WebhookEndpoint

_log = structlog.get_logger(__name__)

_STOP_SECONDS = 5.0
"""How long background work may take to finish the batch in hand when the process stops."""

Source = tuple[str, str]


class MeshApp:
    """A subgraph process: adapters, their GraphQL schema, and what keeps them fresh.

    `service_name` stands in logs, traces and metrics. `settings` come from the environment by
    default; `cache` and `backends` replace what the settings would make (then the caller closes
    them).
    """

    def __init__(
        self,
        service_name: str,
        settings: MeshSettings | None = None,
        *,
        cache: Cache | None = None,
        backends: MeshBackends | None = None,
        limits: GraphQLLimits | None = None,
    ) -> None:
        self.service_name = service_name
        self.settings = settings or load_settings()
        self.cache = cache if cache is not None else make_cache(self.settings)
        self._owns_cache = cache is None
        self._given_backends = backends
        self._backends: MeshBackends | None = None
        self._limits = limits or GraphQLLimits()
        self._adapters: list[RegisteredAdapter] = []
        self._graphql: GraphQLEndpoint | None = None
        self._schema: SubgraphSchema | None = None
        self._webhooks = WebhookEndpoint(
            self._accept, max_body_bytes=self.settings.webhook_body_bytes
        )
        self._background: asyncio.Task[None] | None = None
        self._dispatchers: list[OutboxDispatcher] = []
        self._ready_problem: str | None = "starting"

    # --- Registering -----------------------------------------------------------------------

    def register_adapter(
        self,
        domain: str,
        adapter: DataProductAdapter,
        *,
        resilience: ResilienceSettings | None = None,
        webhook: WebhookAuth | None = None,
    ) -> RegisteredAdapter:
        """Take an adapter in; the result is the adapter with everything around it.

        `webhook` authenticates the source's deliveries, by default with the settings' secret.
        `resilience` replaces the defaults, whose time-out is the product's.

        Raises:
            ConfigurationError: if the domain is not the product's, a name cannot be part of a
                topic, the type is registered already, or the app has started.
        """
        product = adapter.data_product
        if self._background is not None:
            raise ConfigurationError("register adapters before the app starts")
        if product.domain != domain:
            raise ConfigurationError(
                f"the adapter's data product is of domain {product.domain!r}, not {domain!r}"
            )
        if any(known.entity_type == product.entity_type for known in self._adapters):
            raise ConfigurationError(f"an adapter of {product.entity_type} is registered already")
        entity_topic(product.domain, product.source_system, tenant=self.settings.tenant)
        policy = None
        if resilience is not None:
            name = f"{product.source_system}.{product.domain}.{product.entity_type}"
            policy = ResiliencePolicy(
                name, resilience, on_state_change=metrics.record_breaker_change
            )
        registered = RegisteredAdapter(
            adapter,
            cache=self.cache,
            policy=policy,
            key_prefix=f"{self.settings.tenant}:" if self.settings.tenant else "",
            cache_layer="l2" if isinstance(self.cache, LayeredCache) else "l1",
        )
        secret = self.settings.webhook_secret
        if webhook is None and secret is not None:
            webhook = WebhookAuth(secret.get_secret_value())
        self._webhooks.add(registered, webhook)
        self._adapters.append(registered)
        return registered

    def serve_graphql(
        self,
        *,
        query: type | None = None,
        mutation: type | None = None,
        types: Sequence[type] = (),
        entities: Mapping[type, DataProductAdapter] | None = None,
        federation_version: FederationVersion = FEDERATION_VERSION,
    ) -> SubgraphSchema:
        """Serve these Strawberry types; `entities` says which adapter serves which type.

        Without this call the schema is derived from the adapters' entity schemas (row 22).
        """
        self._schema = SubgraphSchema(
            query=query,
            mutation=mutation,
            types=types,
            entities=entities,
            extensions=standard_extensions(self._limits),
            federation_version=federation_version,
        )
        self._graphql = GraphQLEndpoint(
            self._schema,
            limits=self._limits,
            max_batch_size=self.settings.max_batch_size,
            batch_window_seconds=self.settings.batch_window_seconds,
        )
        return self._schema

    def serve_declared(
        self,
        *,
        types: Sequence[NamedType] = (),
        extensions: Mapping[str, type] | None = None,
        mutation: type | None = None,
    ) -> SubgraphSchema:
        """Serve the schema that the registered adapters declare (`schema/derive.py`).

        `types` are the enums and value types that their fields name; `extensions` has Strawberry
        fields to add, by the name of an entity type or `Query`.

        Raises:
            ConfigurationError: if the declarations contradict each other.
        """
        derived = derive_schema_types(self._adapters, types, extensions)
        return self.serve_graphql(
            query=derived.query,
            mutation=mutation,
            types=derived.types,
            entities=derived.entities,
            federation_version=derived.federation_version,
        )

    @property
    def adapters(self) -> tuple[RegisteredAdapter, ...]:
        """The registered adapters, in the order of registration."""
        return tuple(self._adapters)

    @property
    def schema(self) -> SubgraphSchema:
        """The schema that is served; derived now if nobody gave one.

        Raises:
            ConfigurationError: if there is neither a schema nor an adapter to derive one from.
        """
        if self._schema is None:
            if not self._adapters:
                raise ConfigurationError(
                    "nothing to serve: register an adapter, or call serve_graphql"
                )
            self.serve_declared()
        if self._schema is None:  # pragma: no cover - serve_graphql has set it
            raise ConfigurationError("no schema")
        return self._schema

    def sdl(self) -> str:
        """The subgraph's SDL, for composition without a running process."""
        return self.schema.sdl()

    # --- Running ---------------------------------------------------------------------------

    def run(self, host: str | None = None, port: int | None = None) -> None:
        """Serve until SIGINT or SIGTERM, then end cleanly.

        Raises:
            SystemExit: with 2 and one sentence on standard error, if it cannot start.
        """
        serve(
            self,
            host=host if host is not None else self.settings.host,
            port=port if port is not None else self.settings.port,
        )

    def asgi(self) -> Starlette:
        """The ASGI application; its lifespan starts and stops what runs in the background."""
        _ = self.schema
        graphql = self._graphql
        if graphql is None:  # pragma: no cover - `schema` has set it
            raise ConfigurationError("no schema")
        app = Starlette(
            routes=[
                _route("/graphql", graphql.handle, ["GET", "POST"]),
                _route("/webhooks/{source_system}", self._webhooks.handle, ["POST"]),
                _route("/health", self._health, ["GET"]),
                _route("/health/live", _live, ["GET"]),
                _route("/health/ready", self._ready, ["GET"]),
                _route("/metrics", _metrics, ["GET"]),
            ],
            lifespan=self._lifespan,
        )
        app.add_middleware(RequestMetrics, service=self.service_name)
        return app

    async def start(self) -> None:
        """Begin background work; returns at once. What is not reachable yet is waited for."""
        if self._background is None:
            self._background = asyncio.create_task(self._run_background())

    async def stop(self) -> None:
        """End background work and release all connections."""
        for dispatcher in self._dispatchers:
            dispatcher.stop()
        background, self._background = self._background, None
        if background is not None:
            background.cancel()
            with contextlib.suppress(asyncio.CancelledError, asyncio.TimeoutError):
                async with asyncio.timeout(_STOP_SECONDS):
                    await background
        for adapter in self._adapters:
            try:
                await adapter.close()
            except Exception:
                _log.warning("an adapter did not close cleanly", exc_info=True)
        if self._backends is not None and self._given_backends is None:
            await self._backends.close()
        if self._owns_cache:
            await self.cache.close()
        self._backends = None
        self._ready_problem = "stopped"

    @contextlib.asynccontextmanager
    async def _lifespan(self, _app: Starlette) -> AsyncIterator[None]:
        shutdown = setup_telemetry(
            self.service_name,
            endpoint=self.settings.otlp_endpoint,
            log_level=self.settings.log_level,
        )
        await self.start()
        try:
            yield
        finally:
            await self.stop()
            # It may wait for the collector; the event loop must not.
            await asyncio.to_thread(shutdown)

    # --- Background ------------------------------------------------------------------------

    async def _run_background(self) -> None:
        try:
            backends = await self._connected()
            await self._announced(backends)
            self._ready_problem = None
            await self._follow_changes(backends)
        except ConfigurationError as error:
            self._ready_problem = str(error)
            _log.error("the configuration must be changed", error=str(error))
        except Exception:
            self._ready_problem = "background work failed"
            _log.exception("background work failed")

    async def _connected(self) -> MeshBackends:
        if self._given_backends is not None:
            self._backends = self._given_backends
        else:
            self._backends = await self._persistently(
                "connecting", lambda: connect_backends(self.settings)
            )
        return self._backends

    async def _announced(self, backends: MeshBackends) -> None:
        """Put the data products into the catalog and on the system topic (rows 15, 23)."""
        for adapter in self._adapters:
            await self._persistently("registering", partial(register_product, backends, adapter))

    async def _persistently(self, what: str, work: Callable[[], Awaitable[Any]]) -> Any:
        backoff = Backoff(initial_seconds=0.2, max_seconds=5.0)
        failures = 0
        while True:
            try:
                return await work()
            except RetriableError as error:
                failures += 1
                delay = backoff.delay_seconds(failures)
                self._ready_problem = f"{what}: {error}"
                _log.warning(
                    "waiting", what=what, error=str(error), retry_in_seconds=round(delay, 2)
                )
                await asyncio.sleep(delay)

    async def _follow_changes(self, backends: MeshBackends) -> None:
        by_source: dict[Source, list[RegisteredAdapter]] = {}
        for adapter in self._adapters:
            product = adapter.data_product
            by_source.setdefault((product.domain, product.source_system), []).append(adapter)
        invalidator = CacheInvalidator(backends.publisher, self._adapters, self._clear_l1)
        async with asyncio.TaskGroup() as tasks:
            for source, adapters in by_source.items():
                dispatcher = OutboxDispatcher(
                    backends.outbox,
                    backends.publisher,
                    backends.catalog,
                    invalidator.invalidate,
                    _describer(adapters),
                    sources=[source],
                )
                self._dispatchers.append(dispatcher)
                tasks.create_task(dispatcher.run())
                polling = [adapter for adapter in adapters if adapter.supports_polling]
                if polling:
                    tasks.create_task(ChangePoller(backends.outbox, polling).run())
            if self._adapters:
                tasks.create_task(invalidator.run())
            if self.settings.catalog_consumer:
                consumer = CatalogConsumer(
                    backends.bus, backends.catalog, codec=backends.publisher.codec
                )
                tasks.create_task(consumer.run())

    async def _clear_l1(self) -> None:
        """Forget what this process alone holds: it may be stale after a gap in the events."""
        l1 = self.cache.l1 if isinstance(self.cache, LayeredCache) else self.cache
        if isinstance(l1, MemoryCache):
            await l1.clear()

    async def _accept(
        self, adapter: RegisteredAdapter, changes: Sequence[EntityChange]
    ) -> list[str]:
        if self._backends is None:
            raise RetriableError("the outbox is not connected yet")
        return await accept_changes(self._backends.outbox, adapter, changes)

    # --- Health ----------------------------------------------------------------------------

    async def _ready(self, _request: Request) -> Response:
        problem = self._ready_problem
        state = {"status": "ready"} if problem is None else {"status": "waiting", "for": problem}
        return _json(state, 200 if problem is None else 503)

    async def _health(self, _request: Request) -> Response:
        statuses = await asyncio.gather(*(a.health_check() for a in self._adapters))
        sources = {
            adapter.entity_type: {
                "status": str(status.state),
                "breaker": str(adapter.policy.breaker.state),
                "latency_ms": round(status.latency_ms or 0.0, 1),
                **({"detail": status.detail} if status.detail else {}),
            }
            for adapter, status in zip(self._adapters, statuses, strict=True)
        }
        all_well = all(status.state is HealthState.HEALTHY for status in statuses)
        ready = self._ready_problem is None
        return _json(
            {
                "status": "healthy" if all_well and ready else "degraded",
                "service": self.service_name,
                "ready": ready,
                "sources": sources,
            },
            # A source that is down is no reason to restart or to drain this process.
            200 if ready else 503,
        )


def _describer(
    adapters: Sequence[RegisteredAdapter],
) -> Callable[[EntityChange], EntityChangeEvent]:
    products = {adapter.entity_type: adapter.data_product for adapter in adapters}

    def describe(change: EntityChange) -> EntityChangeEvent:
        product = products.get(change.entity_type)
        if product is None:
            raise ConfigurationError(f"no adapter here serves {change.entity_type}")
        return describe_change(product, change)

    return describe


def _route(
    path: str, handler: Callable[[Request], Awaitable[Response]], methods: list[str]
) -> Route:
    return Route(path, handler, methods=methods)


async def _live(_request: Request) -> Response:
    return _json({"status": "live"})


async def _metrics(_request: Request) -> Response:
    return Response(metrics.render_metrics(), media_type=metrics.CONTENT_TYPE)


def _json(content: object, status: int = 200) -> Response:
    return Response(orjson.dumps(content), status, media_type="application/json")
