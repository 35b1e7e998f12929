"""Every span, attribute and metric name of the gateway, and the little code that writes them.

Spans: one per request, below it one for planning (when the plan was not there yet) and one per
subgraph call, whose context goes to the subgraph as `traceparent`. Without a collector nothing of
this is in the path of a request. Names of Prometheus metrics that other parts of a mesh share
(`http_requests_total`, ...) are the kit's, with `service="gateway"`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from typing import Final

from msgspec.structs import replace
from opentelemetry import trace
from opentelemetry.trace import Span, SpanKind, Status, StatusCode
from prometheus_client import CollectorRegistry, Counter, Gauge, generate_latest
from prometheus_client.core import CounterMetricFamily, Metric
from prometheus_client.registry import Collector

from gateway.tally import Counts, Durations, Joined
from gateway.transport.base import (
    SubgraphCallError,
    SubgraphClient,
    SubgraphRequest,
    SubgraphResponse,
)
from subgraph_kit.telemetry.metrics import CONTENT_TYPE, HTTP_SECONDS, REGISTRY
from subgraph_kit.telemetry.names import METRIC_HTTP_DURATION, METRIC_HTTP_REQUESTS
from subgraph_kit.telemetry.setup import extract_trace_context, inject_trace_context

SPAN_REQUEST: Final = "gateway.request"
SPAN_PLAN: Final = "gateway.plan"
SPAN_FETCH: Final = "gateway.fetch"

ATTR_OPERATION_NAME: Final = "graphql.operation.name"
ATTR_OPERATION_TYPE: Final = "graphql.operation.type"
ATTR_SUBGRAPH: Final = "subgraph.name"
ATTR_ERROR_CODE: Final = "error.code"
ATTR_ERROR_COUNT: Final = "graphql.error.count"

METRIC_SUBGRAPH_REQUESTS: Final = "gateway_subgraph_requests_total"
METRIC_SUBGRAPH_DURATION: Final = "gateway_subgraph_request_duration_seconds"
METRIC_ERRORS: Final = "gateway_graphql_errors_total"
METRIC_OPERATION_CACHE: Final = "gateway_operation_cache_lookups_total"
METRIC_SHARED: Final = "gateway_shared_total"
METRIC_ENTITY_CACHE: Final = "gateway_entity_cache_lookups_total"
METRIC_ENTITY_CACHE_HIT_RATE: Final = "gateway_entity_cache_hit_rate"
METRIC_OPERATION_CACHE_HIT_RATE: Final = "gateway_operation_cache_hit_rate"
METRIC_ENTITY_DROPS: Final = "gateway_entity_cache_drops_total"
METRIC_EVENTS: Final = "gateway_change_events_total"
METRIC_EVENTS_CONNECTED: Final = "gateway_events_connected"
METRIC_RELOADS: Final = "gateway_supergraph_loads_total"
METRIC_IN_FLIGHT: Final = "gateway_requests_in_flight"
METRIC_CONNECTIONS: Final = "gateway_subgraph_connections"

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)

SERVICE: Final = "gateway"
"""Value of the label `service` of the shared metrics."""

_tracer = trace.get_tracer("dictamesh.gateway")


class GatewayMetrics:
    """The metrics of one gateway, in a registry of their own.

    Labels are bounded: subgraph names, error codes of the gateway, outcomes; nothing a client
    chooses.
    """

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        registry = self._registry
        self.subgraph_requests = Counts(
            METRIC_SUBGRAPH_REQUESTS,
            "Calls to subgraphs, by outcome: ok, errors (in the answer), or the code of a failure",
            ("subgraph", "outcome"),
        )
        self.subgraph_duration = Durations(
            METRIC_SUBGRAPH_DURATION,
            "Time of a call to a subgraph, retries included",
            ("subgraph",),
            _SECONDS,
        )
        registry.register(self.subgraph_requests)
        registry.register(self.subgraph_duration)
        self._http_requests = Counts(
            METRIC_HTTP_REQUESTS, "Requests served", ("service", "endpoint", "method", "status")
        )
        self._http_duration = Durations(
            METRIC_HTTP_DURATION, "Time to serve a request", ("service", "endpoint"), HTTP_SECONDS
        )
        self._shared_with_kit = Joined(REGISTRY, [self._http_requests, self._http_duration])
        self.errors = Counter(
            METRIC_ERRORS,
            "Responses with at least one GraphQL error, by whether there was data",
            ("outcome",),
            registry=registry,
        )
        self.operation_cache = Counts(
            METRIC_OPERATION_CACHE, "Lookups of prepared and planned operations", ("result",)
        )
        registry.register(self.operation_cache)
        self.shared = Counter(
            METRIC_SHARED,
            "Subgraph requests and operations answered by an equal one that was in flight",
            ("kind",),
            registry=registry,
        )
        self.events = Counter(
            METRIC_EVENTS, "Change events consumed, by outcome", ("outcome",), registry=registry
        )
        self.events_connected = Gauge(
            METRIC_EVENTS_CONNECTED, "1 while change events are received", registry=registry
        )
        self.reloads = Counter(
            METRIC_RELOADS, "Supergraphs loaded, by outcome", ("outcome",), registry=registry
        )
        self.render_all: Callable[[], bytes] | None = None
        """Set where several processes answer for each other; gives the metrics of all of them."""

    def gauge(self, name: str, help_text: str, read: Callable[[], float]) -> None:
        """Add a number that is read when metrics are asked for."""
        Gauge(name, help_text, registry=self._registry).set_function(read)

    def counter_from(
        self, name: str, help_text: str, label: str, reads: Mapping[str, Callable[[], float]]
    ) -> None:
        """Add numbers counted elsewhere, one per value of `label`."""
        self._registry.register(_ReadCounter(name, help_text, label, reads))

    def count_request(self, endpoint: str, method: str, status: int, seconds: float) -> None:
        """Count one HTTP request. `endpoint` is one of the gateway's own paths, or "other"."""
        self._http_requests.add((SERVICE, endpoint, method, str(status)))
        self._http_duration.add((SERVICE, endpoint), seconds)

    def render(self) -> tuple[bytes, str]:
        """All metrics in Prometheus' text format, and their content type."""
        render = self.render_all or self.render_own
        return render(), CONTENT_TYPE

    def render_own(self) -> bytes:
        """The metrics of this process."""
        return generate_latest(self._shared_with_kit) + generate_latest(self._registry)


class _ReadCounter(Collector):
    """A counter whose numbers someone else counts."""

    def __init__(
        self, name: str, help_text: str, label: str, reads: Mapping[str, Callable[[], float]]
    ) -> None:
        self._name, self._help_text, self._label = name, help_text, label
        self._reads = reads

    def collect(self) -> Iterator[Metric]:
        family = CounterMetricFamily(self._name, self._help_text, labels=[self._label])
        for value, read in self._reads.items():
            family.add_metric([value], read())
        yield family


class ObservedSubgraphClient:
    """Counts and times the calls of another client, and traces them if asked to."""

    def __init__(self, inner: SubgraphClient, metrics: GatewayMetrics, *, traced: bool) -> None:
        self._inner = inner
        self._traced = traced
        self._requests = metrics.subgraph_requests
        self._duration = metrics.subgraph_duration

    async def execute(self, request: SubgraphRequest) -> SubgraphResponse:
        """See `SubgraphClient`."""
        if not self._traced:
            return await self._measured(request)
        with _tracer.start_as_current_span(
            SPAN_FETCH,
            kind=SpanKind.CLIENT,
            attributes={
                ATTR_SUBGRAPH: request.subgraph,
                ATTR_OPERATION_NAME: request.operation_name or "",
            },
            record_exception=False,
            set_status_on_exception=False,
        ) as span:
            headers = dict(request.headers)
            inject_trace_context(headers)
            try:
                response = await self._measured(replace(request, headers=headers))
            except SubgraphCallError as error:
                span.set_attribute(ATTR_ERROR_CODE, error.code)
                span.set_status(Status(StatusCode.ERROR, error.message))
                raise
            if response.errors:
                span.set_attribute(ATTR_ERROR_COUNT, len(response.errors))
            return response

    async def close(self) -> None:
        """Close the inner client."""
        await self._inner.close()

    async def _measured(self, request: SubgraphRequest) -> SubgraphResponse:
        started = time.perf_counter()
        outcome = "cancelled"
        try:
            response = await self._inner.execute(request)
            outcome = "errors" if response.errors else "ok"
            return response
        except SubgraphCallError as error:
            outcome = error.code
            raise
        finally:
            self._requests.add((request.subgraph, outcome))
            self._duration.add((request.subgraph,), time.perf_counter() - started)


def request_span(headers: Mapping[str, str]) -> AbstractContextManager[Span]:
    """The span of one client request, a child of the client's where it sent `traceparent`."""
    return _tracer.start_as_current_span(
        SPAN_REQUEST, context=extract_trace_context(headers), kind=SpanKind.SERVER
    )


@contextmanager
def plan_span(*, traced: bool) -> Iterator[None]:
    """The span of preparing and planning an operation."""
    if not traced:
        yield
        return
    with _tracer.start_as_current_span(SPAN_PLAN):
        yield
