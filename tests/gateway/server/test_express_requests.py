"""Requests answered without a task: the same answers as served ones, whatever happens."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import gzip
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from gateway.server.asgi_types import AsgiHeaders
from gateway.server.endpoint import ExpressRequest, GraphQLEndpoint, Reply
from tests.gateway.server.supergraphs import two_subgraphs
from tests.testkit.servers import (
    ReceivedRequest,
    ScriptedServer,
    ServedGateway,
    eventually,
    http,
    serve,
    serve_gateway,
)

QUERY = "query Q($value: String) { good(value: $value) }"
SERVED_FIRST = 4
"""Uses of an operation before it is compiled, and the one that compiles it."""


class Subgraph:
    """Answers with the value it is asked for; one that is held, when the test lets go."""

    def __init__(self) -> None:
        self.held: dict[str, asyncio.Event] = {}
        self.answers: dict[str, bytes] = {}

    async def __call__(self, request: ReceivedRequest, writer: asyncio.StreamWriter) -> bytes:
        value = request.json.get("variables", {}).get("value", "fine")
        if value in self.held:
            await self.held[value].wait()
        if "change" in request.json["query"]:
            return http('{"data":{"change":"done"}}')
        return self.answers.get(value) or http(f'{{"data":{{"good":"{value}"}}}}')

    def hold(self, value: str) -> asyncio.Event:
        self.held[value] = asyncio.Event()
        return self.held[value]


class Warm:
    """A gateway that knows `QUERY` well, and whether the last requests went express."""

    def __init__(
        self,
        gateway: ServedGateway,
        subgraph: Subgraph,
        server: ScriptedServer,
        taken: list[bool],
    ) -> None:
        self.gateway = gateway
        self.subgraph = subgraph
        self.server = server
        self.taken = taken
        self.clients: list[Connection] = []

    @property
    def in_flight(self) -> int:
        return self.gateway.running.gateway.app.graphql.in_flight

    async def metrics(self) -> str:
        return (await self.gateway.client.get("/metrics")).text

    async def connect(self) -> Connection:
        port = self.gateway.client.base_url.port
        client = Connection(*await asyncio.open_connection("127.0.0.1", port))
        self.clients.append(client)
        return client


class Connection:
    """A client that writes what it likes."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    def send(self, *requests: bytes) -> None:
        self.writer.write(b"".join(requests))

    async def answer(self) -> tuple[dict[str, str], bytes]:
        """Header lines (the first one's under ":status") and body of the next answer."""
        async with asyncio.timeout(5):
            head = (await self.reader.readuntil(b"\r\n\r\n")).decode("latin-1").strip()
            first, *lines = head.split("\r\n")
            headers = dict(line.split(": ", 1) for line in lines)
            headers.pop("date")
            body = await self.reader.readexactly(int(headers["content-length"]))
            return {":status": first, **headers}, body

    async def ends(self) -> bool:
        async with asyncio.timeout(5):
            return await self.reader.read() == b""


def request(
    value: str = "fine", *lines: str, query: str = QUERY, content_type: str = "application/json"
) -> bytes:
    body = f'{{"query":"{query}","variables":{{"value":"{value}"}}}}'
    head = (f"content-type: {content_type}", f"content-length: {len(body)}", *lines)
    return (
        "POST /graphql HTTP/1.1\r\nhost: x\r\n" + "\r\n".join(head) + "\r\n\r\n" + body
    ).encode()


@asynccontextmanager
async def warm_gateway(
    directory: Path, monkeypatch: pytest.MonkeyPatch, **settings: object
) -> AsyncIterator[Warm]:
    begin = GraphQLEndpoint.begin
    subgraph = Subgraph()
    taken: list[bool] = []

    def noting(
        self: GraphQLEndpoint, headers: AsgiHeaders, body: bytes, reply: Reply
    ) -> ExpressRequest | None:
        begun = begin(self, headers, body, reply)
        taken.append(begun is not None)
        return begun

    monkeypatch.setattr(GraphQLEndpoint, "begin", noting)
    async with (
        serve(subgraph) as server,
        serve_gateway(directory, two_subgraphs(server.url, server.url), **settings) as gateway,
    ):
        warm = Warm(gateway, subgraph, server, taken)
        for _ in range(SERVED_FIRST):
            await gateway.post(QUERY)
        warm.taken.clear()
        try:
            yield warm
        finally:
            for client in warm.clients:
                client.writer.close()


@pytest.fixture
async def warm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Warm]:
    async with warm_gateway(tmp_path, monkeypatch) as warm:
        yield warm


# --- Which requests go express ------------------------------------------------------------------


async def test_an_answer_is_the_same_either_way(
    warm: Warm, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = await warm.connect()
    client.send(request())
    express = await client.answer()
    monkeypatch.setattr(warm.gateway.running._server.config.http_protocol_class, "express", None)
    client.send(request())
    served = await client.answer()
    assert warm.taken == [True]
    assert express == served
    assert served[1] == b'{"data":{"good":"fine"}}'


async def test_header_and_body_may_come_apart(warm: Warm) -> None:
    client = await warm.connect()
    head, _, body = request("a").partition(b"\r\n\r\n")
    for part in (head + b"\r\n\r\n", body[:9], body[9:]):
        client.send(part)
        await asyncio.sleep(0.01)
    assert (await client.answer())[1] == b'{"data":{"good":"a"}}'
    assert warm.taken == [True]


async def test_a_body_that_takes_its_time_is_the_applications_to_wait_for(warm: Warm) -> None:
    client = await warm.connect()
    whole = request("a")
    client.send(whole[:-5])
    await eventually(lambda: warm.in_flight == 1)
    client.send(whole[-5:])
    assert (await client.answer())[1] == b'{"data":{"good":"a"}}'
    assert warm.taken == []


async def test_a_large_body_is_the_applications_to_read(warm: Warm) -> None:
    client = await warm.connect()
    value = "a" * 100_000
    client.send(request(value))
    assert (await client.answer())[1] == f'{{"data":{{"good":"{value}"}}}}'.encode()


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (request(query="{ bad }"), "200 OK"),
        (request(query="mutation { change }"), "200 OK"),
        (request(query="{ nothing }"), "200 OK"),
        (request(content_type="text/plain"), "415 Unsupported Media Type"),
        (request("fine", "accept: image/png"), "406 Not Acceptable"),
        (request("\n"), "400 Bad Request"),
    ],
    ids=["not compiled", "mutation", "not valid", "content type", "accept", "JSON"],
)
async def test_all_others_are_served(warm: Warm, sent: bytes, status: str) -> None:
    client = await warm.connect()
    client.send(sent)
    headers, _ = await client.answer()
    assert headers[":status"] == f"HTTP/1.1 {status}"
    assert True not in warm.taken
    assert warm.in_flight == 0


@pytest.mark.parametrize(
    "sent",
    [
        request().replace(b"HTTP/1.1", b"HTTP/1.0"),
        request("fine", "connection: close"),
        request("fine", "expect: 100-continue"),
        request().replace(b"/graphql", b"/graphql?a=b"),
        request().replace(b"POST", b"PUT"),
    ],
    ids=["HTTP/1.0", "close", "expect", "query string", "method"],
)
async def test_what_is_unusual_in_http_is_not_even_looked_at(warm: Warm, sent: bytes) -> None:
    client = await warm.connect()
    client.send(sent)
    assert (await client.reader.readline()).startswith(b"HTTP/1.1 ")
    assert warm.taken == []


async def test_wrong_values_are_told_as_ever(warm: Warm) -> None:
    response = await warm.gateway.post(QUERY, variables={"value": 7})
    assert response.json()["errors"][0]["message"].startswith("Variable '$value'")
    assert warm.taken == [False]


@pytest.mark.parametrize(
    "settings",
    [
        {"executor": "interpreter"},
        {"sharing": {"operations": True}},
        {"cache": {"entities": {"enabled": True}}},
        {"telemetry": {"otlp_endpoint": "http://127.0.0.1:9"}},
    ],
    ids=lambda settings: next(iter(settings)),
)
async def test_settings_that_need_more_around_an_operation_have_all_served(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: dict[str, Any]
) -> None:
    async with warm_gateway(tmp_path, monkeypatch, **settings) as warm:
        assert (await warm.gateway.post(QUERY)).json() == {"data": {"good": "fine"}}
        assert warm.taken == []


async def test_pages_of_other_origins_get_what_browsers_ask_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    origin = "https://shop.example"
    async with warm_gateway(tmp_path, monkeypatch, cors={"allow_origins": [origin]}) as warm:
        response = await warm.gateway.post(QUERY, headers={"origin": origin})
        assert response.headers["access-control-allow-origin"] == origin
        await warm.gateway.post(QUERY)
        assert warm.taken == [False, True]


async def test_no_more_requests_are_begun_than_allowed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    limits = {"max_concurrent_requests": 1}
    async with warm_gateway(tmp_path, monkeypatch, limits=limits) as warm:
        gate = warm.subgraph.hold("slow")
        first, second = await warm.connect(), await warm.connect()
        first.send(request("slow"))
        await eventually(lambda: warm.in_flight == 1)
        second.send(request())
        assert (await second.answer())[0][":status"] == "HTTP/1.1 503 Service Unavailable"
        gate.set()
        assert (await first.answer())[1] == b'{"data":{"good":"slow"}}'
        assert warm.taken == [True, False]


# --- What belongs to a request ------------------------------------------------------------------


async def test_requests_on_one_connection_are_answered_in_their_order(warm: Warm) -> None:
    gate = warm.subgraph.hold("slow")
    client = await warm.connect()
    client.send(request("slow"), request("a"), request("b", query="{ bad }"))
    client.send(request("c"))
    await asyncio.sleep(0.05)
    gate.set()
    bodies = [(await client.answer())[1] for _ in range(4)]
    client.send(request("d"))
    bodies.append((await client.answer())[1])
    assert [bodies[i][17:-3] for i in (0, 1, 3, 4)] == [b"slow", b"a", b"c", b"d"]
    assert bodies[2] == b'{"data":{"bad":null}}'
    assert warm.taken == [True, True]  # the first and, with nothing before it, the last


async def test_large_answers_are_compressed_for_who_wants_that(warm: Warm) -> None:
    client = await warm.connect()
    for length in (3_000, 65_000):  # at once, and in a thread
        value = "a" * length
        client.send(request(value, "accept-encoding: gzip"))
        headers, body = await client.answer()
        assert headers["content-encoding"] == "gzip"
        assert gzip.decompress(body) == f'{{"data":{{"good":"{value}"}}}}'.encode()
    assert warm.taken[0]


async def test_requests_are_counted_and_logged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    telemetry = {"log_requests": True}
    usage = {"directory": str(tmp_path / "usage")}
    async with warm_gateway(tmp_path, monkeypatch, telemetry=telemetry, usage=usage) as warm:
        before = await warm.metrics()
        client = await warm.connect()
        with capture_logs() as lines:
            client.send(request())
            await client.answer()
        assert warm.taken == [True]
        (line,) = [line for line in lines if line["event"] == "request"]
        assert (line["operation_name"], line["operation_type"]) == ("Q", "query")
        assert (line["status"], line["errors"]) == (200, 0)
        after = await warm.metrics()
        for name in (
            'http_requests_total{endpoint="/graphql",method="POST"',
            'gateway_operation_cache_lookups_total{result="hit"}',
        ):
            assert _value(after, name) == _value(before, name) + 1
        recorder = warm.gateway.running.gateway.usage
        assert recorder is not None
        assert sum(recorder._counts.values()) == SERVED_FIRST + 1


def _value(metrics: str, name: str) -> float:
    (line,) = [line for line in metrics.splitlines() if line.startswith(name)]
    return float(line.rpartition(" ")[2])


async def test_nothing_is_left_for_the_collector(warm: Warm) -> None:
    client = await warm.connect()

    async def ask(times: int) -> None:
        for _ in range(times):
            client.send(request())
            await client.reader.readuntil(b'"fine"}}')

    await ask(3)
    gc.collect()
    gc.disable()
    try:
        await ask(50)
        found = gc.collect()
    finally:
        gc.enable()
    assert all(warm.taken)
    assert found < 50, "each request leaves a cycle"


# --- When something goes wrong ------------------------------------------------------------------


@pytest.mark.parametrize("how", ["end", "reset"])
async def test_a_client_that_leaves_ends_its_subgraph_calls(warm: Warm, how: str) -> None:
    warm.subgraph.hold("slow")
    client = await warm.connect()
    client.send(request("slow"))
    await eventually(lambda: warm.in_flight == 1)
    assert warm.taken == [True]
    client.writer.close() if how == "end" else client.writer.transport.abort()
    await eventually(lambda: warm.in_flight == 0)
    text = await warm.metrics()
    assert 'outcome="cancelled",subgraph="good"} 1.0' in text
    assert 'status="499"' in text


async def test_a_client_that_leaves_while_its_answer_is_compressed(
    warm: Warm, monkeypatch: pytest.MonkeyPatch
) -> None:
    compressing = asyncio.Event()

    async def slowly(body: bytes) -> bytes:
        compressing.set()
        await asyncio.sleep(30)
        return body

    monkeypatch.setattr("gateway.server.answer.gzip_body", slowly)
    client = await warm.connect()
    client.send(request("a" * 3_000, "accept-encoding: gzip"))
    await compressing.wait()
    client.writer.transport.abort()

    async def is_counted() -> bool:
        return 'status="499"' in await warm.metrics()

    await eventually(is_counted)
    assert warm.in_flight == 0


async def test_errors_of_a_subgraph_come_as_ever_and_no_call_is_made_twice(warm: Warm) -> None:
    warm.subgraph.answers["odd"] = http('{"errors":[{"message":"no"}],"data":{"good":null}}')
    client = await warm.connect()
    calls = len(warm.server.requests)
    client.send(request("odd"))
    _, body = await client.answer()
    assert body.startswith(b'{"data":{"good":null},"errors":[{"message":"no"')
    assert len(warm.server.requests) == calls + 1
    assert warm.taken == [True]
    assert 'gateway_graphql_errors_total{outcome="partial"} 1.0' in await warm.metrics()


async def test_the_deadline_ends_slow_calls(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    limits = {"request_timeout_seconds": 0.2}
    async with warm_gateway(tmp_path, monkeypatch, limits=limits) as warm:
        warm.subgraph.hold("slow")
        client = await warm.connect()
        client.send(request("slow"))
        _, body = await client.answer()
        assert b"SUBREQUEST_TIMEOUT" in body
        assert warm.taken == [True]
        assert warm.in_flight == 0


async def test_an_operation_has_a_hard_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.pipeline._GRACE_SECONDS", -0.3)
    limits = {"request_timeout_seconds": 0.5}
    async with warm_gateway(tmp_path, monkeypatch, limits=limits) as warm:
        warm.subgraph.hold("slow")
        client = await warm.connect()
        client.send(request("slow"))
        headers, body = await client.answer()
        assert headers[":status"] == "HTTP/1.1 504 Gateway Timeout"
        assert b"The request was not answered within 0.5 s" in body
        assert warm.taken == [True]
        assert warm.in_flight == 0
        assert 'outcome="cancelled",subgraph="good"} 1.0' in await warm.metrics()


@pytest.mark.parametrize(
    ("broken", "is_taken"),
    [
        ("gateway.server.endpoint.status_of", True),
        ("gateway.express.executed", True),
        ("gateway.transport.express.read_answer", True),
        ("gateway.executor.compiled.run.SubgraphRequest", True),
        ("gateway.pipeline.ExpressOperation", False),
    ],
)
async def test_a_defect_costs_one_request_its_answer_and_nothing_else(
    warm: Warm,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    broken: str,
    is_taken: bool,
) -> None:
    def fail(*_arguments: object, **_more: object) -> None:
        raise RuntimeError("secret")

    client = await warm.connect()
    with monkeypatch.context() as patch, capture_logs() as lines:
        patch.setattr(broken, fail)
        client.send(request())
        _, body = await client.answer()
    assert warm.taken == [is_taken]
    assert b"secret" not in body
    if broken != "gateway.pipeline.ExpressOperation":
        assert b"INTERNAL" in body or b'"good":"fine"' in body
        assert lines or caplog.records
    client.send(request())
    assert (await client.answer())[1] == b'{"data":{"good":"fine"}}'
    assert warm.in_flight == 0


# --- The connection -----------------------------------------------------------------------------


async def test_a_request_under_way_is_answered_before_the_gateway_stops(warm: Warm) -> None:
    gate = warm.subgraph.hold("slow")
    busy, idle = await warm.connect(), await warm.connect()
    idle.send(request())
    await idle.answer()
    busy.send(request("slow"))
    await eventually(lambda: warm.in_flight == 1)
    warm.gateway.running.stop()
    assert await idle.ends()
    gate.set()
    headers, body = await busy.answer()
    assert headers["connection"] == "close"
    assert body == b'{"data":{"good":"slow"}}'
    assert await busy.ends()


async def test_a_connection_may_rest_for_a_while_and_no_longer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with warm_gateway(
        tmp_path, monkeypatch, listen={"port": 0, "keep_alive_seconds": 1}
    ) as warm:
        gate = warm.subgraph.hold("slow")
        client = await warm.connect()
        loop = asyncio.get_running_loop()
        client.send(request())
        await client.answer()
        await asyncio.sleep(0.7)
        client.send(request("slow"))
        await asyncio.sleep(1.2)  # longer than it may rest: it does not
        gate.set()
        await client.answer()
        began = loop.time()
        await asyncio.sleep(0.5)
        client.send(request())
        await client.answer()
        assert await client.ends()
        assert 1.4 < loop.time() - began < 2.5


async def test_a_request_whose_body_is_coming_is_answered_before_the_gateway_stops(
    warm: Warm,
) -> None:
    client = await warm.connect()
    whole = request("a")
    client.send(whole[:-5])
    await asyncio.sleep(0.01)  # less than a body is waited for
    warm.gateway.running.stop()
    await asyncio.sleep(0.01)
    client.send(whole[-5:])
    assert (await client.answer())[1] == b'{"data":{"good":"a"}}'
    assert await client.ends()


async def test_no_more_is_answered_to_a_client_that_does_not_read_than_buffers_hold(
    warm: Warm,
) -> None:
    sent = request("a" * 60_000)
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8 * 1024)
    client.setblocking(False)
    loop = asyncio.get_running_loop()
    await loop.sock_connect(client, ("127.0.0.1", warm.gateway.client.base_url.port))

    def was_asked(times: int) -> bool:
        return len(warm.server.requests) > times

    with contextlib.suppress(TimeoutError):
        for asked in range(len(warm.server.requests), 400):
            async with asyncio.timeout(0.5):
                await loop.sock_sendall(client, sent)
                await eventually(partial(was_asked, asked))
    assert True in warm.taken
    assert len(warm.server.requests) < 300, "24 MB of answers that nobody reads"
    client.close()
    await eventually(lambda: warm.in_flight == 0)
