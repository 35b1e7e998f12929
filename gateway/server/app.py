"""The gateway as an ASGI application, written against the bare protocol.

    /graphql            GraphQL over HTTP: POST, GET, and GraphiQL for browsers
    /health             200 when requests can be answered, 503 while loading or stopping
    /health/live        200 as long as the process works
    /health/ready       as /health
    /metrics            Prometheus text
    /supergraph         the SDL of the supergraph, where a path for it is set

Every answer but the page and its assets is JSON, errors included. Routing is a dictionary: a
framework's router and request objects would cost more than the whole of this file.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable

import structlog

from gateway.config import GatewaySettings
from gateway.errors import INTERNAL_ERROR, RequestError
from gateway.pipeline import Pipeline
from gateway.server.asgi_types import Receive, Scope, Send
from gateway.server.body import ClientGoneError
from gateway.server.endpoint import CLIENT_GONE, GraphQLEndpoint
from gateway.server.graphiql_page import GraphiqlPage
from gateway.server.responses import NO_STORE, send_json, send_whole
from gateway.telemetry import GatewayMetrics
from gateway.usage import UsageRecorder

Handler = Callable[[Scope, Receive, Send], Awaitable[int]]
"""Answers a request and returns the status it answered with."""

_log = structlog.get_logger(__name__)


class GatewayApp:
    """Serves one pipeline over HTTP."""

    def __init__(
        self,
        pipeline: Pipeline,
        settings: GatewaySettings,
        metrics: GatewayMetrics,
        *,
        traced: bool = False,
        usage: UsageRecorder | None = None,
    ) -> None:
        self._pipeline = pipeline
        self._metrics = metrics
        self._path = settings.listen.path
        self._page = GraphiqlPage(self._path) if settings.graphiql.enabled else None
        self.graphql = GraphQLEndpoint(
            pipeline, settings, metrics, page=self._page, traced=traced, usage=usage
        )
        self.is_stopping = False
        """Set when the process is asked to end: it is no longer ready then."""
        self._routes: dict[str, Handler] = {
            self._path: self.graphql.serve,
            "/health": self._ready,
            "/health/ready": self._ready,
            "/health/live": self._live,
        }
        if settings.listen.supergraph_path is not None:
            self._routes.setdefault(settings.listen.supergraph_path, self._supergraph)
        if settings.telemetry.metrics:
            self._routes["/metrics"] = self._metrics_text
        if self._page is not None:
            self._routes |= dict.fromkeys(self._page.asset_paths, self._asset)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection's request (ASGI 3)."""
        if scope["type"] == "lifespan":
            await _serve_lifespan(receive, send)
            return
        if scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": 1003})
            return
        started = time.perf_counter()
        path = scope["path"]
        handler = self._routes.get(path)
        status = 500
        try:
            if handler is None:
                raise RequestError(
                    404, "NOT_FOUND", f"There is nothing here; GraphQL is served at {self._path}"
                )
            status = await handler(scope, receive, send)
        except RequestError as error:
            status = error.status
            await send_json(send, status, {"errors": [error.as_json()]}, headers=error.headers)
        except ClientGoneError:
            status = CLIENT_GONE
        except Exception:
            # Whatever happens to one request, the service lives.
            _log.exception("request failed", path=self._path if handler else "other")
            await send_json(send, status, {"errors": [INTERNAL_ERROR]})
        finally:
            endpoint = path if handler is not None else "other"
            method = scope["method"] if scope["method"] in _KNOWN_METHODS else "other"
            self._metrics.count_request(endpoint, method, status, time.perf_counter() - started)

    async def _asset(self, scope: Scope, _receive: Receive, send: Send) -> int:
        _only_get(scope)
        assert self._page is not None  # noqa: S101 - the routes exist only with the page
        body, headers, status = self._page.asset(scope["path"], dict(scope["headers"]))
        return await send_whole(send, status, body, headers)

    async def _ready(self, scope: Scope, _receive: Receive, send: Send) -> int:
        _only_get(scope)
        if self.is_stopping:
            return await send_json(send, 503, {"status": "stopping"})
        if self._pipeline.runtime is None:
            return await send_json(send, 503, {"status": "loading"}, headers={"retry-after": "1"})
        return await send_json(send, 200, {"status": "ok"})

    async def _live(self, scope: Scope, _receive: Receive, send: Send) -> int:
        _only_get(scope)
        return await send_json(send, 200, {"status": "ok"})

    async def _supergraph(self, scope: Scope, _receive: Receive, send: Send) -> int:
        _only_get(scope)
        runtime = self._pipeline.runtime
        if runtime is None:
            return await send_json(send, 503, {"status": "loading"}, headers={"retry-after": "1"})
        body = runtime.supergraph.sdl.encode()
        headers = [
            (b"content-type", b"text/plain; charset=utf-8"),
            (b"content-length", str(len(body)).encode()),
            NO_STORE,
        ]
        return await send_whole(send, 200, body, headers)

    async def _metrics_text(self, scope: Scope, _receive: Receive, send: Send) -> int:
        _only_get(scope)
        body, content_type = self._metrics.render()
        headers = [
            (b"content-type", content_type.encode()),
            (b"content-length", str(len(body)).encode()),
            NO_STORE,
        ]
        return await send_whole(send, 200, body, headers)


_KNOWN_METHODS = frozenset(("GET", "POST", "HEAD", "OPTIONS", "PUT", "PATCH", "DELETE"))


def _only_get(scope: Scope) -> None:
    if scope["method"] not in ("GET", "HEAD"):
        raise RequestError(
            405, "METHOD_NOT_ALLOWED", "Only GET is answered here", headers={"allow": "GET, HEAD"}
        )


async def _serve_lifespan(receive: Receive, send: Send) -> None:
    """Acknowledge start and stop; `run.py` does both around the server."""
    while True:
        message = await receive()
        if message["type"] == "lifespan.startup":
            await send({"type": "lifespan.startup.complete"})
        elif message["type"] == "lifespan.shutdown":
            await send({"type": "lifespan.shutdown.complete"})
            return
