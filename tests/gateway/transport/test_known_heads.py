"""Answers whose head came before: read without the parser, and never otherwise than by it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import httptools
import pytest

from gateway.transport import connection
from gateway.transport.base import SubgraphCallError
from gateway.transport.known_heads import KnownHeads
from tests.gateway.transport.test_http import QUERY, client_for
from tests.testkit.servers import ReceivedRequest, Script, http, serve

HEAD = (
    b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\ndate: now\r\n\r\n"
)
HEADERS = {"content-type": "application/json"}


def answer(body: bytes, head: bytes = HEAD) -> bytes:
    return head % len(body) + body


def knowing(head: bytes = HEAD) -> KnownHeads:
    heads = KnownHeads()
    heads.learn(answer(b"{}", head), b"{}", HEADERS)
    return heads


def test_knows_a_head_with_another_length() -> None:
    data = answer(b'{"data":null}')
    assert knowing().read(data) == (HEADERS, 13, len(data) - 13)


def test_knows_a_head_before_the_body_has_come() -> None:
    assert knowing().read(answer(b"x" * 70_000)[:200]) is not None


@pytest.mark.parametrize(
    "head",
    [
        HEAD.replace(b"now", b"later"),
        HEAD.replace(b"200 OK", b"500 OK"),
        HEAD.replace(b"date", b"content-length: 1\r\ndate"),
        HEAD.replace(b"%d", b"+%d"),
        HEAD.replace(b"%d", b"%d "),
        HEAD[: HEAD.index(b"date")],
    ],
)
def test_does_not_know_another_head(head: bytes) -> None:
    assert knowing().read(answer(b"{}", head)) is None


@pytest.mark.parametrize(
    "head",
    [
        HEAD.replace(b"200", b"404"),
        HEAD.replace(b"content-length: %d", b"transfer-encoding: chunked%.0d"),
        HEAD.replace(b"date", b"Content-Length: 2\r\ndate"),
        HEAD.replace(b"date", b"x: " + b"x" * 4096 + b"\r\ndate"),
    ],
)
def test_does_not_learn_what_is_unusual(head: bytes) -> None:
    assert knowing(head).read(answer(b"{}", head)) is None


def test_does_not_learn_from_more_than_one_answer() -> None:
    heads = KnownHeads()
    heads.learn(answer(b"{}") + answer(b"{}"), b"{}", HEADERS)
    assert heads.read(answer(b"{}")) is None


def test_keeps_a_bounded_number() -> None:
    heads = KnownHeads()
    for number in range(1000):
        heads.learn(answer(b"{}").replace(b"now", b"%d" % number), b"{}", HEADERS)
    assert len(heads) < 500


@pytest.fixture
def parsed(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """What parsers got to see; nothing is known at first."""
    seen: list[bytes] = []

    class Parser(httptools.HttpResponseParser):
        def feed_data(self, data: bytes) -> None:  # type: ignore[override] # nothing else comes
            seen.append(data)
            super().feed_data(data)

    monkeypatch.setattr(httptools, "HttpResponseParser", Parser)
    monkeypatch.setattr(connection, "_known_heads", KnownHeads())
    return seen


def in_pieces(*answers: Sequence[bytes]) -> Script:
    """The n-th request is answered by the n-th answer, each piece on its own."""

    async def script(request: ReceivedRequest, writer: asyncio.StreamWriter) -> bytes:
        *pieces, last = answers[request.number - 1]
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(0.02)
        return last

    return script


def body(number: int, *, size: int = 0) -> bytes:
    return b'{"data":{"a":%d}}%s' % (number, b" " * size)


async def test_parses_the_first_of_equal_heads(parsed: list[bytes]) -> None:
    script = in_pieces(*([http(body(number))] for number in (1, 22, 333)))
    async with serve(script) as server, client_for(server.url) as client:
        found = [(await client.execute(QUERY)).data for _ in range(3)]
    assert found == [{"a": 1}, {"a": 22}, {"a": 333}]
    assert len(parsed) == 1
    assert server.connections == 1


async def test_reads_a_body_in_pieces(parsed: list[bytes]) -> None:
    long = http(body(2, size=9000))
    script = in_pieces([http(body(1))], [long[:100], long[100:5000], long[5000:]], [http(body(3))])
    async with serve(script) as server, client_for(server.url) as client:
        found = [(await client.execute(QUERY)).data for _ in range(3)]
    assert found == [{"a": 1}, {"a": 2}, {"a": 3}]
    assert len(parsed) == 1


async def test_more_than_was_announced_ends_the_connection(parsed: list[bytes]) -> None:
    long = http(body(2, size=9000))
    script = in_pieces([http(body(1))], [long[:100], long[100:] + http(body(9))], [http(body(3))])
    async with serve(script) as server, client_for(server.url) as client:
        found = [(await client.execute(QUERY)).data for _ in range(3)]
    assert found == [{"a": 1}, {"a": 2}, {"a": 3}]
    assert server.connections == 2


async def test_two_answers_at_once_are_the_parsers_to_see(parsed: list[bytes]) -> None:
    script = in_pieces([http(body(1))], [http(body(2)) + http(body(9))], [http(body(3))])
    async with serve(script) as server, client_for(server.url) as client:
        found = [(await client.execute(QUERY)).data for _ in range(3)]
    assert found == [{"a": 1}, {"a": 2}, {"a": 3}]
    assert len(parsed) == 2
    assert server.connections == 2


async def test_a_body_that_is_too_large_is_refused(parsed: list[bytes]) -> None:
    script = in_pieces([http(body(1))], [http(body(2, size=500))])
    async with serve(script) as server, client_for(server.url, max_body_bytes=400) as client:
        await client.execute(QUERY)
        with pytest.raises(SubgraphCallError) as caught:
            await client.execute(QUERY)
    assert caught.value.code == "SUBREQUEST_TOO_LARGE"


async def test_a_peer_that_closes_in_the_middle_is_a_connection_error(parsed: list[bytes]) -> None:
    async def script(request: ReceivedRequest, writer: asyncio.StreamWriter) -> bytes | None:
        if request.number == 1:
            return http(body(1))
        writer.write(http(body(2, size=500))[:200])
        await writer.drain()
        return None

    async with serve(script) as server, client_for(server.url) as client:
        await client.execute(QUERY)
        with pytest.raises(SubgraphCallError) as caught:
            await client.execute(QUERY)
    assert caught.value.code == "SUBREQUEST_CONNECTION_ERROR"
    assert len(parsed) == 1


async def test_a_connection_that_is_to_end_is_not_known(parsed: list[bytes]) -> None:
    closing = http(body(1), headers={"connection": "close"})
    async with (
        serve(in_pieces([closing], [closing])) as server,
        client_for(server.url) as client,
    ):
        for _ in range(2):
            assert (await client.execute(QUERY)).data == {"a": 1}
    assert len(parsed) == 2
    assert server.connections == 2
