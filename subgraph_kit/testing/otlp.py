"""A small OTLP/HTTP receiver in this process, so that tests and the demo can read traces.

    async with OtlpReceiver() as receiver:
        start_processes(env={"OTEL_EXPORTER_OTLP_ENDPOINT": receiver.endpoint})
        ...
        spans = await receiver.wait_for_trace(trace_id, spans=6)

It speaks what exporters send: `POST /v1/traces` with a protobuf body, gzip or not. It listens on
loopback, on a free port, and keeps a bounded number of spans.
"""

from __future__ import annotations

import asyncio
import gzip
import zlib
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, TypeVar

import uvicorn
from google.protobuf.message import DecodeError  # type: ignore[import-untyped] # no stubs
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)
from opentelemetry.proto.common.v1.common_pb2 import AnyValue
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

_BODY_BYTES = 16 * 1024 * 1024

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class ReceivedSpan:
    """A span as it arrived; ids in lower-case hex, times in nanoseconds since the epoch."""

    trace_id: str
    span_id: str
    parent_span_id: str | None
    name: str
    service: str
    started_at_ns: int
    ended_at_ns: int
    is_error: bool
    attributes: Mapping[str, Any] = field(default_factory=dict)


class OtlpReceiver:
    """Receives spans while its context is open. `max_spans` bounds what is kept, oldest out."""

    def __init__(self, *, max_spans: int = 20_000) -> None:
        self._spans: deque[ReceivedSpan] = deque(maxlen=max_spans)
        self._arrived = asyncio.Event()
        self._server: uvicorn.Server | None = None
        self._serving: asyncio.Task[None] | None = None
        self.endpoint = ""
        """The base URL, as for `OTEL_EXPORTER_OTLP_ENDPOINT`."""

    async def __aenter__(self) -> OtlpReceiver:
        app = Starlette(routes=[Route("/v1/traces", self._receive, methods=["POST"])])
        config = uvicorn.Config(
            app, host="127.0.0.1", port=0, log_config=None, access_log=False, lifespan="off"
        )
        server = _QuietServer(config)
        self._server = server
        self._serving = asyncio.create_task(server.serve())
        while not server.started:
            if self._serving.done():
                self._serving.result()
                raise RuntimeError("the OTLP receiver ended while it started")
            await asyncio.sleep(0.005)
        port = server.servers[0].sockets[0].getsockname()[1]
        self.endpoint = f"http://127.0.0.1:{port}"
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._server is not None and self._serving is not None:
            self._server.should_exit = True
            await self._serving

    @property
    def spans(self) -> list[ReceivedSpan]:
        """All spans received, in order of arrival."""
        return list(self._spans)

    def traces(self) -> dict[str, list[ReceivedSpan]]:
        """The spans by trace id, each trace by start time."""
        traces: dict[str, list[ReceivedSpan]] = {}
        for span in self._spans:
            traces.setdefault(span.trace_id, []).append(span)
        for spans in traces.values():
            spans.sort(key=lambda span: span.started_at_ns)
        return traces

    def clear(self) -> None:
        """Forget what was received."""
        self._spans.clear()

    async def wait_for_trace(
        self, trace_id: str, *, spans: int = 1, timeout_seconds: float = 5.0
    ) -> list[ReceivedSpan]:
        """Return the trace's spans once at least `spans` of them are here.

        Raises:
            TimeoutError: if they do not come in time; the text says how many did.
        """

        def here() -> list[ReceivedSpan] | None:
            found = self.traces().get(trace_id, [])
            return found if len(found) >= spans else None

        found = await self._wait(here, timeout_seconds)
        if found is None:
            count = len(self.traces().get(trace_id, []))
            raise TimeoutError(
                f"{count} of {spans} spans of trace {trace_id} came within {timeout_seconds:g} s"
            )
        return found

    async def wait_for_span(
        self, matches: Callable[[ReceivedSpan], bool], *, timeout_seconds: float = 5.0
    ) -> ReceivedSpan:
        """Return the first span that matches, once one is here.

        Raises:
            TimeoutError: if none comes in time; the text lists the names of those that did.
        """

        def here() -> ReceivedSpan | None:
            return next((span for span in self._spans if matches(span)), None)

        found = await self._wait(here, timeout_seconds)
        if found is None:
            names = ", ".join(sorted({span.name for span in self._spans})) or "none"
            raise TimeoutError(f"no such span within {timeout_seconds:g} s; received: {names}")
        return found

    async def _wait(self, look: Callable[[], T | None], timeout_seconds: float) -> T | None:
        try:
            async with asyncio.timeout(timeout_seconds):
                while (found := look()) is None:
                    self._arrived.clear()
                    await self._arrived.wait()
        except TimeoutError:
            return None
        return found

    async def _receive(self, request: Request) -> Response:
        body = await request.body()
        if len(body) > _BODY_BYTES:
            return Response(status_code=413)
        try:
            if request.headers.get("content-encoding") == "gzip":
                body = gzip.decompress(body)
            message = ExportTraceServiceRequest.FromString(body)
        except (DecodeError, OSError, EOFError, zlib.error):
            return Response("not an OTLP trace request", status_code=400)
        self._spans.extend(_read_spans(message))
        self._arrived.set()
        return Response(
            ExportTraceServiceResponse().SerializeToString(),
            media_type="application/x-protobuf",
        )


class _QuietServer(uvicorn.Server):
    """Leaves the process's signal handlers alone: it is a guest here."""

    def capture_signals(self) -> Any:
        from contextlib import nullcontext

        return nullcontext()


def _read_spans(message: ExportTraceServiceRequest) -> list[ReceivedSpan]:
    spans: list[ReceivedSpan] = []
    for resource_spans in message.resource_spans:
        resource = {a.key: _value(a.value) for a in resource_spans.resource.attributes}
        spans.extend(
            ReceivedSpan(
                trace_id=span.trace_id.hex(),
                span_id=span.span_id.hex(),
                parent_span_id=span.parent_span_id.hex() or None,
                name=span.name,
                service=str(resource.get("service.name", "")),
                started_at_ns=span.start_time_unix_nano,
                ended_at_ns=span.end_time_unix_nano,
                is_error=span.status.code == span.status.STATUS_CODE_ERROR,
                attributes={a.key: _value(a.value) for a in span.attributes},
            )
            for scope_spans in resource_spans.scope_spans
            for span in scope_spans.spans
        )
    return spans


def _value(value: AnyValue) -> Any:
    kind = value.WhichOneof("value")
    if kind is None:
        return None
    if kind == "array_value":
        return [_value(item) for item in value.array_value.values]
    if kind == "kvlist_value":
        return {item.key: _value(item.value) for item in value.kvlist_value.values}
    return getattr(value, kind)
