"""A query whose way is clear goes straight to its subgraph, and ends as through the layers:
the same retries, time-outs, breaker, counts, and the same for who waits for the same answer."""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest
from msgspec.structs import replace

from gateway.telemetry import GatewayMetrics, ObservedSubgraphClient
from gateway.transport.base import SubgraphCallError, SubgraphRequest, SubgraphResponse
from gateway.transport.connection import ClientConnection
from gateway.transport.dedupe import SharingSubgraphClient
from gateway.transport.express import ExpressCall, ExpressClient
from gateway.transport.http import HttpConnections, HttpSubgraphClient
from gateway.transport.resilient import ResilientSubgraphClient, SubgraphPolicies
from gateway.transport.route import HttpTarget
from subgraph_kit.resilience.circuit_breaker import BreakerSettings, BreakerState
from subgraph_kit.resilience.deadline import Deadline
from subgraph_kit.resilience.policy import ResilienceSettings
from subgraph_kit.resilience.retry import RetrySettings
from tests.testkit.servers import (
    CloseConnection,
    ReceivedRequest,
    Script,
    ScriptedServer,
    answering,
    eventually,
    http,
    serve,
)

GOOD = http('{"data":{"a":1}}')
QUERY = SubgraphRequest("products", "{ a }", undecoded=True)
MUTATION = replace(QUERY, operation="mutation { a }", is_mutation=True)


@dataclass
class Express:
    """A client as the gateway assembles it, with what a test looks at."""

    client: ExpressClient
    server: ScriptedServer
    policies: SubgraphPolicies
    connections: HttpConnections
    metrics: GatewayMetrics
    outcomes: asyncio.Queue[SubgraphResponse | Exception] = field(default_factory=asyncio.Queue)

    def start(
        self, request: SubgraphRequest = QUERY, limit: Deadline | None = None
    ) -> ExpressCall | None:
        return self.client.start(
            request, self.outcomes.put_nowait, limit, contextvars.copy_context()
        )

    async def outcome(self, request: SubgraphRequest = QUERY) -> SubgraphResponse | Exception:
        """What becomes of a call that has to go straight."""
        assert self.start(request) is not None
        return await asyncio.wait_for(self.outcomes.get(), 5)

    async def warm_up(self) -> None:
        """Leave an idle connection behind."""
        await self.client.execute(QUERY)

    def counted(self) -> dict[str, float]:
        """How many calls ended how."""
        return {
            sample.labels["outcome"]: sample.value
            for family in self.metrics.subgraph_requests.collect()
            for sample in family.samples
        }


@asynccontextmanager
async def express(
    script: Script, *, seconds: float = 5.0, breaker: BreakerSettings | None = None
) -> AsyncIterator[Express]:
    settings = ResilienceSettings(
        timeout_seconds=seconds,
        breaker=breaker or BreakerSettings(),
        retry=RetrySettings(initial_seconds=0.001, max_seconds=0.001),
    )
    async with serve(script) as server:
        connections, metrics = HttpConnections(), GatewayMetrics()
        policies = SubgraphPolicies(lambda _: settings)
        target = HttpTarget(server.url, timeout_seconds=None)
        bare = HttpSubgraphClient({"products": target}, connections)
        layers = SharingSubgraphClient(
            ObservedSubgraphClient(ResilientSubgraphClient(bare, policies), metrics, traced=False)
        )
        client = ExpressClient(
            layers,
            bare,
            policies,
            requests=metrics.subgraph_requests,
            durations=metrics.subgraph_duration,
            in_flight=layers.in_flight,
        )
        yield Express(client, server, policies, connections, metrics)
        connections.close()


def in_turn(*answers: bytes | None) -> Script:
    """Answers one request after the other; None closes the connection, the last one stays."""
    following: Iterator[bytes | None] = iter(answers)
    last = answers[-1]

    async def script(request: ReceivedRequest, writer: asyncio.StreamWriter) -> bytes:
        answer = next(following, last)
        if answer is None:
            raise CloseConnection
        return answer

    return script


async def test_calls_over_an_idle_connection_go_straight() -> None:
    async with express(answering(GOOD)) as way:
        assert way.start() is None  # no connection yet
        await way.warm_up()
        for _ in range(3):
            outcome = await way.outcome()
            assert isinstance(outcome, SubgraphResponse)
            assert outcome.body == b'{"data":{"a":1}}'
        assert way.server.connections == 1
        assert way.counted() == {"ok": 4}


@pytest.mark.parametrize("request_", [MUTATION, replace(QUERY, subgraph="unknown")])
async def test_what_is_not_straight_is_left_to_the_layers(request_: SubgraphRequest) -> None:
    async with express(answering(GOOD)) as way:
        await way.warm_up()
        assert way.start(request_) is None


async def test_variables_that_are_no_json_are_the_layers_to_refuse() -> None:
    async with express(answering(GOOD)) as way:
        await way.warm_up()
        assert way.start(replace(QUERY, variables={"v": object()})) is None
        assert (await way.outcome()).__class__ is SubgraphResponse  # no connection is lost


async def test_an_idle_connection_that_the_peer_closed_is_replaced_once() -> None:
    async with express(in_turn(GOOD, None, GOOD)) as way:
        await way.warm_up()
        assert isinstance(await way.outcome(), SubgraphResponse)
        assert way.server.connections == 2
        assert way.counted() == {"ok": 2}


async def test_a_status_that_is_worth_a_retry_is_tried_again() -> None:
    async with express(in_turn(GOOD, http("busy", status=503), GOOD)) as way:
        await way.warm_up()
        assert isinstance(await way.outcome(), SubgraphResponse)
        assert len(way.server.requests) == 3
        assert way.counted() == {"ok": 2}  # calls, not attempts


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (http("no", status=400), "SUBREQUEST_HTTP_ERROR"),
        (http("<html></html>"), "SUBREQUEST_MALFORMED_RESPONSE"),
        (b"no HTTP at all\r\n\r\n", "SUBREQUEST_MALFORMED_RESPONSE"),
        (http("busy", status=503), "SUBREQUEST_HTTP_ERROR"),
    ],
)
async def test_a_bad_answer_is_the_error_it_would_be_through_the_layers(
    answer: bytes, code: str
) -> None:
    async with express(in_turn(GOOD, answer)) as way:
        await way.warm_up()
        straight = await way.outcome()
        with pytest.raises(SubgraphCallError) as through_layers:
            await way.client.execute(QUERY)
        assert isinstance(straight, SubgraphCallError)
        assert straight.code == through_layers.value.code == code
        assert straight.message == through_layers.value.message
        assert way.counted() == {"ok": 1, code: 2}


async def test_errors_in_an_answer_are_counted_as_such() -> None:
    async with express(in_turn(GOOD, http('{"data":null,"errors":[{"message":"m"}]}'))) as way:
        await way.warm_up()
        outcome = await way.outcome()
        assert isinstance(outcome, SubgraphResponse)
        assert outcome.errors
        assert way.counted() == {"ok": 1, "errors": 1}


async def test_a_subgraph_that_hangs_is_cut_off_and_its_connection_closed() -> None:
    async def script(request: ReceivedRequest, writer: asyncio.StreamWriter) -> bytes:
        if request.number > 1:
            await asyncio.sleep(60)
        return GOOD

    async with express(script, seconds=0.05) as way:
        await way.warm_up()
        outcome = await way.outcome()
        assert isinstance(outcome, SubgraphCallError)
        assert outcome.code == "SUBREQUEST_TIMEOUT"
        assert outcome.message.endswith("within 0.05 s")
        assert way.connections.open_connections() == 0


async def test_a_callers_deadline_is_its_own() -> None:
    """It ends the call it made; whoever waits for the same answer makes the call anew."""
    held = asyncio.Event()

    async def script(request: ReceivedRequest, writer: asyncio.StreamWriter) -> bytes:
        if request.number == 2:
            await held.wait()
        return GOOD

    async with express(script) as way:
        await way.warm_up()
        assert way.start(limit=Deadline.after(0.05)) is not None
        follower = asyncio.create_task(way.client.execute(QUERY))
        outcome = await way.outcomes.get()
        assert isinstance(outcome, SubgraphCallError)
        assert outcome.message.endswith("within 0.05 s")
        assert (await follower).body == b'{"data":{"a":1}}'
        held.set()


async def test_failures_open_the_breaker_which_closes_the_way() -> None:
    breaker = BreakerSettings(failure_threshold=1, open_seconds=60)
    async with express(in_turn(GOOD, http("no", status=500)), breaker=breaker) as way:
        await way.warm_up()
        await way.outcome()
        await way.outcome()
        assert way.policies.get("products").breaker.state is BreakerState.OPEN
        assert way.start() is None


async def test_an_equal_request_joins_the_call_on_its_way() -> None:
    held = asyncio.Event()

    async def script(request: ReceivedRequest, writer: asyncio.StreamWriter) -> bytes:
        if request.number > 1:
            await held.wait()
        return GOOD

    async with express(script) as way:
        await way.warm_up()
        assert way.start() is not None
        assert way.start() is None
        follower = asyncio.create_task(way.client.execute(QUERY))
        await eventually(lambda: len(way.server.requests) == 2)
        held.set()
        assert (await follower).body == b'{"data":{"a":1}}'
        assert len(way.server.requests) == 2


async def test_a_cancelled_call_leaves_nothing_and_takes_nobody_along() -> None:
    async def script(request: ReceivedRequest, writer: asyncio.StreamWriter) -> bytes:
        if request.number == 2:
            await asyncio.sleep(60)
        return GOOD

    async with express(script) as way:
        await way.warm_up()
        call = way.start()
        assert call is not None
        follower = asyncio.create_task(way.client.execute(QUERY))
        await eventually(lambda: len(way.server.requests) == 2)
        assert call.cancel() is None
        assert (await follower).body == b'{"data":{"a":1}}'
        assert way.connections.open_connections() == 1
        assert way.outcomes.empty()
        assert way.counted() == {"ok": 2, "cancelled": 1}


async def test_a_defect_while_sending_leaves_nobody_waiting(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def send(*_: object) -> None:
        raise RuntimeError("defect")

    async with express(answering(GOOD)) as way:
        await way.warm_up()
        with monkeypatch.context() as patch:
            patch.setattr(ClientConnection, "send", send)
            with pytest.raises(RuntimeError):
                way.start()
        async with asyncio.timeout(5):
            assert (await way.client.execute(QUERY)).body == b'{"data":{"a":1}}'
        assert way.connections.open_connections() == 1


async def test_a_call_that_is_being_retried_can_be_cancelled() -> None:
    async def script(request: ReceivedRequest, writer: asyncio.StreamWriter) -> bytes:
        if request.number == 3:
            await asyncio.sleep(60)
        return GOOD if request.number == 1 else http("busy", status=503)

    async with express(script) as way:
        await way.warm_up()
        call = way.start()
        assert call is not None
        await eventually(lambda: len(way.server.requests) == 3)
        task = call.cancel()
        assert task is not None
        await asyncio.wait([task])
        assert task.cancelled()
        assert way.connections.open_connections() == 0
        assert way.counted() == {"ok": 1, "cancelled": 1}
