"""GraphQL over HTTP: from a request's bytes to the answer's.

`serve` is an ASGI handler and answers everything. `begin` answers a POST that came whole, if the
pipeline can do so without a task, and is what the gateway's own protocol tries first; whatever is
unusual about a request (or wrong with it) makes it return None, and the request is served.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from typing import TypeAlias

import structlog
from opentelemetry.trace import format_trace_id

from gateway.config import GatewaySettings
from gateway.context import RequestContext
from gateway.errors import INTERNAL_ERROR, RequestError
from gateway.express import ExpressOperation
from gateway.outcome import Outcome, refused
from gateway.pipeline import Pipeline
from gateway.server.answer import Answer, error_kind, status_of
from gateway.server.asgi_types import AsgiHeaders, Receive, Scope, Send
from gateway.server.body import BODY_HAS_COME, read_body
from gateway.server.client_watch import ClientWatch
from gateway.server.compression import accepts_gzip
from gateway.server.graphiql_page import GraphiqlPage
from gateway.server.graphql_request import GraphQLRequest, read_get, read_post
from gateway.server.negotiate import HTML, JSON, MediaType, negotiate
from gateway.server.responses import (
    encode_json,
    json_headers,
    json_headers_but_length,
    send_whole,
)
from gateway.telemetry import (
    ATTR_ERROR_COUNT,
    ATTR_OPERATION_NAME,
    ATTR_OPERATION_TYPE,
    GatewayMetrics,
    request_span,
)
from gateway.transport.headers import HeaderRules, deciding_headers
from gateway.transport.in_flight import InFlight
from gateway.usage import UsageRecorder
from subgraph_kit.resilience.cut_off import cut_off

Reply: TypeAlias = Callable[[int, tuple[tuple[bytes, bytes], ...], bytes], None]
"""Takes status, headers (but for the length) and body of a whole answer."""

Express: TypeAlias = "Callable[[AsgiHeaders, bytes, Reply], ExpressRequest | None]"
"""`GraphQLEndpoint.begin`."""

CLIENT_GONE = 499
"""Status under which a request is counted whose client left before it was complete."""

_TRACEPARENT = re.compile(rb"[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}.*")

_log = structlog.get_logger(__name__)


class GraphQLEndpoint:
    """Serves one pipeline."""

    def __init__(
        self,
        pipeline: Pipeline,
        settings: GatewaySettings,
        metrics: GatewayMetrics,
        *,
        page: GraphiqlPage | None,
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
        self._page = page
        self._compression = settings.compression
        self._share_operations = settings.sharing.operations
        labels_header = settings.overrides.header
        self._labels_header = labels_header.encode() if labels_header is not None else None
        self._operations: InFlight[Answer] = InFlight()
        self._count_shared = metrics.shared.labels("operation").inc
        self._has_cors = bool(settings.cors.allow_origins)
        self.path = settings.listen.path
        self.in_flight = 0
        """Requests being answered right now."""

    # --- In a task -----------------------------------------------------------------------------

    async def serve(self, scope: Scope, receive: Receive, send: Send) -> int:
        """Answer any request (ASGI) and return the status."""
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
            if self.in_flight >= self._limits.max_concurrent_requests:
                raise RequestError(
                    503,
                    "OVERLOADED",
                    "The gateway is answering as many requests as it may; try again in a moment",
                    headers={"retry-after": "1"},
                )
            self.in_flight += 1
            try:
                request = await self._read_request(scope, headers, receive)
                async with ClientWatch(scope, receive) as client:
                    answer = await self._run(request, scope, client)
                self._count_use(answer.outcome, request, headers)
            finally:
                self.in_flight -= 1
        except RequestError as error:
            answer = Answer(refused(error))
        outcome = answer.outcome
        status = status_of(outcome, media_type or JSON)
        body = answer.body
        gzip = self._is_to_be_compressed(body, headers)
        if gzip:
            body = await answer.gzipped()
        self._report(outcome, status, started, headers, scope.get("trace_id"))
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

    async def _run(self, request: GraphQLRequest, scope: Scope, client: ClientWatch) -> Answer:
        headers = scope["headers"]
        context = self._context(headers)
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

    async def _run_shared(
        self, request: GraphQLRequest, context: RequestContext, client: ClientWatch
    ) -> Answer:
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
    ) -> Answer:
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
        return Answer(outcome)

    # --- Without a task ------------------------------------------------------------------------

    @property
    def express(self) -> Express | None:
        """`begin`, or None where settings want more done around each operation."""
        if self._traced or self._share_operations or not self._pipeline.starts_operations:
            return None
        return self.begin

    def begin(self, headers: AsgiHeaders, body: bytes, reply: Reply) -> ExpressRequest | None:
        """Begin to answer a POST; `reply` is called once, perhaps before this returns.

        None if this request is to be `serve`d; nothing has happened then.
        """
        if (
            len(body) > self._limits.max_body_bytes
            or self.in_flight >= self._limits.max_concurrent_requests
        ):
            return None
        request = ExpressRequest(self, headers, reply)
        return request if request.begin(body) else None

    # --- Both ways -----------------------------------------------------------------------------

    def _context(self, headers: AsgiHeaders) -> RequestContext:
        return RequestContext(
            headers=self._rules.forwarded(headers),
            override_labels=self._override_labels(headers),
        )

    def _override_labels(self, headers: Iterable[tuple[bytes, bytes]]) -> frozenset[str]:
        if self._labels_header is None:
            return frozenset()
        named = b",".join(value for name, value in headers if name.lower() == self._labels_header)
        return frozenset(label.strip() for label in named.decode("latin-1").split(","))

    def _is_to_be_compressed(self, body: bytes, headers: Mapping[bytes, bytes]) -> bool:
        return (
            self._compression.enabled
            and len(body) >= self._compression.min_bytes
            and accepts_gzip(headers.get(b"accept-encoding", b""))
        )

    def _count_use(
        self, outcome: Outcome, request: GraphQLRequest, headers: Mapping[bytes, bytes]
    ) -> None:
        if self._usage is not None and outcome.was_executed:
            self._usage.count(request.query, request.operation_name, headers)

    def _report(
        self,
        outcome: Outcome,
        status: int,
        started: float,
        headers: Mapping[bytes, bytes],
        trace_id: str | None = None,
    ) -> None:
        if outcome.errors:
            self._metrics.errors.labels(error_kind(outcome)).inc()
        if self._log_requests:
            _log.info(
                "request",
                operation_name=outcome.operation_name,
                operation_type=outcome.operation_type,
                status=status,
                errors=len(outcome.errors),
                trace_id=trace_id or _trace_id(headers),
                duration_ms=round((time.perf_counter() - started) * 1000, 2),
            )


class ExpressRequest:
    """One request that is answered without a task, from `GraphQLEndpoint.begin` on."""

    __slots__ = (
        "_endpoint", "_headers", "_media_type", "_operation", "_pairs", "_reply", "_request",
        "_started", "_task",
    )  # fmt: skip

    _media_type: str
    _request: GraphQLRequest

    def __init__(self, endpoint: GraphQLEndpoint, pairs: AsgiHeaders, reply: Reply) -> None:
        self._started = time.perf_counter()
        self._endpoint = endpoint
        self._pairs = pairs
        self._headers = dict(pairs)
        self._reply = reply
        self._operation: ExpressOperation | None = None
        self._task: asyncio.Task[None] | None = None

    def begin(self, body: bytes) -> bool:
        """Begin, and say whether this request can be answered in this way."""
        endpoint, headers = self._endpoint, self._headers
        media_type = _json_media_type(headers.get(b"accept", b""))
        if media_type is None or (endpoint._has_cors and b"origin" in headers):
            return False
        self._media_type = media_type
        try:
            self._request = request = read_post(headers, body)
        except RequestError:
            return False
        endpoint.in_flight += 1
        try:
            self._operation = endpoint._pipeline.start(
                request.query,
                request.operation_name,
                request.variables,
                endpoint._context(self._pairs),
                self._done,
            )
        except Exception:
            # A defect of ours; who serves the request runs into it, too, and has an answer.
            self._operation = None
        if self._operation is None:
            endpoint.in_flight -= 1
        return self._operation is not None

    def cancel(self) -> None:
        """End it: the client has left."""
        if self._task is not None:
            self._task.cancel()
        elif self._operation is not None:
            self._operation.cancel()
            self._endpoint.in_flight -= 1
        self._count(CLIENT_GONE)

    def _done(self, outcome: Outcome) -> None:
        endpoint = self._endpoint
        endpoint.in_flight -= 1
        try:
            endpoint._count_use(outcome, self._request, self._headers)
            answer = Answer(outcome)
            if endpoint._is_to_be_compressed(answer.body, self._headers):
                self._task = asyncio.get_running_loop().create_task(self._compress(answer))
            else:
                self._send(outcome, answer.body, gzip=False)
        except Exception:
            self._failed()

    async def _compress(self, answer: Answer) -> None:
        try:
            self._send(answer.outcome, await answer.gzipped(), gzip=True)
        except Exception:
            self._failed()

    def _send(self, outcome: Outcome, body: bytes, *, gzip: bool) -> None:
        status = status_of(outcome, self._media_type)
        self._endpoint._report(outcome, status, self._started, self._headers)
        self._count(status)
        headers = json_headers_but_length(self._media_type, outcome.headers, gzip=gzip)
        self._reply(status, headers, body)

    def _failed(self) -> None:
        """Call from an `except` clause: whatever happens to one request, the service lives."""
        _log.exception("request failed", path=self._endpoint.path)
        self._count(500)
        body = encode_json({"errors": [INTERNAL_ERROR]})
        self._reply(500, json_headers_but_length(JSON, {}), body)

    def _count(self, status: int) -> None:
        seconds = time.perf_counter() - self._started
        self._endpoint._metrics.count_request(self._endpoint.path, "POST", status, seconds)


@lru_cache(maxsize=256)
def _json_media_type(accept: bytes) -> MediaType | None:
    return negotiate(accept.decode("latin-1"), html=False)


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
