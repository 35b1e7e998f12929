"""One trace from the client through the gateway into subgraphs, exported by OTLP."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from subgraph_kit.telemetry.setup import setup_telemetry
from subgraph_kit.testing.otlp import OtlpReceiver
from tests.gateway.server.supergraphs import two_subgraphs
from tests.testkit.servers import answering, http, serve, serve_gateway

TRACE_ID = "4bf92f3577b34da6a3ce929d0e0e4736"
CLIENT_SPAN_ID = "00f067aa0ba902b7"
TRACEPARENT = f"00-{TRACE_ID}-{CLIENT_SPAN_ID}-01"

ME = http('{"data":{"me":{"__typename":"User","id":"1"}}}')
HTML = http("<html></html>", content_type="text/html")


@pytest.fixture
def own_logging() -> Iterator[None]:
    """Put the handlers of the test run back afterwards."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


async def test_spans_of_a_request_form_one_trace_that_reaches_the_subgraphs(
    tmp_path: Path, own_logging: None, capsys: pytest.CaptureFixture[str]
) -> None:
    async with (
        OtlpReceiver() as receiver,
        serve(answering(ME)) as good,
        serve(answering(HTML)) as bad,
        serve_gateway(
            tmp_path,
            two_subgraphs(good.url, bad.url),
            telemetry={"otlp_endpoint": receiver.endpoint, "log_requests": True},
        ) as gateway,
    ):
        shutdown = setup_telemetry("gateway-under-test", endpoint=receiver.endpoint)
        try:
            await gateway.post("query Who { me { score } }", headers={"traceparent": TRACEPARENT})
            spans = {
                s.name + s.attributes.get("subgraph.name", ""): s
                for s in await receiver.wait_for_trace(TRACE_ID, spans=4)
            }
        finally:
            shutdown()
    request = spans["gateway.request"]
    assert request.parent_span_id == CLIENT_SPAN_ID
    assert request.attributes["graphql.operation.name"] == "Who"
    for name in ("gateway.plan", "gateway.fetchgood", "gateway.fetchbad"):
        assert spans[name].trace_id == TRACE_ID
        assert spans[name].parent_span_id == request.span_id
    assert spans["gateway.fetchbad"].attributes["error.code"] == "SUBREQUEST_MALFORMED_RESPONSE"
    for server, name in ((good, "gateway.fetchgood"), (bad, "gateway.fetchbad")):
        [call] = server.requests
        assert call.headers["traceparent"] == f"00-{TRACE_ID}-{spans[name].span_id}-01"
    logs = [json.loads(line) for line in capsys.readouterr().err.splitlines() if line[:1] == "{"]
    [line] = [log for log in logs if log["message"] == "request"]
    assert line["trace_id"] == TRACE_ID
    assert line["service"] == "gateway-under-test"


async def test_without_a_collector_the_clients_trace_context_passes_through(
    tmp_path: Path,
) -> None:
    async with (
        serve(answering(ME)) as good,
        serve_gateway(tmp_path, two_subgraphs(good.url, good.url)) as gateway,
    ):
        await gateway.post("{ me { id } }", headers={"traceparent": TRACEPARENT})
    assert good.requests[0].headers["traceparent"] == TRACEPARENT
