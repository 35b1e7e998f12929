"""Traces go by OTLP to a receiver, with the caller's context."""

from __future__ import annotations

import asyncio
import gzip
import time

import httpx
import pytest

from subgraph_kit.telemetry import setup
from subgraph_kit.telemetry.setup import (
    inject_trace_context,
    server_span,
    setup_telemetry,
    tracer,
)
from subgraph_kit.testing.otlp import OtlpReceiver

TRACE_ID = "0af7651916cd43dd8448eb211c80319c"
TRACEPARENT = f"00-{TRACE_ID}-b7ad6b7169203331-01"


async def test_spans_arrive_with_service_parent_and_attributes() -> None:
    async with OtlpReceiver() as receiver:
        stop = setup_telemetry("people-subgraph", endpoint=receiver.endpoint, logs=False)
        with (
            server_span("outer", {"traceparent": TRACEPARENT}),
            tracer().start_as_current_span("inner", attributes={"n": 1, "list": ["a"]}),
        ):
            headers: dict[str, str] = {}
            inject_trace_context(headers)
        spans = await receiver.wait_for_trace(TRACE_ID, spans=2)
        await asyncio.to_thread(stop)
    outer, inner = spans
    assert (outer.name, outer.parent_span_id) == ("outer", "b7ad6b7169203331")
    assert (inner.name, inner.parent_span_id) == ("inner", outer.span_id)
    assert inner.attributes == {"n": 1, "list": ["a"]}
    assert inner.service
    assert headers["traceparent"] == f"00-{TRACE_ID}-{inner.span_id}-01"


async def test_after_shutdown_nothing_is_sent_and_another_set_up_works() -> None:
    async with OtlpReceiver() as first, OtlpReceiver() as second:
        stop = setup_telemetry("s", endpoint=first.endpoint, logs=False)
        with tracer().start_as_current_span("one"):
            pass
        await asyncio.to_thread(stop)
        assert [span.name for span in first.spans] == ["one"], "shutting down flushes"
        stop = setup_telemetry("s", endpoint=second.endpoint, logs=False)
        with tracer().start_as_current_span("two"):
            pass
        await asyncio.to_thread(stop)
        assert [span.name for span in first.spans] == ["one"]
        assert [span.name for span in second.spans] == ["two"]


async def test_a_collector_that_is_away_does_not_hold_up_the_shutdown() -> None:
    async with OtlpReceiver() as receiver:
        endpoint = receiver.endpoint
    stop = setup_telemetry("s", endpoint=endpoint, logs=False)
    with tracer().start_as_current_span("lost"):
        pass
    started = time.perf_counter()
    await asyncio.to_thread(stop)
    assert time.perf_counter() - started < 5


async def test_bad_trace_headers_are_ignored() -> None:
    for bad in ("", "x", "00-0-0-00", TRACEPARENT + "-x" * 1000, "ü"):
        with server_span("s", {"traceparent": bad}):
            pass


async def test_the_receiver_survives_what_is_not_otlp() -> None:
    async with OtlpReceiver() as receiver, httpx.AsyncClient() as client:
        url = f"{receiver.endpoint}/v1/traces"
        for body, headers in [
            (b"\xff\xff", {}),
            (b"no gzip", {"content-encoding": "gzip"}),
            (gzip.compress(b"\xff\xff")[:-4], {"content-encoding": "gzip"}),
        ]:
            response = await client.post(url, content=body, headers=headers)
            assert response.status_code == 400
        assert (await client.post(url, content=b"")).status_code == 200
        assert receiver.spans == []


async def test_waiting_in_vain_says_what_did_arrive() -> None:
    async with OtlpReceiver() as receiver:
        with pytest.raises(TimeoutError, match="0 of 2 spans"):
            await receiver.wait_for_trace(TRACE_ID, spans=2, timeout_seconds=0.01)
        with pytest.raises(TimeoutError, match="received: none"):
            await receiver.wait_for_span(lambda _: True, timeout_seconds=0.01)


def test_without_an_endpoint_nothing_is_set_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OTEL_EXPORTER_OTLP_ENDPOINT", raising=False)
    exporters = setup._install("s")
    before = exporters._processors
    shutdown = setup_telemetry("s", logs=False)
    assert exporters._processors == before
    shutdown()
