"""Equal requests in flight share a call, and nothing else: not failures of a caller's own, not
objects, not across callers, not across writes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from msgspec.structs import replace

from gateway.context import SecurityContext
from gateway.transport.base import SubgraphCallError, SubgraphRequest, SubgraphResponse
from gateway.transport.dedupe import SharingSubgraphClient
from gateway.transport.http import HttpConnections, HttpSubgraphClient
from gateway.transport.route import HttpTarget
from subgraph_kit.resilience.deadline import deadline
from tests.testkit.servers import ReceivedRequest, Script, ScriptedServer, eventually, http, serve

QUERY = SubgraphRequest(
    "products",
    "query($id: ID) { a(id: $id) }",
    variables={"id": "1"},
    headers={"authorization": "Bearer t", "traceparent": "1"},
)
MUTATION = SubgraphRequest("products", "mutation { a }", is_mutation=True)


class Gate:
    """A subgraph that answers when the test says so."""

    def __init__(self, answer: bytes = http('{"data":{"a":{"b":[1]}}}')) -> None:
        self.open = asyncio.Event()
        self.answer = answer

    async def __call__(self, request: ReceivedRequest, writer: asyncio.StreamWriter) -> bytes:
        await self.open.wait()
        return self.answer


@asynccontextmanager
async def sharing(script: Script) -> AsyncIterator[tuple[SharingSubgraphClient, ScriptedServer]]:
    async with serve(script) as server:
        connections = HttpConnections()
        target = HttpTarget(server.url, timeout_seconds=5)
        yield SharingSubgraphClient(HttpSubgraphClient({"products": target}, connections)), server
        connections.close()


def asked(
    client: SharingSubgraphClient, *requests: SubgraphRequest
) -> list[asyncio.Task[SubgraphResponse]]:
    return [asyncio.create_task(client.execute(request)) for request in requests]


async def test_equal_requests_make_one_call_and_each_owns_its_answer() -> None:
    gate = Gate()
    async with sharing(gate) as (client, server):
        traced_otherwise = replace(QUERY, headers={**QUERY.headers, "traceparent": "2"})
        tasks = asked(client, QUERY, traced_otherwise, QUERY)
        await eventually(lambda: len(server.requests) == 1)
        gate.open.set()
        answers = [await task for task in tasks]
        assert len(server.requests) == 1
        for answer in answers:
            assert answer.data == {"a": {"b": [1]}}
            answer.data["a"]["b"].append(2)  # as an executor does
        assert (await client.execute(QUERY)).data == {"a": {"b": [1]}}
        assert len(server.requests) == 2  # nothing is kept once it is answered


@pytest.mark.parametrize(
    "other",
    [
        replace(QUERY, operation="query($id: ID) { b: a(id: $id) }"),
        replace(QUERY, variables={"id": "2"}),
        replace(QUERY, variables={}),
        replace(QUERY, operation_name="Q"),
        replace(QUERY, headers={"authorization": "Bearer u", "traceparent": "1"}),
        replace(QUERY, headers={}),
        replace(QUERY, security=SecurityContext(tenant="b")),
        replace(QUERY, security=SecurityContext(subject="b")),
        replace(QUERY, security=SecurityContext(scopes=frozenset("b"))),
    ],
)
async def test_requests_that_differ_in_anything_do_not_share(other: SubgraphRequest) -> None:
    gate = Gate()
    async with sharing(gate) as (client, server):
        tasks = asked(client, QUERY, other)
        await eventually(lambda: len(server.requests) == 2)
        gate.open.set()
        await asyncio.gather(*tasks)


async def test_mutations_are_never_shared() -> None:
    gate = Gate()
    async with sharing(gate) as (client, server):
        tasks = asked(client, MUTATION, MUTATION)
        await eventually(lambda: len(server.requests) == 2)
        gate.open.set()
        await asyncio.gather(*tasks)


async def test_a_query_after_a_mutation_does_not_join_one_from_before_it() -> None:
    first = asyncio.Event()

    async def script(request: ReceivedRequest, writer: asyncio.StreamWriter) -> bytes:
        if request.number == 1:
            await first.wait()
            return http('{"data":{"a":"old"}}')
        return http('{"data":{"a":"new"}}')

    async with sharing(script) as (client, server):
        [slow, follower] = asked(client, QUERY, QUERY)
        await eventually(lambda: len(server.requests) == 1)
        await client.execute(MUTATION)
        assert (await client.execute(QUERY)).data == {"a": "new"}
        first.set()
        assert (await slow).data == (await follower).data == {"a": "old"}


@pytest.mark.parametrize("cancelled", [0, 1, 2])
async def test_a_caller_that_is_cancelled_takes_nobody_along(cancelled: int) -> None:
    gate = Gate()
    async with sharing(gate) as (client, server):
        tasks = asked(client, QUERY, QUERY, QUERY)
        await eventually(lambda: len(server.requests) == 1)
        tasks[cancelled].cancel()
        await asyncio.sleep(0.02)
        gate.open.set()
        outcomes = await asyncio.gather(*tasks, return_exceptions=True)
        assert isinstance(outcomes.pop(cancelled), asyncio.CancelledError)
        assert [o.data for o in outcomes if isinstance(o, SubgraphResponse)] == [
            {"a": {"b": [1]}}
        ] * 2
        assert len(server.requests) == (2 if cancelled == 0 else 1)


async def test_all_cancelled_ends_the_call() -> None:
    async with serve(Gate()) as server:
        connections = HttpConnections()
        client = SharingSubgraphClient(
            HttpSubgraphClient({"products": HttpTarget(server.url)}, connections)
        )
        tasks = asked(client, QUERY, QUERY)
        await eventually(lambda: len(server.requests) == 1)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        assert connections.open_connections() == 0


async def test_an_error_is_given_to_all_each_its_own() -> None:
    gate = Gate(http("busy", status=503, headers={"retry-after": "7"}))
    async with sharing(gate) as (client, server):
        tasks = asked(client, QUERY, QUERY, QUERY)
        await eventually(lambda: len(server.requests) == 1)
        gate.open.set()
        errors = await asyncio.gather(*tasks, return_exceptions=True)
        assert len(server.requests) == 1
    assert len({id(error) for error in errors}) == 3
    for error in errors:
        assert isinstance(error, SubgraphCallError)
        assert (error.code, error.status, error.retry_after_seconds) == (
            "SUBREQUEST_HTTP_ERROR",
            503,
            7.0,
        )


async def test_graphql_errors_are_given_to_all() -> None:
    gate = Gate(http('{"data":null,"errors":[{"message":"m","path":["a"]}]}'))
    async with sharing(gate) as (client, server):
        tasks = asked(client, QUERY, QUERY)
        await eventually(lambda: len(server.requests) == 1)
        gate.open.set()
        for answer in await asyncio.gather(*tasks):
            assert list(answer.errors) == [{"message": "m", "path": ["a"]}]


async def test_nobody_waits_longer_than_its_own_deadline_nor_shorter_for_anothers() -> None:
    class Impatient:
        """Ends a call when its caller's time is up, as the resilience stack does."""

        def __init__(self) -> None:
            self.calls = 0
            self.open = asyncio.Event()

        async def execute(self, request: SubgraphRequest) -> SubgraphResponse:
            self.calls += 1
            if self.calls > 1:
                return SubgraphResponse({"a": 1}, body=b'{"data":{"a":1}}')
            await self.open.wait()
            raise SubgraphCallError("products", "SUBREQUEST_TIMEOUT", "late")

        async def close(self) -> None:
            """Nothing."""

    inner = Impatient()
    client = SharingSubgraphClient(inner)
    now = 0.0

    async def ask(seconds: float) -> SubgraphResponse:
        with deadline(seconds, clock=lambda: now):
            return await client.execute(QUERY)

    leader = asyncio.create_task(ask(10))
    await asyncio.sleep(0)
    patient = asyncio.create_task(ask(1000))
    hasty = asyncio.create_task(ask(0.02))
    with pytest.raises(SubgraphCallError, match=r"did not answer within 0\.02 s"):
        await hasty
    now = 11.0
    inner.open.set()
    with pytest.raises(SubgraphCallError, match="late"):
        await leader
    assert (await patient).data == {"a": 1}


async def test_whoever_decodes_itself_shares_with_whoever_does_not() -> None:
    gate = Gate()
    async with sharing(gate) as (client, server):
        raw = replace(QUERY, undecoded=True)
        tasks = asked(client, raw, QUERY, raw)
        await eventually(lambda: len(server.requests) == 1)
        gate.open.set()
        first, second, third = await asyncio.gather(*tasks)
        assert not first.is_decoded
        assert first.body == third.body == b'{"data":{"a":{"b":[1]}}}'
        assert second.data == {"a": {"b": [1]}}


async def test_variables_that_are_no_json_are_an_error_of_the_call() -> None:
    async with sharing(Gate()) as (client, _):
        with pytest.raises(SubgraphCallError):
            await client.execute(replace(QUERY, variables={"id": object()}))


async def test_nothing_of_a_request_is_lost_on_the_way() -> None:
    seen: list[SubgraphRequest] = []

    class Inner:
        async def execute(self, request: SubgraphRequest) -> SubgraphResponse:
            seen.append(request)
            return SubgraphResponse({"a": 1}, body=b"{}")

        async def close(self) -> None:
            """Nothing."""

    request = replace(QUERY, operation_name="Q", undecoded=True, security=SecurityContext("t"))
    await SharingSubgraphClient(Inner()).execute(request)
    assert replace(seen[0], body=None) == request
    assert seen[0].body is not None
