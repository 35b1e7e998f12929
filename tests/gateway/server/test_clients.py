"""What clients share, how they leave, and what they are sent."""

from __future__ import annotations

import asyncio
import gzip
import socket
import struct
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from gateway.server.body import ClientGoneError
from gateway.server.client_watch import ClientWatch
from gateway.server.compression import accepts_gzip
from tests.gateway.server.supergraphs import two_subgraphs
from tests.testkit.servers import (
    ReceivedRequest,
    ScriptedServer,
    ServedGateway,
    answering,
    eventually,
    http,
    serve,
    serve_gateway,
)

GOOD = http('{"data":{"good":"fine","change":"done"}}')


class Gate:
    """A subgraph that answers when the test says so."""

    def __init__(self, answer: bytes = GOOD) -> None:
        self.open = asyncio.Event()
        self.answer = answer

    async def __call__(self, request: ReceivedRequest, writer: asyncio.StreamWriter) -> bytes:
        await self.open.wait()
        return self.answer


def in_flight(gateway: ServedGateway) -> int:
    return gateway.running.gateway.app.graphql.in_flight


def subgraph_connections(gateway: ServedGateway) -> int:
    return gateway.running.gateway._connections.open_connections()


def count_reaches(subgraph: ScriptedServer, count: int) -> bool:
    return len(subgraph.requests) == count


# --- Leaving -----------------------------------------------------------------------------------


def send(gateway: ServedGateway, query: str) -> socket.socket:
    """Send a request on a connection of its own and do not wait for the answer."""
    port = gateway.client.base_url.port
    assert port is not None
    client = socket.create_connection(("127.0.0.1", port))
    body = b'{"query":"' + query.encode() + b'"}'
    client.sendall(
        b"POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n"
        b"content-length: " + str(len(body)).encode() + b"\r\n\r\n" + body
    )
    return client


def reset(client: socket.socket) -> None:
    """Close with a reset instead of a farewell."""
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.close()


@pytest.mark.parametrize("how", ["close", "reset"])
async def test_a_client_that_leaves_ends_its_subgraph_calls(tmp_path: Path, how: str) -> None:
    gate = Gate()
    async with (
        serve(gate) as subgraph,
        serve_gateway(tmp_path, two_subgraphs(subgraph.url, subgraph.url)) as gateway,
    ):
        clients = [send(gateway, f"{{ a{i}: good }}") for i in range(3)]
        await eventually(lambda: len(subgraph.requests) == 3)
        assert subgraph_connections(gateway) == 3
        for client in clients[:2]:
            client.close() if how == "close" else reset(client)
        await eventually(lambda: in_flight(gateway) == 1)
        await eventually(lambda: subgraph_connections(gateway) == 1)
        gate.open.set()
        await eventually(lambda: in_flight(gateway) == 0)
        text = (await gateway.client.get("/metrics")).text
        assert 'outcome="cancelled",subgraph="good"} 2.0' in text
        assert 'status="499"' in text
        clients[2].close()


async def test_a_client_that_leaves_does_not_end_the_call_of_another(tmp_path: Path) -> None:
    gate = Gate()
    async with (
        serve(gate) as subgraph,
        serve_gateway(tmp_path, two_subgraphs(subgraph.url, subgraph.url)) as gateway,
    ):
        leaver = send(gateway, "{ good }")
        await eventually(lambda: len(subgraph.requests) == 1)
        waiting = [asyncio.create_task(gateway.post("{ good }")) for _ in range(2)]
        await eventually(lambda: in_flight(gateway) == 3)
        reset(leaver)
        await eventually(lambda: in_flight(gateway) == 2)
        gate.open.set()
        for task in waiting:
            assert (await task).json() == {"data": {"good": "fine"}}


async def test_a_mutation_that_has_begun_is_finished(tmp_path: Path) -> None:
    gate = Gate()
    async with (
        serve(gate) as subgraph,
        serve_gateway(tmp_path, two_subgraphs(subgraph.url, subgraph.url)) as gateway,
    ):
        client = send(gateway, "mutation { change again: change }")
        await eventually(lambda: len(subgraph.requests) == 1)
        reset(client)
        await asyncio.sleep(0.05)
        assert in_flight(gateway) == 1
        gate.open.set()
        await eventually(lambda: in_flight(gateway) == 0)
        text = (await gateway.client.get("/metrics")).text
        assert "cancelled" not in text


async def test_under_another_server_leaving_is_noticed_too() -> None:
    left = asyncio.Event()

    async def receive() -> dict[str, Any]:
        await left.wait()
        return {"type": "http.disconnect"}

    async def work(*, finish: bool) -> str:
        async with ClientWatch({}, receive) as client:
            if finish:
                client.finish()
            left.set()
            await asyncio.sleep(0.02)
            return "done"
        raise AssertionError

    with pytest.raises(ClientGoneError):
        await work(finish=False)
    assert await work(finish=True) == "done"


async def test_the_servers_own_end_is_not_taken_for_the_clients() -> None:
    async def receive() -> dict[str, Any]:
        await asyncio.Event().wait()
        return {}

    async def work() -> None:
        async with ClientWatch({}, receive):
            await asyncio.sleep(30)

    task = asyncio.create_task(work())
    await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


# --- Sharing -----------------------------------------------------------------------------------


async def test_equal_operations_share_an_answer_if_that_is_wanted(tmp_path: Path) -> None:
    answers = iter(["one", "two", "three", "four"])
    gate = asyncio.Event()
    gate.set()

    async def script(request: ReceivedRequest, writer: asyncio.StreamWriter) -> bytes:
        value = next(answers)
        await gate.wait()
        return http(f'{{"data":{{"good":"{value}","change":"done"}}}}')

    sharing = {"operations": True, "subgraph_requests": False}
    async with (
        serve(script) as subgraph,
        serve_gateway(
            tmp_path, two_subgraphs(subgraph.url, subgraph.url), sharing=sharing
        ) as gateway,
    ):
        assert (await gateway.post("{ good }")).json() == {"data": {"good": "one"}}
        gate.clear()
        equal = [asyncio.create_task(gateway.post("{ good }")) for _ in range(3)]
        other = asyncio.create_task(
            gateway.post("{ good }", headers={"authorization": "Bearer other"})
        )
        await eventually(lambda: in_flight(gateway) == 4)
        await eventually(lambda: len(subgraph.requests) == 3)
        gate.set()
        assert {(await task).text for task in equal} == {'{"data":{"good":"two"}}'}
        assert (await other).text == '{"data":{"good":"three"}}'
        assert (await gateway.post("{ good }")).json() == {"data": {"good": "four"}}
        text = (await gateway.client.get("/metrics")).text
        assert 'gateway_shared_total{kind="operation"} 2.0' in text


async def test_mutations_do_not_share(tmp_path: Path) -> None:
    gate = Gate()
    async with (
        serve(gate) as subgraph,
        serve_gateway(
            tmp_path, two_subgraphs(subgraph.url, subgraph.url), sharing={"operations": True}
        ) as gateway,
    ):
        for expected in (2, 4):  # unknown to the gateway, and known
            tasks = [asyncio.create_task(gateway.post("mutation { change }")) for _ in range(2)]
            await eventually(partial(count_reaches, subgraph, expected))
            gate.open.set()
            await asyncio.gather(*tasks)
            gate.open.clear()


async def test_subgraph_requests_of_different_callers_are_not_shared(tmp_path: Path) -> None:
    gate = Gate()
    async with (
        serve(gate) as subgraph,
        serve_gateway(tmp_path, two_subgraphs(subgraph.url, subgraph.url)) as gateway,
    ):
        tokens = ["a", "a", "b", None]
        tasks = [
            asyncio.create_task(
                gateway.post("{ good }", headers={"authorization": token} if token else {})
            )
            for token in tokens
        ]
        await eventually(lambda: in_flight(gateway) == 4)
        gate.open.set()
        await asyncio.gather(*tasks)
        assert sorted(r.headers.get("authorization", "") for r in subgraph.requests) == [
            "",
            "a",
            "b",
        ]


# --- Compression -------------------------------------------------------------------------------


async def raw_answer(gateway: ServedGateway, accept_encoding: str | None) -> tuple[str, bytes]:
    reader, writer = await asyncio.open_connection("127.0.0.1", gateway.client.base_url.port)
    body = b'{"query":"{ good }"}'
    accept = f"accept-encoding: {accept_encoding}\r\n" if accept_encoding else ""
    writer.write(
        (
            "POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n"
            f"{accept}connection: close\r\ncontent-length: {len(body)}\r\n\r\n"
        ).encode()
        + body
    )
    answer = await asyncio.wait_for(reader.read(), 10)
    writer.close()
    head, _, content = answer.partition(b"\r\n\r\n")
    return head.decode(), content


@pytest.mark.parametrize("size", [10, 2_000, 300_000])
async def test_answers_are_compressed_for_those_who_ask(tmp_path: Path, size: int) -> None:
    value = "x" * size
    async with (
        serve(answering(http(f'{{"data":{{"good":"{value}"}}}}'))) as subgraph,
        serve_gateway(tmp_path, two_subgraphs(subgraph.url, subgraph.url)) as gateway,
    ):
        plain_head, plain = await raw_answer(gateway, None)
        refused_head, refused = await raw_answer(gateway, "br, gzip;q=0")
        head, compressed = await raw_answer(gateway, "br, gzip")
    assert plain == refused == f'{{"data":{{"good":"{value}"}}}}'.encode()
    assert "content-encoding" not in plain_head + refused_head
    assert "vary: accept, accept-encoding" in plain_head
    assert f"content-length: {len(compressed)}" in head
    if size < 1024:
        assert compressed == plain
    else:
        assert "content-encoding: gzip" in head
        assert len(compressed) < len(plain) / 10
        assert gzip.decompress(compressed) == plain


@pytest.mark.parametrize(
    ("header", "wanted"),
    [
        (b"", False),
        (b"gzip", True),
        (b"GZIP;q=0.5, br", True),
        (b"deflate, br", False),
        (b"*", True),
        (b"*;q=0", False),
        (b"gzip;q=0, *", False),
        (b"identity, *;q=0.1", True),
        (b"gzip;q=x", False),
        (b"\xff,,;;=", False),
    ],
)
def test_who_asks_for_gzip(header: bytes, wanted: bool) -> None:
    assert accepts_gzip(header) is wanted
