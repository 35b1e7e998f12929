"""Under load, with subgraphs that fail in every way at random, every answer is right or says what
is missing, no request gets stuck, and no connection is left over."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.gateway.server.supergraphs import two_subgraphs
from tests.testkit.servers import (
    CloseConnection,
    ReceivedRequest,
    ServedGateway,
    eventually,
    http,
    serve,
    serve_gateway,
)

QUERY = "query ($v: String) { good(value: $v) me { id score } bad }"
CODES = {
    "SUBREQUEST_CONNECTION_ERROR",
    "SUBREQUEST_TIMEOUT",
    "SUBREQUEST_HTTP_ERROR",
    "SUBREQUEST_MALFORMED_RESPONSE",
    "SUBREQUEST_CIRCUIT_OPEN",
}


def user_id(token: str, value: str) -> int:
    return int(token) * 10 + int(value[1:])


def right_answer(request: ReceivedRequest) -> bytes:
    """The answer depends on the caller and the variable, so that a mix-up shows."""
    token = request.headers["authorization"]
    variables = request.json.get("variables", {})
    if "representations" in variables:
        entities = [
            f'{{"__typename":"User","score":{1000 * int(token) + int(item["id"])}}}'
            for item in variables["representations"]
        ]
        return http(f'{{"data":{{"_entities":[{",".join(entities)}]}}}}')
    if "bad" in request.json["query"]:
        return http(f'{{"data":{{"bad":"bad {token}"}}}}')
    good = f'"good":"{variables["v"]} {token}"'
    me = f'"me":{{"__typename":"User","id":"{user_id(token, variables["v"])}"}}'
    return http(f'{{"data":{{{good},{me}}}}}')


class Faulty:
    """A subgraph that fails every now and then, in each of the ways that happen."""

    def __init__(self, seed: int, rate: float) -> None:
        self._random = random.Random(seed)
        self._rate = rate
        self.faults = 0

    async def __call__(self, request: ReceivedRequest, writer: asyncio.StreamWriter) -> bytes:
        answer = right_answer(request)
        if self._random.random() >= self._rate:
            return answer
        self.faults += 1
        match self._random.randrange(6):
            case 0:  # reset
                writer.transport.abort()
                raise CloseConnection
            case 1:  # hang, longer than the gateway waits
                await asyncio.sleep(1.0)
                return answer
            case 2:
                return http("<html>garbage</html>", content_type="text/html")
            case 3:  # half an answer
                writer.write(answer[: len(answer) - 5])
                raise CloseConnection
            case 4:  # a slow body
                for start in range(0, len(answer), 40):
                    writer.write(answer[start : start + 40])
                    await asyncio.sleep(0.002)
                return b""
            case _:
                return http("busy", status=503)


def problem(body: dict[str, Any], token: str, value: str) -> str | None:
    """What is wrong with an answer; None if it is right as far as it goes and says the rest."""
    data = body.get("data")
    if data is None:
        return "no data"
    number = int(token)
    expected = {
        "good": f"{value} {token}",
        "me": {"id": str(user_id(token, value)), "score": 1000 * number + user_id(token, value)},
        "bad": f"bad {token}",
    }
    missing = set()
    for name, right in expected.items():
        found = data[name]
        if isinstance(found, dict) and found["score"] is None and found["id"] == right["id"]:  # type: ignore[index] # only `me` is an object
            missing.add("me")
        elif found is None:
            missing.add(name)
        elif found != right:
            return f"{name} is {found!r} instead of {right!r}"
    errors = body.get("errors", [])
    if {error["path"][0] for error in errors} != missing:
        return f"missing {missing}, but the errors are {errors}"
    if unknown := {error["extensions"]["code"] for error in errors} - CODES:
        return f"codes {unknown}"
    return None


@asynccontextmanager
async def client_of(gateway: ServedGateway) -> AsyncIterator[httpx.AsyncClient]:
    limits = httpx.Limits(max_connections=40)
    async with httpx.AsyncClient(
        base_url=gateway.client.base_url, timeout=20, limits=limits
    ) as client:
        yield client


@pytest.mark.parametrize("sharing", [False, True], ids=["plain", "shared and batched"])
async def test_faults_under_load(tmp_path: Path, sharing: bool) -> None:
    faulty_good, faulty_bad = Faulty(1, 0.06), Faulty(2, 0.06)
    done = leavers = complete = 0

    async def ask(client: httpx.AsyncClient, rng: random.Random) -> None:
        nonlocal done, leavers, complete
        # Few callers and values, so that equal and similar requests meet.
        token, value = str(rng.randrange(1, 5)), f"v{rng.randrange(3)}"
        call = client.post(
            "/graphql",
            json={"query": QUERY, "variables": {"v": value}},
            headers={"authorization": token},
        )
        if rng.random() < 0.05:
            leavers += 1
            try:
                async with asyncio.timeout(rng.random() * 0.01):
                    await call
            except TimeoutError:
                return
            return
        answer = await call
        assert answer.status_code == 200
        body = answer.json()
        assert problem(body, token, value) is None
        done += 1
        complete += "errors" not in body

    async def clients(client: httpx.AsyncClient, number: int) -> None:
        rng = random.Random(number)
        for _ in range(25):
            await ask(client, rng)

    async with (
        serve(faulty_good) as good,
        serve_gateway(
            tmp_path,
            two_subgraphs(good.url, "http://127.0.0.1:9/"),
            transport={
                "timeout_seconds": 0.5,
                "retry": {"max_attempts": 2, "initial_seconds": 0.001},
                "breaker": {"failure_threshold": 1_000},
                "batching": {"enabled": sharing},
            },
            sharing={"subgraph_requests": sharing, "operations": sharing},
        ) as gateway,
    ):
        async with serve(faulty_bad) as bad:
            gateway.supergraph.write_text(two_subgraphs(good.url, bad.url))
            gateway.running.gateway.source.reload_soon()
            url = bad.url

            async def taken_over() -> bool:
                runtime = gateway.running.gateway.pipeline.runtime
                return runtime is not None and url in runtime.supergraph.sdl

            await eventually(taken_over)
            async with client_of(gateway) as client:
                await asyncio.gather(*(clients(client, n) for n in range(12)))
        # The subgraph goes away in the middle, and comes back at the same place.
        async with client_of(gateway) as client:
            away = asyncio.gather(*(clients(client, 100 + n) for n in range(4)))
            await asyncio.sleep(0.05)
            async with serve(faulty_bad, port=bad.port):
                await away
                await eventually(lambda: gateway.running.gateway.app.graphql.in_flight == 0)
        assert faulty_good.faults > 5
        assert faulty_bad.faults > 5
        assert leavers > 3
        assert done + leavers == 16 * 25
        assert complete > done / 4
        connections = gateway.running.gateway._connections
        for pool in connections._pools.values():
            assert pool.open_connections == len(pool._idle)  # none is in use, none is lost
            assert not pool._waiters
