"""`Http2SubgraphClient` against a real HTTP/2 server that behaves well, badly, or not at all."""

from __future__ import annotations

import asyncio
import gzip
import json
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import trustme

from gateway.transport.base import SubgraphCallError, SubgraphRequest
from gateway.transport.by_version import clients_by_version
from gateway.transport.http import HttpConnections
from gateway.transport.http2 import Http2Connections, Http2SubgraphClient
from gateway.transport.route import HttpTarget, InvalidTargetError
from subgraph_kit.embedded import free_ports
from tests.testkit.http2_server import Answer, Http2Request, Http2Stream, serve_http2
from tests.testkit.servers import answering as scripted
from tests.testkit.servers import http, serve

OK = b'{"data":{"a":1}}'
QUERY = SubgraphRequest(subgraph="products", operation="{ a }")


def answering(body: bytes, status: int = 200, **headers: str) -> Answer:
    async def answer(_: Http2Request, stream: Http2Stream) -> None:
        stream.start(status, **headers)
        await stream.send(body)

    return answer


@asynccontextmanager
async def client_for(url: str, **target: Any) -> AsyncIterator[Http2SubgraphClient]:
    connections = Http2Connections(max_requests=10)
    settings = HttpTarget(url=url, **{"timeout_seconds": 5.0, "max_body_bytes": 100_000, **target})
    client = Http2SubgraphClient({"products": settings}, connections)
    try:
        yield client
    finally:
        await client.close()
        await connections.close()


async def failure(answer: Answer, **target: Any) -> SubgraphCallError:
    async with serve_http2(answer) as server, client_for(server.url, **target) as client:
        with pytest.raises(SubgraphCallError) as caught:
            await client.execute(QUERY)
    assert caught.value.subgraph == "products"
    assert "127.0.0.1" not in caught.value.message
    return caught.value


async def test_posts_the_request_over_http_2_and_reads_the_answer() -> None:
    request = SubgraphRequest(
        subgraph="products",
        operation="query Q($id: ID!) { a(id: $id) }",
        operation_name="Q",
        variables={"id": "ü1", "big": 2**80},
        headers={"authorization": "Bearer secret", "x-own": "theirs"},
    )
    own = {"x-own": "ours"}
    async with serve_http2(answering(OK)) as server, client_for(server.url, headers=own) as client:
        assert (await client.execute(request)).data == {"a": 1}

    [received] = server.requests
    headers = received.headers
    assert headers[":path"] == "/graphql"
    assert headers["authorization"] == "Bearer secret"
    assert headers["x-own"] == "ours"
    assert headers["content-type"] == "application/json"
    assert json.loads(received.body) == {
        "query": request.operation,
        "operationName": "Q",
        "variables": {"id": "ü1", "big": 2**80},
    }


async def test_calls_at_once_share_one_connection() -> None:
    async def answer(request: Http2Request, stream: Http2Stream) -> None:
        await asyncio.sleep(0.02)
        await answering(OK)(request, stream)

    async with serve_http2(answer) as server, client_for(server.url) as client:
        await client.execute(QUERY)
        await asyncio.gather(*(client.execute(QUERY) for _ in range(8)))

    assert server.connections == 1


async def test_user_and_password_of_the_url_become_a_header() -> None:
    async with serve_http2(answering(OK)) as server:
        url = server.url.replace("http://", "http://me:se%40cret@")
        async with client_for(url) as client:
            await client.execute(QUERY)

    assert server.requests[0].headers["authorization"] == "Basic bWU6c2VAY3JldA=="


async def test_reads_a_compressed_answer() -> None:
    answer = answering(gzip.compress(OK), content_encoding="gzip")
    async with serve_http2(answer) as server, client_for(server.url) as client:
        assert (await client.execute(QUERY)).data == {"a": 1}


@pytest.mark.parametrize("trusted", [True, False])
async def test_speaks_tls_to_a_peer_it_trusts_and_to_no_other(
    tmp_path: Path, trusted: bool
) -> None:
    authority = trustme.CA()
    ca_file = tmp_path / "ca.pem"
    (authority if trusted else trustme.CA()).cert_pem.write_to_path(str(ca_file))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    async with (
        serve_http2(answering(OK), tls=context) as server,
        client_for(server.url, ca_file=ca_file) as client,
    ):
        if trusted:
            assert (await client.execute(QUERY)).data == {"a": 1}
        else:
            with pytest.raises(SubgraphCallError, match="certificate is not valid"):
                await client.execute(QUERY)
            assert server.requests == []


async def test_a_subgraph_that_hangs_is_a_time_out() -> None:
    async def hang(_: Http2Request, stream: Http2Stream) -> None:
        await asyncio.Event().wait()

    error = await failure(hang, timeout_seconds=0.1)
    assert (error.code, "within 0.1 s" in error.message) == ("SUBREQUEST_TIMEOUT", True)


async def test_a_body_beyond_the_limit_is_given_up() -> None:
    assert (await failure(answering(b" " * 200_000))).code == "SUBREQUEST_TOO_LARGE"


async def test_a_small_body_that_unpacks_beyond_the_limit_is_given_up() -> None:
    bomb = answering(gzip.compress(b" " * 1_000_000), content_encoding="gzip")
    assert (await failure(bomb)).code == "SUBREQUEST_TOO_LARGE"


async def test_an_answer_that_breaks_off_is_a_lost_connection() -> None:
    async def break_off(_: Http2Request, stream: Http2Stream) -> None:
        stream.start()
        await stream.send(OK[:5], end=False)
        await asyncio.sleep(0.05)
        stream.break_off()

    error = await failure(break_off)
    assert error.code == "SUBREQUEST_CONNECTION_ERROR"


async def test_a_redirect_is_not_followed() -> None:
    error = await failure(answering(b"", 302, location="http://127.0.0.1:1/"))
    assert (error.code, error.status) == ("SUBREQUEST_HTTP_ERROR", 302)


async def test_nobody_listening_is_said_without_the_address() -> None:
    port = free_ports(1)[0]
    async with client_for(f"http://127.0.0.1:{port}/") as client:
        with pytest.raises(SubgraphCallError, match="the connection was refused") as caught:
            await client.execute(QUERY)
    assert str(port) not in caught.value.message


async def test_a_peer_that_speaks_something_else_is_an_error() -> None:
    async def shout(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(shout, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server, client_for(f"http://127.0.0.1:{port}/") as client:
        with pytest.raises(SubgraphCallError) as caught:
            await client.execute(QUERY)
    assert caught.value.code in ("SUBREQUEST_CONNECTION_ERROR", "SUBREQUEST_MALFORMED_RESPONSE")


async def test_a_call_that_is_cancelled_leaves_the_connection_usable() -> None:
    began = asyncio.Event()

    async def answer(request: Http2Request, stream: Http2Stream) -> None:
        if not began.is_set():
            began.set()
            await asyncio.Event().wait()
        await answering(OK)(request, stream)

    async with serve_http2(answer) as server, client_for(server.url) as client:
        call = asyncio.create_task(client.execute(QUERY))
        await began.wait()
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        assert (await client.execute(QUERY)).data == {"a": 1}
    assert server.connections == 1


async def test_each_subgraph_is_called_in_its_own_protocol() -> None:
    async with serve(scripted(http(OK))) as old, serve_http2(answering(OK)) as new:
        http_1, http_2 = HttpConnections(), Http2Connections()
        client = clients_by_version(
            {"old": HttpTarget(url=old.url), "new": HttpTarget(url=new.url, http_version="2")},
            http_1,
            http_2,
        )
        for name in ("old", "new"):
            await client.execute(SubgraphRequest(subgraph=name, operation="{ a }"))
        await client.close()
        http_1.close()
        await http_2.close()

    assert (len(old.requests), len(new.requests)) == (1, 1)


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    targets = {"new": HttpTarget(url="http://localhost/", http_version="2")}

    with pytest.raises(InvalidTargetError, match=r"pip install 'dictamesh\[http2\]'"):
        clients_by_version(targets, HttpConnections(), Http2Connections())


def test_tls_files_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    target = HttpTarget(url="https://localhost/", ca_file=tmp_path / "none.pem", http_version="2")

    with pytest.raises(InvalidTargetError, match='TLS files of subgraph "new" cannot be read'):
        Http2SubgraphClient({"new": target}, Http2Connections())
