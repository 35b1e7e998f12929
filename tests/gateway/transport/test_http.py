"""`HttpSubgraphClient` against real TCP servers that behave well, badly, or not at all."""

from __future__ import annotations

import asyncio
import gzip
import ssl
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest
import trustme

from gateway.transport.base import SubgraphCallError, SubgraphRequest
from gateway.transport.http import HttpConnections, HttpSubgraphClient
from gateway.transport.route import HttpTarget, InvalidTargetError
from tests.testkit.servers import (
    ReceivedRequest,
    Script,
    answering,
    http,
    serve,
)

OK = b'{"data":{"a":1}}'
QUERY = SubgraphRequest(subgraph="products", operation="{ a }")
MUTATION = SubgraphRequest(subgraph="products", operation="mutation { a }", is_mutation=True)


@asynccontextmanager
async def client_for(
    url: str,
    *,
    timeout_seconds: float = 5.0,
    max_body_bytes: int = 1_000_000,
    max_connections: int = 10,
    headers: dict[str, str] | None = None,
    **target: object,
) -> AsyncIterator[HttpSubgraphClient]:
    connections = HttpConnections(max_connections=max_connections)
    settings = HttpTarget(
        url=url,
        timeout_seconds=timeout_seconds,
        max_body_bytes=max_body_bytes,
        headers=headers or {},
        **target,  # type: ignore[arg-type]  # the tests pass what HttpTarget takes
    )
    client = HttpSubgraphClient({"products": settings}, connections)
    try:
        yield client
    finally:
        await client.close()
        connections.close()


async def failure(script: Script, *, request: SubgraphRequest = QUERY, **target: object) -> str:
    """The code of the error a call gets from a server with this script."""
    async with serve(script) as server, client_for(server.url, **target) as client:  # type: ignore[arg-type]  # as above
        with pytest.raises(SubgraphCallError) as caught:
            await client.execute(request)
    assert caught.value.subgraph == "products"
    assert "products" in caught.value.message
    assert str(server.port) not in caught.value.message
    return caught.value.code


# --- The good case -----------------------------------------------------------------------------


async def test_posts_the_request_as_json_and_reads_the_answer() -> None:
    answer = b'{"data":{"a":1},"errors":[{"message":"m"}],"extensions":{"cost":2}}'
    async with serve(answering(http(answer))) as server, client_for(server.url) as client:
        response = await client.execute(
            SubgraphRequest(
                subgraph="products",
                operation="query Q($id: ID!) { a(id: $id) }",
                operation_name="Q",
                variables={"id": "ü1", "big": 2**80},
                headers={"authorization": "Bearer secret"},
            )
        )
    assert response.data == {"a": 1}
    assert list(response.errors) == [{"message": "m"}]
    assert response.extensions == {"cost": 2}
    [request] = server.requests
    assert request.target == "/graphql"
    assert request.json == {
        "query": "query Q($id: ID!) { a(id: $id) }",
        "operationName": "Q",
        "variables": {"id": "ü1", "big": 2**80},
    }
    assert request.headers["authorization"] == "Bearer secret"
    assert request.headers["content-type"] == "application/json"
    assert request.headers["host"] == f"127.0.0.1:{server.port}"
    assert "application/graphql-response+json" in request.headers["accept"]


async def test_keeps_connections_and_shares_them_between_calls() -> None:
    async with serve(answering(http(OK))) as server, client_for(server.url) as client:
        for _ in range(5):
            await client.execute(QUERY)
        assert server.connections == 1
        await asyncio.gather(*(client.execute(QUERY) for _ in range(4)))
        assert server.connections <= 4


async def test_reads_chunked_bodies_arriving_byte_by_byte() -> None:
    async def script(request: ReceivedRequest, writer: asyncio.StreamWriter) -> bytes:
        writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")
        for byte in OK:
            writer.write(b"1\r\n" + bytes([byte]) + b"\r\n")
            await writer.drain()
        return b"0\r\n\r\n"

    async with serve(script) as server, client_for(server.url) as client:
        assert (await client.execute(QUERY)).data == {"a": 1}
        assert (await client.execute(QUERY)).data == {"a": 1}
        assert server.connections == 1


async def test_reads_gzip_bodies() -> None:
    answer = http(gzip.compress(OK), headers={"content-encoding": "gzip"})
    async with serve(answering(answer)) as server, client_for(server.url) as client:
        assert (await client.execute(QUERY)).data == {"a": 1}
    assert server.requests[0].headers["accept-encoding"] == "gzip"


async def test_reads_a_body_that_lasts_until_the_connection_ends() -> None:
    async def script(request: ReceivedRequest, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n" + OK)

    async with serve(script) as server, client_for(server.url) as client:
        assert (await client.execute(QUERY)).data == {"a": 1}
        assert (await client.execute(QUERY)).data == {"a": 1}
    assert server.connections == 2


@pytest.mark.parametrize("status", [400, 401, 500, 503])
async def test_uses_a_graphql_answer_whatever_its_status(status: int) -> None:
    answer = http(
        '{"errors":[{"message":"no"}]}',
        status=status,
        content_type="application/graphql-response+json",
    )
    async with serve(answering(answer)) as server, client_for(server.url) as client:
        response = await client.execute(QUERY)
    assert response.data is None
    assert response.errors[0]["message"] == "no"


async def test_gives_errors_without_message_one() -> None:
    answer = http('{"data":null,"errors":[{"path":["a"]}]}')
    async with serve(answering(answer)) as server, client_for(server.url) as client:
        assert (await client.execute(QUERY)).errors[0]["message"]


async def test_sends_configured_headers_and_prefers_them_to_forwarded_ones() -> None:
    request = SubgraphRequest("products", "{ a }", headers={"x-key": "client's"})
    async with (
        serve(answering(http(OK))) as server,
        client_for(server.url, headers={"x-key": "configured"}) as client,
    ):
        await client.execute(request)
    assert server.requests[0].headers["x-key"] == "configured"


async def test_a_header_with_a_line_break_is_not_sent() -> None:
    request = SubgraphRequest("products", "{ a }", headers={"x-a": "1\r\nx-evil: 2"})
    async with serve(answering(http(OK))) as server, client_for(server.url) as client:
        await client.execute(request)
    assert "x-evil" not in server.requests[0].headers
    assert "x-a" not in server.requests[0].headers


# --- What is no answer -------------------------------------------------------------------------


@pytest.mark.parametrize(
    "answer",
    [
        http("<html>Bad gateway</html>", content_type="text/html"),
        http('{"data":{"a":'),
        http(""),
        http("null"),
        http("[]"),
        http('{"data":[]}'),
        http('{"hello":"world"}'),
        http('{"errors":[]}'),
        http('{"errors":"no"}'),
        http('{"errors":["no"]}'),
        http("[" * 200_000),
        http(b'{"data":{"a":"\xff"}}'),
        http('{"data":{"a":NaN}}'),
        http(OK, headers={"content-encoding": "gzip"}),
        http(gzip.compress(OK)[:-4], headers={"content-encoding": "gzip"}),
        http(OK, headers={"content-encoding": "br"}),
        b"SSH-2.0-OpenSSH_9.2\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: many\r\n\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: upgrade\r\n\r\n",
    ],
)
async def test_what_is_no_graphql_answer_is_malformed(answer: bytes) -> None:
    assert await failure(answering(answer)) == "SUBREQUEST_MALFORMED_RESPONSE"


@pytest.mark.parametrize("status", [301, 404, 429, 500, 502])
async def test_a_bad_status_without_graphql_answer_is_an_http_error(status: int) -> None:
    page = http("<h1>secret stack trace</h1>", status=status, content_type="text/html")
    async with serve(answering(page)) as server, client_for(server.url) as client:
        with pytest.raises(SubgraphCallError) as caught:
            await client.execute(QUERY)
    assert caught.value.code == "SUBREQUEST_HTTP_ERROR"
    assert caught.value.status == status
    assert str(status) in caught.value.message
    assert "secret" not in caught.value.message


async def test_tells_how_long_the_subgraph_asked_to_wait() -> None:
    answer = http("slow down", status=429, headers={"retry-after": "7"})
    async with serve(answering(answer)) as server, client_for(server.url) as client:
        with pytest.raises(SubgraphCallError) as caught:
            await client.execute(QUERY)
    assert caught.value.retry_after_seconds == 7.0


async def test_a_peer_that_closes_in_the_middle_is_a_connection_error() -> None:
    async def script(request: ReceivedRequest, writer: asyncio.StreamWriter) -> None:
        writer.write(http(OK)[:-3])
        await writer.drain()

    assert await failure(script) == "SUBREQUEST_CONNECTION_ERROR"


async def test_a_peer_that_closes_without_a_byte_is_a_connection_error() -> None:
    async def script(request: ReceivedRequest, writer: asyncio.StreamWriter) -> None:
        return None

    assert await failure(script) == "SUBREQUEST_CONNECTION_ERROR"


async def test_an_unfinished_chunked_body_is_a_connection_error() -> None:
    async def script(request: ReceivedRequest, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\n{")

    assert await failure(script) == "SUBREQUEST_CONNECTION_ERROR"


async def test_a_refused_connection_is_a_connection_error() -> None:
    async with serve(answering(b"")) as server:
        url = server.url
    async with client_for(url) as client:
        with pytest.raises(SubgraphCallError) as caught:
            await client.execute(QUERY)
    assert caught.value.code == "SUBREQUEST_CONNECTION_ERROR"
    assert "refused" in caught.value.message


async def test_a_subgraph_without_a_route_says_where_to_set_one() -> None:
    async with client_for("http://127.0.0.1:1/") as client:
        with pytest.raises(SubgraphCallError, match=r"subgraphs\.other\.url"):
            await client.execute(SubgraphRequest("other", "{ a }"))


async def test_a_silent_peer_is_a_timeout_and_its_connection_is_not_used_again() -> None:
    async def script(request: ReceivedRequest, writer: asyncio.StreamWriter) -> bytes:
        if request.number == 1:
            await asyncio.sleep(30)
        return http(OK)

    async with serve(script) as server, client_for(server.url, timeout_seconds=0.1) as client:
        started = time.monotonic()
        with pytest.raises(SubgraphCallError) as caught:
            await client.execute(QUERY)
        assert caught.value.code == "SUBREQUEST_TIMEOUT"
        assert "0.1 s" in caught.value.message
        assert time.monotonic() - started < 4  # instead of 30, on a busy machine
        assert (await client.execute(QUERY)).data == {"a": 1}
        assert server.connections == 2


async def test_a_peer_that_drips_is_a_timeout() -> None:
    async def script(request: ReceivedRequest, writer: asyncio.StreamWriter) -> bytes:
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n")
        while True:
            writer.write(b" ")
            await asyncio.sleep(0.02)

    assert await failure(script, timeout_seconds=0.15) == "SUBREQUEST_TIMEOUT"


async def test_waiting_for_a_free_connection_counts_against_the_timeout() -> None:
    release = asyncio.Event()

    async def script(request: ReceivedRequest, writer: asyncio.StreamWriter) -> bytes:
        await release.wait()
        return http(OK)

    async with (
        serve(script) as server,
        client_for(server.url, timeout_seconds=0.3, max_connections=1) as client,
    ):
        calls = [asyncio.create_task(client.execute(QUERY)) for _ in range(3)]
        outcomes = await asyncio.gather(*calls, return_exceptions=True)
        assert [type(o) for o in outcomes] == [SubgraphCallError] * 3
        assert server.connections <= 3
        release.set()
        assert (await client.execute(QUERY)).data == {"a": 1}


async def test_many_calls_take_turns_on_few_connections() -> None:
    async def script(request: ReceivedRequest, writer: asyncio.StreamWriter) -> bytes:
        await asyncio.sleep(0.001)
        return http(OK)

    async with serve(script) as server, client_for(server.url, max_connections=3) as client:
        answers = await asyncio.gather(*(client.execute(QUERY) for _ in range(60)))
    assert all(answer.data == {"a": 1} for answer in answers)
    assert server.connections == 3
    assert len(server.requests) == 60


async def test_cancelling_callers_never_loses_a_connection() -> None:
    async def script(request: ReceivedRequest, writer: asyncio.StreamWriter) -> bytes:
        await asyncio.sleep(0.005)
        return http(OK)

    async with serve(script) as server, client_for(server.url, max_connections=2) as client:
        calls = [asyncio.create_task(client.execute(QUERY)) for _ in range(40)]
        for index, call in enumerate(calls):
            if index % 3:
                await asyncio.sleep(0.001)
                call.cancel()
        await asyncio.gather(*calls, return_exceptions=True)
        assert (await client.execute(QUERY)).data == {"a": 1}


# --- Limits ------------------------------------------------------------------------------------


async def test_an_announced_huge_body_is_refused_before_it_is_read() -> None:
    async def script(request: ReceivedRequest, writer: asyncio.StreamWriter) -> bytes:
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 999999999\r\n\r\n")
        await asyncio.sleep(30)
        return b""

    assert await failure(script, max_body_bytes=1000) == "SUBREQUEST_TOO_LARGE"


async def test_a_chunked_body_without_end_is_refused() -> None:
    async def script(request: ReceivedRequest, writer: asyncio.StreamWriter) -> bytes:
        writer.write(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")
        while True:
            writer.write(b"400\r\n" + b" " * 1024 + b"\r\n")
            await writer.drain()

    assert await failure(script, max_body_bytes=10_000) == "SUBREQUEST_TOO_LARGE"


async def test_a_gzip_bomb_is_refused() -> None:
    bomb = http(gzip.compress(b" " * 50_000_000), headers={"content-encoding": "gzip"})
    assert await failure(answering(bomb)) == "SUBREQUEST_TOO_LARGE"


@pytest.mark.parametrize("line", [b"x-a: " + b"a" * 1000 + b"\r\n", b"x-a: " + b"a" * 1000])
async def test_a_header_without_end_is_refused(line: bytes) -> None:
    async def script(request: ReceivedRequest, writer: asyncio.StreamWriter) -> bytes:
        writer.write(b"HTTP/1.1 200 OK\r\n")
        while True:
            writer.write(line)
            await writer.drain()

    code = await failure(script)
    assert code in ("SUBREQUEST_TOO_LARGE", "SUBREQUEST_MALFORMED_RESPONSE")


# --- Stale connections -------------------------------------------------------------------------


def closing_after_first(server_state: list[int]) -> Script:
    """Answers the first request of a connection, closes at the second without an answer."""

    async def script(request: ReceivedRequest, writer: asyncio.StreamWriter) -> bytes | None:
        server_state.append(request.connection)
        return http(OK) if server_state.count(request.connection) == 1 else None

    return script


async def test_a_query_on_a_stale_connection_is_sent_once_more() -> None:
    async with (
        serve(closing_after_first([])) as server,
        client_for(server.url) as client,
    ):
        for _ in range(3):
            assert (await client.execute(QUERY)).data == {"a": 1}
    assert [request.connection for request in server.requests] == [1, 1, 2, 2, 3]


async def test_a_mutation_is_never_sent_twice() -> None:
    async with (
        serve(closing_after_first([])) as server,
        client_for(server.url) as client,
    ):
        await client.execute(MUTATION)
        with pytest.raises(SubgraphCallError) as caught:
            await client.execute(MUTATION)
    assert caught.value.code == "SUBREQUEST_CONNECTION_ERROR"
    assert len(server.requests) == 2


async def test_a_query_that_got_half_an_answer_is_not_sent_again() -> None:
    async def script(request: ReceivedRequest, writer: asyncio.StreamWriter) -> bytes | None:
        if request.number == 1:
            return http(OK)
        writer.write(http(OK)[:20])
        await writer.drain()
        return None

    async with serve(script) as server, client_for(server.url) as client:
        await client.execute(QUERY)
        with pytest.raises(SubgraphCallError):
            await client.execute(QUERY)
    assert len(server.requests) == 2


async def test_bytes_nobody_asked_for_end_the_connection() -> None:
    async with (
        serve(answering(http(OK) + http('{"data":{"a":"forged"}}'))) as server,
        client_for(server.url) as client,
    ):
        for _ in range(3):
            assert (await client.execute(QUERY)).data == {"a": 1}
    assert server.connections == 3


async def test_a_server_that_restarts_is_found_again() -> None:
    async with AsyncExitStack() as stack:
        first = AsyncExitStack()
        server = await first.enter_async_context(serve(answering(http(OK))))
        client = await stack.enter_async_context(client_for(server.url))
        await client.execute(QUERY)
        await first.aclose()
        with pytest.raises(SubgraphCallError):
            await client.execute(QUERY)
        again = serve(answering(http('{"data":{"a":2}}')), port=server.port)
        await stack.enter_async_context(again)
        assert (await client.execute(QUERY)).data == {"a": 2}


# --- TLS ---------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


def server_context(authority: trustme.CA, host: str = "127.0.0.1") -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(host).configure_cert(context)
    return context


async def test_speaks_tls_to_a_peer_with_a_trusted_certificate(
    authority: trustme.CA, tmp_path: Path
) -> None:
    ca_file = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(ca_file))
    async with (
        serve(answering(http(OK)), tls=server_context(authority)) as server,
        client_for(server.url, ca_file=ca_file) as client,
    ):
        for _ in range(3):
            assert (await client.execute(QUERY)).data == {"a": 1}
    assert server.connections == 1


@pytest.mark.parametrize("trusted", [True, False])
async def test_refuses_a_certificate_it_cannot_trust(
    authority: trustme.CA, tmp_path: Path, trusted: bool
) -> None:
    ca_file = tmp_path / "ca.pem"
    (authority if trusted else trustme.CA()).cert_pem.write_to_path(str(ca_file))
    context = server_context(authority, "other.example" if trusted else "127.0.0.1")
    async with (
        serve(answering(http(OK)), tls=context) as server,
        client_for(server.url, ca_file=ca_file) as client,
    ):
        with pytest.raises(SubgraphCallError, match="certificate is not valid") as caught:
            await client.execute(QUERY)
    assert caught.value.code == "SUBREQUEST_CONNECTION_ERROR"
    assert server.requests == []


async def test_shows_its_own_certificate_where_one_is_asked_for(
    authority: trustme.CA, tmp_path: Path
) -> None:
    ca_file, own_file = tmp_path / "ca.pem", tmp_path / "own.pem"
    authority.cert_pem.write_to_path(str(ca_file))
    authority.issue_cert("gateway.example").private_key_and_cert_chain_pem.write_to_path(
        str(own_file)
    )
    context = server_context(authority)
    context.verify_mode = ssl.CERT_REQUIRED
    authority.configure_trust(context)
    async with serve(answering(http(OK)), tls=context) as server:
        async with client_for(
            server.url, ca_file=ca_file, client_certificate_file=own_file
        ) as client:
            assert (await client.execute(QUERY)).data == {"a": 1}
        async with client_for(server.url, ca_file=ca_file) as client:
            with pytest.raises(SubgraphCallError):
                await client.execute(QUERY)


def test_a_missing_tls_file_is_told_at_once() -> None:
    target = HttpTarget(url="https://host/", ca_file=Path("no-such-file.pem"))
    with pytest.raises(InvalidTargetError, match="No such file"):
        HttpSubgraphClient({"products": target}, HttpConnections())


# --- Bad settings ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "url", ["", "products", "ftp://host/", "http://", "http://host:port/", "http://host/a b"]
)
def test_a_url_that_cannot_be_called_is_told_at_once(url: str) -> None:
    async def build() -> None:
        HttpSubgraphClient({"products": HttpTarget(url=url)}, HttpConnections())

    with pytest.raises(InvalidTargetError, match="products"):
        asyncio.run(build())


def test_a_configured_header_with_a_line_break_is_told_at_once() -> None:
    target = HttpTarget(url="http://host/", headers={"x-key": "a\nb"})
    with pytest.raises(InvalidTargetError, match="x-key"):
        HttpSubgraphClient({"products": target}, HttpConnections())


async def test_credentials_of_the_url_win_over_forwarded_ones() -> None:
    async with serve(answering(http(b'{"data":{}}'))) as server:
        url = server.url.replace("http://", "http://ada:secret@")
        async with client_for(url) as client:
            headers = {"authorization": "Bearer of-the-client", "x-tenant": "a"}
            await client.execute(SubgraphRequest("products", "{ a }", headers=headers))
    received = server.requests[-1].headers
    assert received["authorization"].startswith("Basic ")
    assert received["x-tenant"] == "a"
