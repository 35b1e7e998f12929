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

import re
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping

import structlog
from opentelemetry.trace import format_trace_id

from gateway.config import GatewaySettings
from gateway.context import RequestContext, SecurityContext
from gateway.errors import INTERNAL_ERROR, RequestError
from gateway.pipeline import Outcome, Pipeline
from gateway.server.asgi_types import Receive, Scope, Send
from gateway.server.body import BODY_HAS_COME, ClientGoneError, read_body
from gateway.server.client_watch import ClientWatch
from gateway.server.compression import accepts_gzip, gzip_body
from gateway.server.graphiql_page import GraphiqlPage
from gateway.server.graphql_request import GraphQLRequest, read_get, read_post
from gateway.server.negotiate import HTML, JSON, negotiate
from gateway.server.responses import NO_STORE, encode_json, json_headers, send_json, send_whole
from gateway.telemetry import (
    ATTR_ERROR_COUNT,
    ATTR_OPERATION_NAME,
    ATTR_OPERATION_TYPE,
    GatewayMetrics,
    request_span,
)
from gateway.transport.headers import HeaderRules, credential_digest, deciding_headers
from gateway.transport.in_flight import InFlight
from gateway.usage import UsageRecorder
from subgraph_kit.resilience.cut_off import cut_off

Handler = Callable[[Scope, Receive, Send], Awaitable[int]]
"""Answers a request and returns the status it answered with."""

_log = structlog.get_logger(__name__)

_CLIENT_GONE = 499
"""Status under which a request is counted whose client left before it was complete."""

_TRACEPARENT = re.compile(rb"[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}.*")


class _Answer:
    """An outcome and its bytes, written once for all who share it."""

    __slots__ = ("_gzipped", "body", "outcome")

    def __init__(self, outcome: Outcome) -> None:
        self.outcome = outcome
        self.body = encode_json(outcome.as_json())
        self._gzipped: bytes | None = None

    async def gzipped(self) -> bytes:
        if self._gzipped is None:
            self._gzipped = await gzip_body(self.body)
        return self._gzipped


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
        self._usage = usage
        self._limits = settings.limits
        self._traced = traced
        self._log_requests = settings.telemetry.log_requests
        self._metrics = metrics
        self._rules = HeaderRules(settings.headers.forward)
        self._path = settings.listen.path
        self._page = GraphiqlPage(self._path) if settings.graphiql.enabled else None
        self._compression = settings.compression
        self._share_operations = settings.sharing.operations
        labels_header = settings.overrides.header
        self._labels_header = labels_header.encode() if labels_header is not None else None
        self._operations: InFlight[_Answer] = InFlight()
        self._count_shared = metrics.shared.labels("operation").inc
        self._in_flight = 0
        self.is_stopping = False
        """Set when the process is asked to end: it is no longer ready then."""
        self._routes: dict[str, Handler] = {
            self._path: self._graphql,
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

    @property
    def requests_in_flight(self) -> int:
        """GraphQL requests being answered right now."""
        return self._in_flight

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
            status = _CLIENT_GONE
        except Exception:
            # Whatever happens to one request, the service lives.
            _log.exception("request failed", path=self._path if handler else "other")
            await send_json(send, status, {"errors": [INTERNAL_ERROR]})
        finally:
            endpoint = path if handler is not None else "other"
            method = scope["method"] if scope["method"] in _KNOWN_METHODS else "other"
            self._metrics.count_request(endpoint, method, status, time.perf_counter() - started)

    # --- GraphQL -------------------------------------------------------------------------------

    async def _graphql(self, scope: Scope, receive: Receive, send: Send) -> int:
        started = time.perf_counter()
        method = scope["method"]
        headers = dict(scope["headers"])
        accept = headers.get(b"accept", b"").decode("latin-1")
        page_is_possible = self._page is not None and method in ("GET", "HEAD")
        media_type = negotiate(accept, html=page_is_possible)
        if media_type == HTML and self._page is not None:
            return await send_whole(send, 200, self._page.html, self._page.html_headers)
        try:
            if media_type is None:
                raise RequestError(
                    406,
                    "NOT_ACCEPTABLE",
                    "The answer can be application/graphql-response+json or application/json; "
                    "the Accept header allows neither",
                )
            if self._in_flight >= self._limits.max_concurrent_requests:
                raise RequestError(
                    503,
                    "OVERLOADED",
                    "The gateway is answering as many requests as it may; try again in a moment",
                    headers={"retry-after": "1"},
                )
            self._in_flight += 1
            try:
                request = await self._read_request(scope, headers, receive)
                async with ClientWatch(scope, receive) as client:
                    answer = await self._run(request, scope, client)
                if self._usage is not None and answer.outcome.was_executed:
                    self._usage.count(request.query, request.operation_name, headers)
            finally:
                self._in_flight -= 1
        except RequestError as error:
            answer = _Answer(
                Outcome(errors=[error.as_json()], status=error.status, headers=error.headers)
            )
        outcome = answer.outcome
        if outcome.errors:
            self._metrics.errors.labels(_error_outcome(outcome)).inc()
        status = _status(outcome, media_type or JSON)
        body = answer.body
        gzip = (
            self._compression.enabled
            and len(body) >= self._compression.min_bytes
            and accepts_gzip(headers.get(b"accept-encoding", b""))
        )
        if gzip:
            body = await answer.gzipped()
        if self._log_requests:
            _log.info(
                "request",
                operation_name=outcome.operation_name,
                operation_type=outcome.operation_type,
                status=status,
                errors=len(outcome.errors),
                trace_id=scope.get("trace_id") or _trace_id(headers),
                duration_ms=round((time.perf_counter() - started) * 1000, 2),
            )
        return await send_whole(
            send,
            status,
            body,
            json_headers(media_type or JSON, len(body), outcome.headers, gzip=gzip),
        )

    async def _read_request(
        self, scope: Scope, headers: Mapping[bytes, bytes], receive: Receive
    ) -> GraphQLRequest:
        method = scope["method"]
        if method == "POST":
            if BODY_HAS_COME in scope:
                body = await read_body(headers, receive, self._limits.max_body_bytes)
            else:
                body = await self._wait_for_body(headers, receive)
            return read_post(headers, body)
        if method == "GET":
            return read_get(
                headers, scope["query_string"], csrf_prevention=self._limits.csrf_prevention
            )
        raise RequestError(
            405,
            "METHOD_NOT_ALLOWED",
            "GraphQL requests are sent with POST, queries also with GET",
            headers={"allow": "GET, POST"},
        )

    async def _wait_for_body(self, headers: Mapping[bytes, bytes], receive: Receive) -> bytes:
        seconds = self._limits.body_timeout_seconds
        try:
            with cut_off(seconds):
                return await read_body(headers, receive, self._limits.max_body_bytes)
        except TimeoutError:
            raise RequestError(
                408,
                "REQUEST_TIMEOUT",
                f"The request body did not arrive within {seconds:g} s",
                headers={"connection": "close"},
            ) from None

    async def _run(self, request: GraphQLRequest, scope: Scope, client: ClientWatch) -> _Answer:
        headers = scope["headers"]
        forwarded = self._rules.forwarded(headers)
        context = RequestContext(
            security=SecurityContext(credential_digest=credential_digest(forwarded)),
            headers=forwarded,
            override_labels=self._override_labels(headers),
        )
        if not self._traced:
            return await self._run_shared(request, context, client)
        with request_span(_trace_headers(headers)) as span:
            scope["trace_id"] = format_trace_id(span.get_span_context().trace_id)
            answer = await self._run_shared(request, context, client)
            outcome = answer.outcome
            span.set_attribute(ATTR_OPERATION_TYPE, outcome.operation_type or "")
            span.set_attribute(ATTR_OPERATION_NAME, outcome.operation_name or "")
            span.set_attribute(ATTR_ERROR_COUNT, len(outcome.errors))
            return answer

    def _override_labels(self, headers: Iterable[tuple[bytes, bytes]]) -> frozenset[str]:
        if self._labels_header is None:
            return frozenset()
        named = b",".join(value for name, value in headers if name.lower() == self._labels_header)
        return frozenset(label.strip() for label in named.decode("latin-1").split(","))

    async def _run_shared(
        self, request: GraphQLRequest, context: RequestContext, client: ClientWatch
    ) -> _Answer:
        """Run the operation, or wait for an equal one that is running if that is wanted."""
        if not self._share_operations or not self._pipeline.is_known_query(
            request.query, request.operation_name
        ):
            return await self._run_pipeline(request, context, client)
        key = (
            self._pipeline.runtime,
            request.query,
            request.operation_name,
            encode_json(request.variables),
            deciding_headers(context.headers),
            context.security,
            context.override_labels,
        )
        while key in self._operations:
            answer = await self._operations.wait(key)
            if answer is not None:
                self._count_shared()
                return answer
        return await self._operations.lead(
            key, lambda: self._run_pipeline(request, context, client)
        )

    async def _run_pipeline(
        self, request: GraphQLRequest, context: RequestContext, client: ClientWatch
    ) -> _Answer:
        is_mutation = False

        def on_mutation() -> None:
            nonlocal is_mutation
            is_mutation = True
            client.finish()

        outcome = await self._pipeline.run(
            request.query,
            request.operation_name,
            request.variables,
            context,
            queries_only=request.is_get,
            on_mutation=on_mutation,
        )
        if is_mutation:
            self._operations.forget()
        return _Answer(outcome)

    # --- Everything else -----------------------------------------------------------------------

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


def _status(outcome: Outcome, media_type: str) -> int:
    """The HTTP status ("GraphQL over HTTP", sections 6.4.1 and 6.4.2).

    Clients that ask for `application/json` expect 200 for everything that is GraphQL, also for an
    operation that is not valid; anything before that, and trouble of the gateway's own, keeps its
    status.
    """
    if outcome.was_executed:
        return 200
    if media_type == JSON and outcome.is_graphql_refusal:
        return 200
    return outcome.status


def _error_outcome(outcome: Outcome) -> str:
    if not outcome.was_executed:
        return "refused"
    return "no_data" if outcome.data is None else "partial"


def _trace_headers(headers: list[tuple[bytes, bytes]]) -> dict[str, str]:
    return {
        name.decode("latin-1"): value.decode("latin-1")
        for name, value in headers
        if name in (b"traceparent", b"tracestate")
    }


def _trace_id(headers: Mapping[bytes, bytes]) -> str | None:
    """The client's trace id, from `traceparent` (W3C Trace Context, section 3.2)."""
    match = _TRACEPARENT.fullmatch(headers.get(b"traceparent", b""))
    return match[1].decode() if match else None


async def _serve_lifespan(receive: Receive, send: Send) -> None:
    """Acknowledge start and stop; `run.py` does both around the server."""
    while True:
        message = await receive()
        if message["type"] == "lifespan.startup":
            await send({"type": "lifespan.startup.complete"})
        elif message["type"] == "lifespan.shutdown":
            await send({"type": "lifespan.shutdown.complete"})
            return
