"""The kit's metrics, in a Prometheus registry of their own, and their text form.

Labels are few and bounded: entity types, source systems, states; never ids.
"""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.platform_collector import PlatformCollector
from prometheus_client.process_collector import ProcessCollector

from subgraph_kit.resilience.circuit_breaker import BreakerState
from subgraph_kit.telemetry import names

REGISTRY = CollectorRegistry(auto_describe=True)
ProcessCollector(registry=REGISTRY)
PlatformCollector(registry=REGISTRY)

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

HTTP_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_MILLISECONDS = (0.5, 1, 2.5, 5, 10, 25, 50, 100, 200, 500, 1000, 2000, 5000, 10000)

HTTP_REQUESTS = Counter(
    names.METRIC_HTTP_REQUESTS,
    "Requests served",
    ("service", "endpoint", "method", "status"),
    registry=REGISTRY,
)
HTTP_DURATION = Histogram(
    names.METRIC_HTTP_DURATION,
    "Time to serve a request",
    ("service", "endpoint"),
    buckets=HTTP_SECONDS,
    registry=REGISTRY,
)
ADAPTER_DURATION = Histogram(
    names.METRIC_ADAPTER_DURATION,
    "Time of an adapter call, cache included (adapter.request.duration)",
    ("entity_type", "operation", "success"),
    buckets=_MILLISECONDS,
    registry=REGISTRY,
)
ADAPTER_ERRORS = Counter(
    names.METRIC_ADAPTER_ERRORS,
    "Adapter calls that failed, by the error's code",
    ("entity_type", "code"),
    registry=REGISTRY,
)
SOURCE_CALLS = Counter(
    names.METRIC_SOURCE_CALLS,
    "Calls that went past the cache to the adapter's source",
    ("entity_type", "operation"),
    registry=REGISTRY,
)
BREAKER_CHANGES = Counter(
    names.METRIC_BREAKER_CHANGE,
    "State changes of circuit breakers",
    ("name", "to_state"),
    registry=REGISTRY,
)
BREAKER_STATE = Gauge(
    names.METRIC_BREAKER_STATE,
    "State of circuit breakers: 0 closed, 1 half-open, 2 open",
    ("name",),
    registry=REGISTRY,
)
QUALITY_VIOLATIONS = Counter(
    names.METRIC_QUALITY,
    "Fields of entities that do not keep to the entity schema",
    ("entity_type",),
    registry=REGISTRY,
)
CACHE_LOOKUPS = Counter(
    names.METRIC_CACHE_LOOKUPS,
    "Cache lookups by entity",
    ("entity_type", "result"),
    registry=REGISTRY,
)
CACHE_HIT_RATE = Gauge(
    names.METRIC_CACHE_HIT_RATE,
    "Hits per lookup since the process started",
    ("layer", "entity_type"),
    registry=REGISTRY,
)
CONSUMER_LAG = Gauge(
    names.METRIC_CONSUMER_LAG,
    "Records not processed yet",
    ("topic", "consumer_group"),
    registry=REGISTRY,
)
PRODUCER_BATCH = Histogram(
    names.METRIC_PRODUCER_BATCH,
    "Records per publish",
    ("topic",),
    buckets=(1, 2, 5, 10, 25, 50, 100, 250, 500, 1000),
    registry=REGISTRY,
)
POSTGRES_CONNECTIONS = Gauge(
    names.METRIC_POSTGRES_CONNECTIONS,
    "Open connections of the pool",
    ("database",),
    registry=REGISTRY,
)
POSTGRES_QUERY = Histogram(
    names.METRIC_POSTGRES_QUERY,
    "Time of a query, by the name its author gave it",
    ("query",),
    buckets=HTTP_SECONDS,
    registry=REGISTRY,
)
WEBHOOKS = Counter(
    names.METRIC_WEBHOOKS,
    "Webhook deliveries, by the status answered",
    ("source_system", "status"),
    registry=REGISTRY,
)

_STATE_NUMBERS = {BreakerState.CLOSED: 0, BreakerState.HALF_OPEN: 1, BreakerState.OPEN: 2}


def record_breaker_change(name: str, _old: BreakerState, new: BreakerState) -> None:
    """A `StateListener` that counts the change."""
    BREAKER_CHANGES.labels(name, str(new)).inc()
    BREAKER_STATE.labels(name).set(_STATE_NUMBERS[new])


def render_metrics() -> bytes:
    """All metrics in Prometheus' text format."""
    return generate_latest(REGISTRY)
