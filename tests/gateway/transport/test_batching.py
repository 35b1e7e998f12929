"""Entity calls that are gathered give every caller exactly what it would have got alone."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from gateway.context import SecurityContext
from gateway.transport.answer import read_body
from gateway.transport.base import SubgraphCallError, SubgraphRequest, SubgraphResponse
from gateway.transport.batching import BatchingSubgraphClient
from gateway.transport.http import HttpConnections, HttpSubgraphClient
from gateway.transport.route import HttpTarget
from tests.testkit.servers import (
    ReceivedRequest,
    ScriptedServer,
    eventually,
    http,
    serve,
)

DOCUMENT = (
    "query($representations:[_Any!]!$n:Int)"
    "{_entities(representations:$representations){...on User{score(n:$n)}}}"
)


def entities(*ids: int, **changes: Any) -> SubgraphRequest:
    variables = {"representations": [{"__typename": "User", "id": i} for i in ids], "n": 1}
    return replace(SubgraphRequest("users", DOCUMENT, variables=variables), **changes)


def scores(*ids: int) -> list[dict[str, Any]]:
    return [{"__typename": "User", "score": i * 10} for i in ids]


Answer = Callable[[list[int]], bytes]


def plain(ids: list[int]) -> bytes:
    return http(json.dumps({"data": {"_entities": scores(*ids)}}))


class Subgraph:
    """Holds its first answer back until told, so that others gather meanwhile."""

    def __init__(self, answer: Answer = plain) -> None:
        self.open = asyncio.Event()
        self.answer = answer
        self.calls: list[list[int]] = []

    async def __call__(self, request: ReceivedRequest, writer: asyncio.StreamWriter) -> bytes:
        ids = [item["id"] for item in request.json["variables"]["representations"]]
        self.calls.append(ids)
        if len(self.calls) == 1:
            await self.open.wait()
        return self.answer(ids)


@asynccontextmanager
async def busy(
    subgraph: Subgraph, **options: Any
) -> AsyncIterator[tuple[BatchingSubgraphClient, ScriptedServer]]:
    """A client with one call (for entity 0) in flight."""
    async with serve(subgraph) as server:
        connections = HttpConnections()
        inner = HttpSubgraphClient(
            {"users": HttpTarget(server.url, timeout_seconds=5)}, connections
        )
        settings = {"window_seconds": 0.01, "max_representations": 100, **options}
        client = BatchingSubgraphClient(inner, **settings)
        first = asyncio.create_task(client.execute(entities(0)))
        await eventually(lambda: subgraph.calls == [[0]])
        yield client, server
        subgraph.open.set()
        await asyncio.gather(first, return_exceptions=True)
        assert not client._lanes  # nothing is left of calls that ended
        connections.close()


async def test_calls_that_come_while_one_is_in_flight_go_together_and_come_back_apart() -> None:
    subgraph = Subgraph()
    async with busy(subgraph) as (client, _):
        answers = await asyncio.gather(
            client.execute(entities(1, 2)),
            client.execute(entities(3)),
            client.execute(entities(2, 4, undecoded=True)),
        )
        assert subgraph.calls[1:] == [[1, 2, 3, 2, 4]]
    assert answers[0].data == {"_entities": scores(1, 2)}
    assert answers[1].data == {"_entities": scores(3)}
    assert not answers[2].is_decoded
    assert answers[2].body is not None
    assert read_body("users", answers[2].body).data == {"_entities": scores(2, 4)}


async def test_where_nothing_is_in_flight_a_call_goes_at_once() -> None:
    subgraph = Subgraph()
    subgraph.open.set()
    async with serve(subgraph) as server:
        connections = HttpConnections()
        inner = HttpSubgraphClient({"users": HttpTarget(server.url)}, connections)
        client = BatchingSubgraphClient(inner, window_seconds=60, max_representations=100)
        for i in range(3):
            await asyncio.wait_for(client.execute(entities(i)), 5)
        connections.close()
    assert subgraph.calls == [[0], [1], [2]]


@pytest.mark.parametrize(
    "other",
    [
        entities(2, operation=DOCUMENT.replace("score", "s:score")),
        entities(2, operation_name="Q"),
        entities(2, headers={"authorization": "x"}),
        entities(2, security=SecurityContext(tenant="t")),
        replace(entities(2), variables={**entities(2).variables, "n": 2}),
        entities(2, is_mutation=True),
        entities(
            2, operation="query($representations:[_Any!]!){a(representations:$representations)}"
        ),
    ],
)
async def test_calls_that_differ_in_anything_else_go_alone(other: SubgraphRequest) -> None:
    subgraph = Subgraph()
    async with busy(subgraph) as (client, _):
        await asyncio.gather(client.execute(entities(1)), client.execute(other))
        assert sorted(subgraph.calls[1:]) == [[1], [2]]


async def test_a_batch_that_is_full_is_sent_without_waiting() -> None:
    subgraph = Subgraph()
    async with busy(subgraph, window_seconds=60, max_representations=3) as (client, _):
        async with asyncio.timeout(5):
            await asyncio.gather(
                *(client.execute(entities(i, i)) for i in (1, 2)),
                *(client.execute(entities(i)) for i in (3, 4)),
                client.execute(entities(5, 6, 7, 8)),
            )
        assert sorted(subgraph.calls[1:]) == [[1, 1], [2, 2, 3], [4], [5, 6, 7, 8]]


def with_error(*path: object) -> Answer:
    """An answer where entity 2 failed, said with this path."""

    def answer(ids: list[int]) -> bytes:
        found: list[Any] = scores(*ids)
        errors = []
        for index, i in enumerate(ids):
            if i == 2:
                found[index] = None
                full = ["_entities", index, *path] if path else None
                errors.append({"message": "no 2", **({"path": full} if full else {})})
        return http(
            json.dumps({"data": {"_entities": found}, **({"errors": errors} if errors else {})})
        )

    return answer


async def test_an_error_that_names_an_entity_goes_to_its_caller_only() -> None:
    subgraph = Subgraph(with_error("score"))
    async with busy(subgraph) as (client, _):
        first, second, third = await asyncio.gather(
            *(client.execute(entities(*ids)) for ids in [(1,), (3, 2), (4,)])
        )
        assert len(subgraph.calls) == 2
    assert (first.data, list(first.errors)) == ({"_entities": scores(1)}, [])
    assert second.data == {"_entities": [*scores(3), None]}
    assert [dict(e) for e in second.errors] == [
        {"message": "no 2", "path": ["_entities", 1, "score"]}
    ]
    assert (third.data, list(third.errors)) == ({"_entities": scores(4)}, [])


def fails_with_2(answer: bytes) -> Answer:
    return lambda ids: answer if 2 in ids else plain(ids)


@pytest.mark.parametrize(
    "bad",
    [
        with_error(),  # an error without path
        fails_with_2(http('{"data":null,"errors":[{"message":"bad representation"}]}')),
        fails_with_2(http('{"data":{"_entities":[]}}')),
        fails_with_2(http('{"data":{"_entities":null}}')),
        fails_with_2(http("<html>", content_type="text/html")),
        fails_with_2(http("too much", status=413)),
    ],
)
async def test_what_one_caller_asks_for_never_spoils_anothers_answer(bad: Answer) -> None:
    subgraph = Subgraph(bad)
    async with busy(subgraph) as (client, _):
        good, other, spoilt = await asyncio.gather(
            *(client.execute(entities(*ids)) for ids in [(1,), (3, 4), (2,)]),
            return_exceptions=True,
        )
    assert isinstance(good, SubgraphResponse)
    assert isinstance(other, SubgraphResponse)
    assert (good.data, list(good.errors)) == ({"_entities": scores(1)}, [])
    assert (other.data, list(other.errors)) == ({"_entities": scores(3, 4)}, [])
    if isinstance(spoilt, SubgraphResponse):
        assert spoilt.errors or (spoilt.data or {}).get("_entities") in (None, [])
    else:
        assert isinstance(spoilt, SubgraphCallError)


async def test_a_subgraph_that_is_gone_is_not_asked_again_by_each() -> None:
    async def script(request: ReceivedRequest, writer: asyncio.StreamWriter) -> bytes | None:
        ids = [item["id"] for item in request.json["variables"]["representations"]]
        calls.append(ids)
        if ids == [0]:
            await release.wait()
            return plain(ids)
        return None

    calls: list[list[int]] = []
    release = asyncio.Event()
    async with serve(script) as server:
        connections = HttpConnections()
        inner = HttpSubgraphClient(
            {"users": HttpTarget(server.url, timeout_seconds=5)}, connections
        )
        client = BatchingSubgraphClient(inner, window_seconds=0.005, max_representations=100)
        first = asyncio.create_task(client.execute(entities(0)))
        await eventually(lambda: calls == [[0]])
        errors = await asyncio.gather(
            *(client.execute(entities(i)) for i in range(1, 5)), return_exceptions=True
        )
        release.set()
        await first
        connections.close()
    assert [getattr(error, "code", None) for error in errors] == ["SUBREQUEST_CONNECTION_ERROR"] * 4
    assert calls == [[0], [1, 2, 3, 4]]


async def test_a_caller_that_leaves_takes_nobody_along_and_the_last_ends_the_call() -> None:
    async def script(request: ReceivedRequest, writer: asyncio.StreamWriter) -> bytes:
        ids = [item["id"] for item in request.json["variables"]["representations"]]
        calls.append(ids)
        await release.wait()
        return plain(ids)

    calls: list[list[int]] = []
    release = asyncio.Event()
    async with serve(script) as server:
        connections = HttpConnections()
        inner = HttpSubgraphClient(
            {"users": HttpTarget(server.url, timeout_seconds=5)}, connections
        )
        client = BatchingSubgraphClient(inner, window_seconds=0.001, max_representations=100)
        tasks = [asyncio.create_task(client.execute(entities(0)))]
        await eventually(lambda: len(calls) == 1)
        tasks += [asyncio.create_task(client.execute(entities(i))) for i in (1, 2)]
        await eventually(lambda: len(calls) == 2)
        tasks[1].cancel()
        await asyncio.sleep(0.01)
        assert connections.open_connections() == 2
        tasks += [asyncio.create_task(client.execute(entities(3)))]
        await eventually(lambda: len(calls) == 3)
        tasks[3].cancel()  # nobody else waits for this call
        await eventually(lambda: connections.open_connections() == 2)
        release.set()
        assert (await tasks[2]).data == {"_entities": scores(2)}
        assert (await tasks[0]).data == {"_entities": scores(0)}
        connections.close()


@settings(max_examples=30, deadline=None)
@given(st.lists(st.lists(st.integers(1, 9), min_size=1, max_size=4), min_size=1, max_size=6))
async def test_answers_are_the_same_as_without_batching(wanted: list[list[int]]) -> None:
    class Users:
        async def execute(self, request: SubgraphRequest) -> SubgraphResponse:
            await asyncio.sleep(0)
            ids = [item["id"] for item in request.variables["representations"]]
            found: list[Any] = scores(*ids)
            errors = []
            for index, i in enumerate(ids):
                if i % 3 == 0:
                    found[index] = None
                if i % 4 == 0:
                    errors.append({"message": "m", "path": ["_entities", index]})
            body = {"data": {"_entities": found}, **({"errors": errors} if errors else {})}
            return read_body("users", json.dumps(body).encode())

        async def close(self) -> None:
            """Nothing."""

    client = BatchingSubgraphClient(Users(), window_seconds=0.001, max_representations=7)
    together = await asyncio.gather(*(client.execute(entities(*ids)) for ids in wanted))
    for ids, got in zip(wanted, together, strict=True):
        alone = await Users().execute(entities(*ids))
        assert (got.data, list(got.errors)) == (alone.data, list(alone.errors))
