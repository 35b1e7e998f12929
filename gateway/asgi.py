"""The gateway as an ASGI application, for servers other than the one it brings along.

    granian --interface asgi --loop uvloop gateway.asgi:application

Settings come from the environment (`DICTAMESH_GATEWAY__SUPERGRAPH=supergraph.graphql`) and from
the YAML file that `DICTAMESH_GATEWAY_CONFIG` names. What belongs to the server is its own to say:
address, workers, TLS, limits on headers and connections.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from pathlib import Path

import structlog

from gateway.config import load_settings
from gateway.config.settings import GatewaySettings
from gateway.errors import ConfigurationError
from gateway.server.asgi_types import ASGIApp, Receive, Scope, Send
from gateway.server.assemble import Gateway
from gateway.server.run import with_cors
from subgraph_kit.telemetry.setup import setup_telemetry

CONFIG_VARIABLE = "DICTAMESH_GATEWAY_CONFIG"

_log = structlog.get_logger(__name__)


class Application:
    """Builds the gateway when the server starts, and takes it down when it stops."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ
        self._app: ASGIApp | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection's request, or the server's lifespan (ASGI 3)."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif self._app is None:
            raise RuntimeError("The ASGI server has to send lifespan events before requests")
        else:
            await self._app(scope, receive, send)

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()  # lifespan.startup
        try:
            settings = self._settings()
            gateway = Gateway(settings)
            await gateway.source.load()
        except ConfigurationError as error:
            await send({"type": "lifespan.startup.failed", "message": str(error)})
            return
        shutdown = setup_telemetry(
            settings.telemetry.service_name,
            endpoint=settings.telemetry.otlp_endpoint,
            log_level=settings.telemetry.log_level,
        )
        following = asyncio.create_task(gateway.follow())
        following.add_done_callback(_report)
        self._app = with_cors(gateway.app, settings.cors)
        _log.info("gateway ready")
        await send({"type": "lifespan.startup.complete"})
        try:
            await receive()  # lifespan.shutdown
        finally:
            gateway.app.is_stopping = True
            following.cancel()
            await asyncio.gather(following, return_exceptions=True)
            await gateway.close()
            shutdown()
        await send({"type": "lifespan.shutdown.complete"})

    def _settings(self) -> GatewaySettings:
        named = self._environ.get(CONFIG_VARIABLE)
        return load_settings(Path(named) if named else None, None, self._environ)


def _report(following: asyncio.Task[None]) -> None:
    """Requests are served on when the supergraph or the events can no longer be followed."""
    if not following.cancelled() and (error := following.exception()) is not None:
        _log.error("changes are no longer followed", exc_info=error)


application = Application(os.environ)
