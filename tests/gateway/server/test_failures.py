"""Whatever a client or a subgraph sends, the client gets a clear GraphQL error within the time-out,
and the gateway serves on. Everything here is real: sockets, server, pipeline, transport."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.gateway.server.supergraphs import two_subgraphs
from tests.testkit.servers import (
    ReceivedRequest,
    Script,
    ServedGateway,
    answering,
    http,
    serve,
    serve_gateway,
)

GOOD = http('{"data":{"good":"fine","me":{"__typename":"User","id":"1"},"change":"done"}}')
TIMEOUT_SECONDS = 0.4


@asynccontextmanager
async def gateway_with(
    directory: Path, bad: Script, **settings: object
) -> AsyncIterator[ServedGateway]:
    """A gateway on a subgraph that works and one with the script `bad`."""
    async with (
        serve(answering(GOOD)) as good_server,
        serve(bad) as bad_server,
        serve_gateway(
            directory,
            two_subgraphs(good_server.url, bad_server.url),
            transport={
                "timeout_seconds": TIMEOUT_SECONDS,
                "max_body_bytes": 10_000,
                "retry": {"max_attempts": 1},
            },
            **settings,
        ) as gateway,
    ):
        yield gateway
        await assert_serves_on(gateway)


async def assert_serves_on(gateway: ServedGateway) -> None:
    answer = await gateway.post("{ good }")
    assert answer.json() == {"data": {"good": "fine"}}


# --- Clients -----------------------------------------------------------------------------------


@pytest.fixture
async def gateway(tmp_path: Path) -> AsyncIterator[ServedGateway]:
    limits = {
        "max_depth": 4,
        "max_body_bytes": 20_000,
        "body_timeout_seconds": 0.5,
        "header_timeout_seconds": 0.5,
        "max_header_bytes": 4096,
    }
    async with gateway_with(tmp_path, answering(http('{"data":{}}')), limits=limits) as served:
        yield served


def only_error(answer: Any) -> dict[str, Any]:
    body = answer.json()
    assert "data" not in body
    [error] = body["errors"]
    return dict(error)


async def test_malformed_json(gateway: ServedGateway) -> None:
    answer = await gateway.client.post(
        "/graphql", content='{"query": "{ good }"', headers={"content-type": "application/json"}
    )
    assert answer.status_code == 400
    error = only_error(answer)
    assert error["extensions"]["code"] == "BAD_REQUEST"
    assert "not valid JSON" in error["message"]


async def test_an_unknown_field(gateway: ServedGateway) -> None:
    answer = await gateway.post("{ goood }")
    error = only_error(answer)
    assert error["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"
    assert "goood" in error["message"]
    assert error["locations"] == [{"line": 1, "column": 3}]


async def test_a_query_over_the_depth_limit(gateway: ServedGateway) -> None:
    error = only_error(await gateway.post("{ me { friend { friend { friend { id } } } } }"))
    assert error["extensions"]["code"] == "MAX_DEPTH_LIMIT"
    assert "4" in error["message"]


async def test_a_missing_variable(gateway: ServedGateway) -> None:
    error = only_error(await gateway.post("query ($v: String!) { good(value: $v) }"))
    assert error["extensions"]["code"] == "BAD_USER_INPUT"
    assert "$v" in error["message"]


async def test_a_variable_of_the_wrong_type(gateway: ServedGateway) -> None:
    answer = await gateway.post(
        "query ($v: String!) { good(value: $v) }", variables={"v": {"a": 1}}
    )
    assert only_error(answer)["extensions"]["code"] == "BAD_USER_INPUT"


async def test_text_that_is_no_graphql(gateway: ServedGateway) -> None:
    assert only_error(await gateway.post("{{{"))["extensions"]["code"] == "GRAPHQL_PARSE_FAILED"


async def test_a_document_nested_a_hundred_thousand_times(gateway: ServedGateway) -> None:
    answer = await gateway.post("{me" * 6_000 + "}" * 1_000)
    assert only_error(answer)["extensions"]["code"]


async def test_a_body_beyond_the_limit(gateway: ServedGateway) -> None:
    answer = await gateway.post("{ good }" + " " * 20_000)
    assert answer.status_code == 413
    assert only_error(answer)["extensions"]["code"] == "BODY_TOO_LARGE"


async def test_a_body_without_announced_length_beyond_the_limit(gateway: ServedGateway) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(30):
            yield b" " * 1_000

    answer = await gateway.client.post(
        "/graphql", content=chunks(), headers={"content-type": "application/json"}
    )
    assert answer.status_code == 413


async def test_a_client_that_sends_its_body_too_slowly(gateway: ServedGateway) -> None:
    port = gateway.client.base_url.port
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(
        b"POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n"
        b'content-length: 100\r\n\r\n{"query"'
    )
    head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 5)
    assert head.startswith(b"HTTP/1.1 408")
    writer.close()


async def test_a_client_that_leaves_in_the_middle(gateway: ServedGateway) -> None:
    port = gateway.client.base_url.port
    for _ in range(20):
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\n{")
        await writer.drain()
        writer.transport.abort()
    await asyncio.sleep(0.02)
    assert gateway.running.gateway.app.graphql.in_flight == 0


async def raw_exchange(gateway: ServedGateway, *parts: bytes) -> bytes:
    """Send `parts` on a connection of their own and read until the gateway closes it."""
    reader, writer = await asyncio.open_connection("127.0.0.1", gateway.client.base_url.port)
    for part in parts:
        writer.write(part)
        await writer.drain()
    answer = await asyncio.wait_for(reader.read(), 5)
    writer.close()
    return answer


async def test_bytes_that_are_no_http(gateway: ServedGateway) -> None:
    answer = await raw_exchange(gateway, b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 400")
    assert b'"BAD_REQUEST"' in answer


async def test_a_header_that_never_ends(gateway: ServedGateway) -> None:
    answer = await raw_exchange(gateway, b"GET /graphql HTTP/1.1\r\nx: ", *[b"x" * 1000] * 5)
    assert answer.startswith(b"HTTP/1.1 431")
    assert b'"HEADERS_TOO_LARGE"' in answer


async def test_a_client_that_sends_its_header_too_slowly(gateway: ServedGateway) -> None:
    answer = await raw_exchange(gateway, b"GET /graphql HTTP/1.1\r\nhost: x\r\n")
    assert answer.startswith(b"HTTP/1.1 408")


async def test_a_client_that_never_says_anything(gateway: ServedGateway) -> None:
    assert await raw_exchange(gateway) == b""


async def test_the_second_header_on_a_connection_has_the_same_limits(
    gateway: ServedGateway,
) -> None:
    answer = await raw_exchange(
        gateway, b"GET /health HTTP/1.1\r\nhost: x\r\n\r\n", b"GET /health HTTP/1.1\r\nx: "
    )
    assert answer.startswith(b"HTTP/1.1 200")
    assert b"HTTP/1.1 408" in answer


# --- Subgraphs ---------------------------------------------------------------------------------


async def closes_early(request: ReceivedRequest, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\n" + b'{"data"')
    await writer.drain()


async def hangs(request: ReceivedRequest, writer: asyncio.StreamWriter) -> bytes:
    await asyncio.sleep(30)
    return b""


FAILURES: list[tuple[str, Script, str]] = [
    (
        "HTML",
        answering(http("<html>secret</html>", content_type="text/html")),
        "SUBREQUEST_MALFORMED_RESPONSE",
    ),
    ("hangs", hangs, "SUBREQUEST_TIMEOUT"),
    ("closes early", closes_early, "SUBREQUEST_CONNECTION_ERROR"),
    ("half a JSON", answering(http('{"data":{"bad":"sec')), "SUBREQUEST_MALFORMED_RESPONSE"),
    ("500", answering(http("Traceback: secret", status=500)), "SUBREQUEST_HTTP_ERROR"),
    (
        "huge",
        answering(http('{"data":{"bad":"' + "x" * 20_000 + '"}}')),
        "SUBREQUEST_TOO_LARGE",
    ),
    ("wrong shape", answering(http('{"data":[]}')), "SUBREQUEST_MALFORMED_RESPONSE"),
]


@pytest.mark.parametrize(("name", "script", "code"), FAILURES, ids=[f[0] for f in FAILURES])
async def test_a_failing_subgraph_nulls_its_fields_and_says_why(
    tmp_path: Path, name: str, script: Script, code: str
) -> None:
    async with gateway_with(tmp_path, script) as gateway:
        started = time.monotonic()
        answer = await gateway.post("{ good bad }")
        assert time.monotonic() - started < TIMEOUT_SECONDS + 4  # a busy machine
        assert answer.status_code == 200
        body = answer.json()
        assert body["data"] == {"good": "fine", "bad": None}
        [error] = body["errors"]
        assert error["path"] == ["bad"]
        assert error["extensions"]["code"] == code
        assert error["extensions"]["service"] == "bad"
        assert "secret" not in answer.text
        assert "127.0.0.1" not in answer.text


@pytest.mark.parametrize(("name", "script", "code"), FAILURES, ids=[f[0] for f in FAILURES])
async def test_a_failing_entity_call_leaves_the_rest_of_the_entity(
    tmp_path: Path, name: str, script: Script, code: str
) -> None:
    async with gateway_with(tmp_path, script) as gateway:
        body = (await gateway.post("{ me { id score } }")).json()
        assert body["data"] == {"me": {"id": "1", "score": None}}
        [error] = body["errors"]
        assert error["path"][0] == "me"
        assert error["extensions"]["code"] == code


async def test_a_subgraph_that_keeps_failing_is_left_alone_for_a_while(tmp_path: Path) -> None:
    calls = 0

    async def script(request: ReceivedRequest, writer: asyncio.StreamWriter) -> bytes | None:
        nonlocal calls
        calls += 1
        return None

    async with (
        serve(answering(GOOD)) as good_server,
        serve(script) as bad_server,
        serve_gateway(
            tmp_path,
            two_subgraphs(good_server.url, bad_server.url),
            transport={"retry": {"max_attempts": 1}, "breaker": {"failure_threshold": 3}},
        ) as gateway,
    ):
        codes = []
        for _ in range(10):
            body = (await gateway.post("{ good bad }")).json()
            assert body["data"] == {"good": "fine", "bad": None}
            codes.append(body["errors"][0]["extensions"]["code"])
    assert codes == ["SUBREQUEST_CONNECTION_ERROR"] * 4 + ["SUBREQUEST_CIRCUIT_OPEN"] * 6
    assert calls == 4


async def test_a_query_is_tried_again_and_a_mutation_is_not(tmp_path: Path) -> None:
    seen: list[str] = []

    async def script(request: ReceivedRequest, writer: asyncio.StreamWriter) -> bytes:
        seen.append(request.json["query"])
        return http("busy", status=503) if len(seen) % 2 else GOOD

    async with (
        serve(script) as good_server,
        serve_gateway(tmp_path, two_subgraphs(good_server.url, "http://127.0.0.1:9/")) as gateway,
    ):
        assert (await gateway.post("{ good }")).json() == {"data": {"good": "fine"}}
        assert len(seen) == 2
        body = (await gateway.post("mutation { change }")).json()
        assert body["data"] == {"change": None}
        assert body["errors"][0]["extensions"]["code"] == "SUBREQUEST_HTTP_ERROR"
        assert len(seen) == 3


async def test_the_deadline_of_the_request_ends_slow_calls_and_keeps_the_rest(
    tmp_path: Path,
) -> None:
    async with (
        serve(answering(GOOD)) as good_server,
        serve(hangs) as bad_server,
        serve_gateway(
            tmp_path,
            two_subgraphs(good_server.url, bad_server.url),
            limits={"request_timeout_seconds": 0.3},
        ) as gateway,
    ):
        started = time.monotonic()
        body = (await gateway.post("{ good bad }")).json()
        assert time.monotonic() - started < 4  # instead of 30, on a busy machine
    assert body["data"] == {"good": "fine", "bad": None}
    assert body["errors"][0]["extensions"]["code"] == "SUBREQUEST_TIMEOUT"
