"""Brings the whole mesh up, and down again.

    async with Mesh(MeshOptions(data_dir=Path(".dictamesh"))) as mesh:
        await mesh.start()
        ... mesh.gateway_url ...

What can start at the same time does: the sources need nobody, the subgraphs need catalog, bus and
cache, composition needs the subgraphs' schemas, the gateway needs the supergraph. Leaving the
context stops every process, however it is left.
"""

from __future__ import annotations

import asyncio
import secrets
import sys
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any

import asyncpg

from examples.mesh.addresses import Ports, choose_ports
from examples.mesh.checks import check_kafka, check_postgres, check_redis
from examples.mesh.compose import compose_supergraph, write_configuration
from examples.sources import shop
from subgraph_kit.embedded import (
    ChildFailedError,
    ChildSpec,
    EmbeddedPostgres,
    EmbeddedRedis,
    Supervisor,
    http_ok,
    require_free_port,
    tcp_open,
)
from subgraph_kit.errors import ConfigurationError

SUBGRAPHS = ("customers", "products", "invoices")
CATALOG_DATABASE = "dictamesh"
READY_SECONDS = 60.0
LOAD_SECONDS_PER_SCALE = 5.0

Report = Callable[[str, bool], None]
"""Called with what happens, and whether it is done."""


@dataclass(frozen=True, slots=True)
class MeshOptions:
    """`gateway_port` 0 takes any free port. An address given here replaces an embedded server."""

    data_dir: Path
    scale: int = 1
    gateway_port: int = 0
    catalog_dsn: str | None = None
    redis_url: str | None = None
    kafka: str | None = None
    otlp_endpoint: str | None = None
    poll_seconds: float = 1.0
    durable: bool = True
    vendor_fault_rate: float = 0.01
    environment: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Credentials:
    """What the processes tell each other in confidence; made anew at every start."""

    cms_token: str = field(default_factory=secrets.token_urlsafe, repr=False)
    vendor_key: str = field(default_factory=secrets.token_urlsafe, repr=False)
    webhook_secret: str = field(default_factory=secrets.token_urlsafe, repr=False)


class Mesh:
    """The processes of the demo mesh.

    Raises:
        ConfigurationError: on entering or starting, with a sentence on what to change.
        ChildFailedError: on starting, if a process does not come up.
    """

    def __init__(self, options: MeshOptions, report: Report = lambda step, done: None) -> None:
        self.options = options
        self.credentials = Credentials()
        self.supervisor = Supervisor(options.data_dir)
        self.catalog_dsn = options.catalog_dsn or ""
        self.redis_url = options.redis_url or ""
        self.shop_dsn = ""
        self.gateway_port = 0
        self._report = report
        self._ports: Ports | None = None
        self._catalog = EmbeddedPostgres(self.supervisor, "catalog", durable=options.durable)
        self._redis = EmbeddedRedis(self.supervisor)
        self._shop = EmbeddedPostgres(
            self.supervisor,
            "shop",
            durable=options.durable,
            settings={"log_statement": "all", "log_line_prefix": "%m [%p] %u "},
        )

    async def __aenter__(self) -> Mesh:
        await self.supervisor.__aenter__()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.supervisor.__aexit__(kind, error, trace)

    # --- Addresses -------------------------------------------------------------------------

    @property
    def data_dir(self) -> Path:
        """Where everything is kept."""
        return self.supervisor.directory.path

    @property
    def ports(self) -> Ports:
        """The ports of sources and subgraphs, from `start` on."""
        if self._ports is None:
            raise RuntimeError("the mesh was not started")
        return self._ports

    @property
    def events_url(self) -> str:
        """The event bus: the catalog's PostgreSQL, or Kafka where that was given."""
        return f"kafka://{self.options.kafka}" if self.options.kafka else self.catalog_dsn

    @property
    def gateway_url(self) -> str:
        """Where clients ask, and browsers see GraphiQL."""
        return f"http://127.0.0.1:{self.gateway_port}/graphql"

    @property
    def supergraph_file(self) -> Path:
        """The composed supergraph."""
        return self.data_dir / "supergraph.graphql"

    def source_url(self, source: str) -> str:
        """The base URL of the CMS or the vendor."""
        return f"http://127.0.0.1:{getattr(self.ports, source)}"

    def subgraph_url(self, subgraph: str) -> str:
        """The base URL of a subgraph's process."""
        return f"http://127.0.0.1:{getattr(self.ports, subgraph)}"

    def access_log(self, source: str) -> Path:
        """A source's own record of the calls it received."""
        if source == "shop":
            return self.supervisor.directory.log_file("shop")
        return self.data_dir / "log" / f"{source}.access.log"

    # --- Starting --------------------------------------------------------------------------

    async def start(self) -> None:
        """Start everything; return when the gateway answers."""
        self.gateway_port = require_free_port(self.options.gateway_port, option="--port")
        self._ports = await asyncio.to_thread(choose_ports, self.data_dir / "ports.json")
        servers_up = asyncio.Event()
        shop_up = asyncio.Event()
        await _all_or_none(
            self._start_servers(servers_up),
            self._start_shop(shop_up),
            self.start_source("cms"),
            self.start_source("vendor"),
            self._start_subgraphs(servers_up, shop_up),
        )
        await self.compose()
        await self.start_gateway()

    async def start_source(self, source: str) -> None:
        """Start the CMS or the vendor."""
        seconds = READY_SECONDS + LOAD_SECONDS_PER_SCALE * self.options.scale
        async with self._step(f"{source}: a source of its own"):
            await self.supervisor.start(
                ChildSpec(
                    source,
                    self._source_command(source),
                    environment=self._source_environment(source),
                    ready=tcp_open(getattr(self.ports, source)),
                    ready_timeout_seconds=seconds,
                )
            )

    async def start_subgraph(self, subgraph: str) -> None:
        """Start one adapter with its subgraph."""
        port = getattr(self.ports, subgraph)
        async with self._step(f"{subgraph}: adapter and subgraph"):
            await self.supervisor.start(
                ChildSpec(
                    f"{subgraph}-subgraph",
                    [sys.executable, "-m", f"examples.{subgraph}", "--port", str(port)],
                    environment=self._subgraph_environment(subgraph),
                    ready=http_ok(port, "/health/ready"),
                    ready_timeout_seconds=READY_SECONDS,
                    tier=2,
                )
            )

    async def start_gateway(self) -> None:
        """Start the gateway on the composed supergraph."""
        async with self._step("gateway: one graph over all of it"):
            await self.supervisor.start(
                ChildSpec(
                    "gateway",
                    [
                        sys.executable, "-m", "dictamesh", "gateway", "run",
                        "--supergraph", str(self.supergraph_file),
                        "--port", str(self.gateway_port),
                    ],
                    environment={
                        **self._common_environment(),
                        "DICTAMESH_GATEWAY__EVENTS__URL": self.events_url,
                        "DICTAMESH_GATEWAY__CACHE__ENTITIES__REDIS_URL": self.redis_url,
                    },
                    ready=http_ok(self.gateway_port, "/health"),
                    ready_timeout_seconds=READY_SECONDS,
                    tier=3,
                )
            )  # fmt: skip

    async def compose(self) -> None:
        """Compose the subgraphs' schemas into the supergraph file."""
        async with self._step("supergraph: composed from the subgraphs"):
            urls = {name: f"{self.subgraph_url(name)}/graphql" for name in SUBGRAPHS}
            await asyncio.to_thread(
                write_configuration, urls, self.supergraph_file.with_name("supergraph.yaml")
            )
            await compose_supergraph(urls, self.supergraph_file)

    async def _start_servers(self, up: asyncio.Event) -> None:
        async with self._step("servers: PostgreSQL for catalog and events, Redis for caches"):
            await _all_or_none(
                self._start_catalog(), self._start_redis(), check_kafka(self.options.kafka)
            )
        up.set()

    async def _start_catalog(self) -> None:
        if self.options.catalog_dsn:
            await check_postgres(self.options.catalog_dsn)
            return
        await self._catalog.start()
        await _create_database(self._catalog.dsn(), CATALOG_DATABASE)
        self.catalog_dsn = self._catalog.dsn(CATALOG_DATABASE)

    async def _start_redis(self) -> None:
        if self.options.redis_url:
            await check_redis(self.options.redis_url)
            return
        await self._redis.start()
        self.redis_url = self._redis.url

    async def _start_shop(self, up: asyncio.Event) -> None:
        async with self._step("shop: a PostgreSQL database of its own"):
            await self._shop.start()
            await shop.create_database(self._shop.dsn())
            self.shop_dsn = self._shop.dsn(shop.DATABASE)
            if not await shop.is_loaded(self.shop_dsn, scale=self.options.scale):
                await self.supervisor.run(ChildSpec("shop-load", self._load_command()))
        up.set()

    async def _start_subgraphs(self, servers_up: asyncio.Event, shop_up: asyncio.Event) -> None:
        await servers_up.wait()

        async def invoices() -> None:
            await shop_up.wait()
            await self.start_subgraph("invoices")

        await _all_or_none(
            self.start_subgraph("customers"), self.start_subgraph("products"), invoices()
        )

    # --- What the processes are told --------------------------------------------------------

    def _source_command(self, source: str) -> list[str]:
        command = [
            sys.executable, "-m", f"examples.sources.{source}",
            "--port", str(getattr(self.ports, source)),
            "--database", str(self.data_dir / f"{source}.db"),
            "--access-log", str(self.access_log(source)),
            "--scale", str(self.options.scale),
        ]  # fmt: skip
        if source == "vendor":
            command += ["--fault-rate", str(self.options.vendor_fault_rate)]
        return command

    def _load_command(self) -> list[str]:
        return [
            sys.executable, "-m", "examples.sources.shop", "load",
            "--dsn", self.shop_dsn, "--scale", str(self.options.scale),
        ]  # fmt: skip

    def _source_environment(self, source: str) -> dict[str, str]:
        if source == "vendor":
            return {"VENDOR_API_KEY": self.credentials.vendor_key}
        return {
            "CMS_TOKEN": self.credentials.cms_token,
            "CMS_WEBHOOK_URL": f"{self.subgraph_url('customers')}/webhooks/directus",
            "CMS_WEBHOOK_SECRET": self.credentials.webhook_secret,
        }

    def _subgraph_environment(self, subgraph: str) -> dict[str, str]:
        own = {
            "customers": {
                "CMS_URL": self.source_url("cms"),
                "CMS_TOKEN": self.credentials.cms_token,
                "DICTAMESH_WEBHOOK_SECRET": self.credentials.webhook_secret,
            },
            "products": {
                "VENDOR_URL": f"{self.source_url('vendor')}/v2/catalog",
                "VENDOR_API_KEY": self.credentials.vendor_key,
            },
            "invoices": {"SHOP_DSN": self.shop_dsn.replace("//postgres@", f"//{shop.READER}@")},
        }
        return {
            **self._common_environment(),
            "DICTAMESH_CATALOG_DSN": self.catalog_dsn,
            "DICTAMESH_EVENTS_URL": self.events_url,
            "DICTAMESH_REDIS_URL": self.redis_url,
            "POLL_SECONDS": str(self.options.poll_seconds),
            **own[subgraph],
        }

    def _common_environment(self) -> dict[str, str]:
        common = {"PYTHONUNBUFFERED": "1", **self.options.environment}
        if self.options.otlp_endpoint:
            common["OTEL_EXPORTER_OTLP_ENDPOINT"] = self.options.otlp_endpoint
        return common

    @asynccontextmanager
    async def _step(self, step: str) -> AsyncIterator[None]:
        self._report(step, False)
        yield
        self._report(step, True)


async def _all_or_none(*work: Coroutine[Any, Any, None]) -> None:
    """Do all of it at once; the first failure ends the rest and is raised as it is."""
    try:
        async with asyncio.TaskGroup() as group:
            for each in work:
                group.create_task(each)
    except* (ConfigurationError, ChildFailedError) as failures:
        raise _first(failures) from None


def _first(failures: BaseExceptionGroup[Any]) -> BaseException:
    first = failures.exceptions[0]
    return _first(first) if isinstance(first, BaseExceptionGroup) else first


async def _create_database(server_dsn: str, name: str) -> None:
    connection = await asyncpg.connect(server_dsn)
    try:
        if not await connection.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", name):
            await connection.execute(f'CREATE DATABASE "{name}"')
    finally:
        await connection.close()
