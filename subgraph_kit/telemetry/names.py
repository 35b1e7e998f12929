"""Every span, attribute and metric name of the kit, in one place (rows 79, 81).

Prometheus has no dots and puts the unit last: `adapter.request.duration` in milliseconds is
`adapter_request_duration_milliseconds` there, as OpenTelemetry's own translation has it.
"""

from typing import Final

# Spans
SPAN_GET_ENTITY: Final = "adapter.get_entity"
SPAN_QUERY_ENTITIES: Final = "adapter.query_entities"
SPAN_QUERY_BY_REFERENCE: Final = "adapter.query_by_reference"
SPAN_QUERY_BY_LINK: Final = "adapter.query_by_link"
SPAN_HEALTH_CHECK: Final = "adapter.health_check"
SPAN_SOURCE_REQUEST: Final = "source.request"
SPAN_SOURCE_QUERY: Final = "source.query"
SPAN_GRAPHQL: Final = "subgraph.graphql"
SPAN_WEBHOOK: Final = "subgraph.webhook"
SPAN_CHANGE: Final = "source.change"
SPAN_INVALIDATE: Final = "cache.invalidate"

# Attributes
ATTR_ENTITY_ID: Final = "entity.id"
ATTR_ENTITY_TYPE: Final = "entity.type"
ATTR_ENTITY_COUNT: Final = "entity.count"
ATTR_SOURCE_SYSTEM: Final = "source.system"
ATTR_RESPONSE_SIZE: Final = "response.size_bytes"
ATTR_CACHE_HIT: Final = "cache.hit"
ATTR_CACHE_HITS: Final = "cache.hits"
ATTR_ERROR_CODE: Final = "error.code"
ATTR_HTTP_METHOD: Final = "http.request.method"
ATTR_HTTP_ROUTE: Final = "http.route"
ATTR_HTTP_STATUS: Final = "http.response.status_code"
ATTR_SERVER_ADDRESS: Final = "server.address"
ATTR_DB_OPERATION: Final = "db.operation.name"
ATTR_OPERATION_NAME: Final = "graphql.operation.name"

# Metrics
METRIC_HTTP_REQUESTS: Final = "http_requests_total"
METRIC_HTTP_DURATION: Final = "http_request_duration_seconds"
METRIC_ADAPTER_DURATION: Final = "adapter_request_duration_milliseconds"
METRIC_ADAPTER_ERRORS: Final = "adapter_errors_total"
METRIC_SOURCE_CALLS: Final = "source_calls_total"
METRIC_BREAKER_CHANGE: Final = "circuit_breaker_state_change_total"
METRIC_BREAKER_STATE: Final = "circuit_breaker_state"
METRIC_CACHE_HIT_RATE: Final = "redis_cache_hit_rate"
METRIC_CACHE_LOOKUPS: Final = "cache_lookups_total"
METRIC_CONSUMER_LAG: Final = "kafka_consumer_lag"
METRIC_PRODUCER_BATCH: Final = "kafka_producer_batch_size"
METRIC_POSTGRES_CONNECTIONS: Final = "postgres_connections_active"
METRIC_POSTGRES_QUERY: Final = "postgres_query_duration_seconds"
METRIC_WEBHOOKS: Final = "webhook_deliveries_total"
METRIC_QUALITY: Final = "data_quality_violations_total"
