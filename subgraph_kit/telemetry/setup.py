"""Switch on traces and logs of a process, in one call.

Spans go by OTLP over HTTP to `OTEL_EXPORTER_OTLP_ENDPOINT`. Where that is not set, no provider is
installed and a span costs next to nothing. Trace context travels as the W3C `traceparent` header,
in and out, whether spans are exported or not.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, MutableMapping
from contextlib import AbstractContextManager

from opentelemetry import context, propagate, trace
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, Span, SpanProcessor, TracerProvider
from opentelemetry.trace import SpanKind
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from subgraph_kit.telemetry.logs import configure_logging

_EXPORT_DELAY_MS = 200
"""How long spans wait for company. Short: whoever looks at a trace looks right after the call."""

_EXPORT_TIMEOUT_SECONDS = 2.0
"""A collector that is down must not hold up a shutdown."""


class _Exporters(SpanProcessor):
    """Hands spans to the exporters of the moment.

    OpenTelemetry lets a process set its provider once and never removes a processor; several
    set-ups and shutdowns in one process (tests, several subgraphs in one program) need both.
    """

    def __init__(self) -> None:
        self._processors: tuple[SpanProcessor, ...] = ()

    def add(self, processor: SpanProcessor) -> None:
        self._processors = (*self._processors, processor)

    def remove(self, processor: SpanProcessor) -> None:
        self._processors = tuple(p for p in self._processors if p is not processor)

    def on_start(self, span: Span, parent_context: context.Context | None = None) -> None:
        for processor in self._processors:
            processor.on_start(span, parent_context)

    def on_end(self, span: ReadableSpan) -> None:
        for processor in self._processors:
            processor.on_end(span)

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        flushed = [processor.force_flush(timeout_millis) for processor in self._processors]
        return all(flushed)

    def shutdown(self) -> None:
        for processor in self._processors:
            processor.shutdown()


_exporters: _Exporters | None = None


def setup_telemetry(
    service_name: str,
    *,
    endpoint: str | None = None,
    log_level: str | None = None,
    logs: bool = True,
) -> Callable[[], None]:
    """Set up traces, propagation and JSON logs; return the function that flushes and ends them.

    `endpoint` is the collector's base URL, by default `OTEL_EXPORTER_OTLP_ENDPOINT`; `log_level`
    is by default `LOG_LEVEL`. Calling this again adds another exporter to the same process; the
    service name of the first call stays.
    """
    if logs:
        configure_logging(service_name, log_level or os.environ.get("LOG_LEVEL") or "INFO")
    propagate.set_global_textmap(TraceContextTextMapPropagator())
    endpoint = endpoint or os.environ.get("OTEL_EXPORTER_OTLP_ENDPOINT")
    if not endpoint:
        return lambda: None

    # Imported here: without an endpoint nobody needs the exporter and its HTTP client.
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    processor = BatchSpanProcessor(
        OTLPSpanExporter(
            endpoint=endpoint.rstrip("/") + "/v1/traces", timeout=_EXPORT_TIMEOUT_SECONDS
        ),
        schedule_delay_millis=_EXPORT_DELAY_MS,
    )
    exporters = _install(service_name)
    exporters.add(processor)

    def shutdown() -> None:
        exporters.remove(processor)
        processor.shutdown()  # type: ignore[no-untyped-call] # the SDK leaves it unannotated

    return shutdown


def _install(service_name: str) -> _Exporters:
    global _exporters
    if _exporters is None:
        _exporters = _Exporters()
        provider = TracerProvider(resource=Resource.create({"service.name": service_name}))
        provider.add_span_processor(_exporters)
        trace.set_tracer_provider(provider)
    return _exporters


def tracer() -> trace.Tracer:
    """The kit's tracer."""
    return trace.get_tracer("dictamesh.subgraph_kit")


def extract_trace_context(headers: Mapping[str, str]) -> context.Context:
    """The caller's trace context, from `traceparent`; header names in lower case."""
    return TraceContextTextMapPropagator().extract(headers)


def inject_trace_context(headers: MutableMapping[str, str]) -> None:
    """Add the current trace context to headers of an outgoing request."""
    TraceContextTextMapPropagator().inject(headers)


def server_span(
    name: str, headers: Mapping[str, str], attributes: Mapping[str, str] | None = None
) -> AbstractContextManager[trace.Span]:
    """A span for a request that came in, as a child of the caller's."""
    return tracer().start_as_current_span(
        name,
        context=extract_trace_context(headers),
        kind=SpanKind.SERVER,
        attributes=dict(attributes or {}),
    )
