"""A subgraph call alone: the gateway's own connections beside a general client, over loopback."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import httpx
import msgspec

from gateway.transport.base import SubgraphClient, SubgraphRequest
from gateway.transport.dedupe import SharingSubgraphClient
from gateway.transport.http import HttpConnections, HttpSubgraphClient
from gateway.transport.resilient import ResilientSubgraphClient, SubgraphPolicies
from gateway.transport.route import HttpTarget
from subgraph_kit.resilience.policy import ResilienceSettings
from tests.benchmarks.loopback import free_port, running_subgraphs
from tests.benchmarks.measure import Measurement, measure

PART = "transport"
AT_ONCE = 8
CALLS = 200


async def run() -> AsyncIterator[Measurement]:
    """Yield a measurement per client; each makes calls eight at a time."""
    port = free_port()
    url = f"http://127.0.0.1:{port}/customers"
    request = SubgraphRequest("customers", "query($id:ID!){customer(id:$id){name}}", None)
    with running_subgraphs(port):
        connections = HttpConnections()
        http = HttpSubgraphClient({"customers": HttpTarget(url, timeout_seconds=None)}, connections)
        policies = SubgraphPolicies(lambda _: ResilienceSettings())
        guarded = ResilientSubgraphClient(http, policies)
        shared = SharingSubgraphClient(guarded)

        def calling(client: SubgraphClient) -> Callable[[int], Awaitable[object]]:
            return lambda number: client.execute(
                SubgraphRequest(
                    request.subgraph,
                    request.operation,
                    variables={"id": str(number)},
                    undecoded=True,
                )
            )

        note = f"{AT_ONCE} at once, 100 bytes"
        clients = {
            "call, HTTP/1.1": calling(http),
            "call, with deadline, breaker, retry": calling(guarded),
            "call, with sharing too": calling(shared),
        }
        for name, call in clients.items():
            yield await measure(PART, name, _many(call), operations=CALLS, note=note)
        connections.close()
        async with httpx.AsyncClient() as general:

            async def ask(number: int) -> object:
                body = {"query": request.operation, "variables": {"id": str(number)}}
                answer = await general.post(url, content=msgspec.json.encode(body))
                return answer.content

            yield await measure(PART, "call, httpx", _many(ask), operations=CALLS, note=note)


def _many(call: Callable[[int], Awaitable[object]]) -> Callable[[], Awaitable[None]]:
    async def client(first: int) -> None:
        for number in range(first, CALLS, AT_ONCE):
            await call(number)

    async def run_all() -> None:
        await asyncio.gather(*(client(first) for first in range(AT_ONCE)))

    return run_all
