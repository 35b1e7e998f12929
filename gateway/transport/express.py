"""The straight way of a query to its subgraph, for when nothing is in the way.

The layers around a call (sharing, metrics, breaker, retries, deadline, pool) are coroutines in each
other: easy to read and to combine, but together they cost several times what the network does.
Nearly every call goes straight through all of them: nobody asks the same just now, the breaker
is closed, a connection idles, the answer is good. Such a call is made here, without a task: `start`
does what each layer does before it, `ExpressCall` what each does after it.

    straight      ──► written to an idle connection; the answer is given to a callback
    not straight  ──► not started: the layers' `execute` makes the call, with all its waiting
    goes wrong    ──► the policy goes on from the failed attempt, in a task, as the layers would

Calls made either way share pools, breakers, metrics and what is in flight.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Hashable
from contextvars import Context
from dataclasses import dataclass
from typing import TypeAlias

from gateway.tally import Count, Counts, Durations, Series
from gateway.transport.answer import read_answer
from gateway.transport.base import (
    SubgraphCallError,
    SubgraphClient,
    SubgraphRequest,
    SubgraphResponse,
)
from gateway.transport.connection import ClientConnection, ConnectionLostError, HttpAnswer
from gateway.transport.dedupe import Outcome, sharing_key
from gateway.transport.http import HttpSubgraphClient, call_error
from gateway.transport.in_flight import InFlight, Waiters
from gateway.transport.pool import ConnectionPool
from gateway.transport.request_body import encode_request_body
from gateway.transport.resilient import SubgraphPolicies
from gateway.transport.route import Route
from subgraph_kit.resilience.circuit_breaker import BreakerState, CircuitBreaker
from subgraph_kit.resilience.cut_off import Wheel, wheel
from subgraph_kit.resilience.deadline import Deadline
from subgraph_kit.resilience.policy import ResiliencePolicy

Done: TypeAlias = Callable[[SubgraphResponse | Exception], None]
"""Called once with what became of a call, on the event loop. Must not raise."""


@dataclass(slots=True)
class _Lane:
    """What a call to one subgraph needs."""

    subgraph: str
    route: Route
    pool: ConnectionPool
    policy: ResiliencePolicy
    breaker: CircuitBreaker
    seconds: float | None
    http: HttpSubgraphClient
    requests: Counts
    durations: Series
    good: Count | None = None
    """Of `requests`, those that went well; from the first one on."""


class ExpressClient:
    """A `SubgraphClient` that can also `start` calls; everything else is done by `layers`.

    `http` is what the layers have in their midst; `in_flight` is what they share, if they do.
    """

    def __init__(
        self,
        layers: SubgraphClient,
        http: HttpSubgraphClient,
        policies: SubgraphPolicies,
        *,
        requests: Counts,
        durations: Durations,
        in_flight: InFlight[Outcome] | None,
    ) -> None:
        self._layers = layers
        self._in_flight = in_flight
        self._wheel: Wheel | None = None
        self._lanes: dict[str, _Lane] = {}
        for name, (route, pool) in http.routes().items():
            policy = policies.get(name)
            if policy.settings.rate_limit is not None:
                continue  # calls may have to wait in line
            seconds = policy.settings.timeout_seconds
            self._lanes[name] = _Lane(
                name,
                route,
                pool,
                policy,
                policy.breaker,
                seconds,
                http,
                requests,
                durations.series((name,)),
            )

    async def execute(self, request: SubgraphRequest) -> SubgraphResponse:
        """See `SubgraphClient`."""
        return await self._layers.execute(request)

    async def close(self) -> None:
        """Close the layers."""
        await self._layers.close()

    def start(
        self, request: SubgraphRequest, done: Done, limit: Deadline | None, context: Context
    ) -> ExpressCall | None:
        """Begin a call whose way is clear; None if it is not: then `execute` is the way.

        `limit` is the deadline of the work the call belongs to, `context` that in which code runs
        which has to be awaited after all.
        """
        lane = self._lanes.get(request.subgraph)
        if lane is None or request.is_mutation or lane.breaker.state is not BreakerState.CLOSED:
            return None
        try:
            body = encode_request_body(request)
        except SubgraphCallError:
            return None
        connection = lane.pool.take()
        if connection is None:
            return None
        in_flight, key, waiters = self._in_flight, None, None
        if in_flight is not None:
            key = sharing_key(request, body)
            waiters = in_flight.begin(key)
            if waiters is None:
                lane.pool.release(connection)
                return None
        if self._wheel is None:
            self._wheel = wheel()
        call = ExpressCall(
            lane, request, done, limit, context, self._wheel, in_flight, key, waiters
        )
        call.send(connection, lane.route.with_body(request.headers, body))
        return call


class ExpressCall:
    """One call on its way; a `Receiver` of the connection and an `Expiring` of the wheel."""

    __slots__ = (
        "_connection", "_context", "_done", "_generation", "_in_flight", "_key", "_lane", "_limit",
        "_request", "_started", "_task", "_tick", "_waiters", "_wheel",
    )  # fmt: skip

    def __init__(
        self,
        lane: _Lane,
        request: SubgraphRequest,
        done: Done,
        limit: Deadline | None,
        context: Context,
        wheel: Wheel,
        in_flight: InFlight[Outcome] | None,
        key: Hashable,
        waiters: Waiters[Outcome] | None,
    ) -> None:
        self._lane = lane
        self._request = request
        self._done = done
        self._limit = limit
        self._context = context
        self._connection: ClientConnection | None = None
        self._task: asyncio.Task[None] | None = None
        self._wheel = wheel
        self._tick: int | None = None
        self._in_flight = in_flight
        self._key = key
        self._waiters = waiters

    def send(self, connection: ClientConnection, request: bytes) -> None:
        """Write the request; the connection belongs to this call until it answers."""
        self._generation = self._lane.breaker.enter()
        self._started = time.monotonic()
        self._connection = connection
        seconds = self._lane.seconds
        if self._limit is not None:
            left = self._limit.remaining_seconds()
            seconds = left if seconds is None or left < seconds else seconds
        if seconds is not None:
            self._tick = self._wheel.add(self, seconds)
        try:
            connection.send(request, self)
        except ConnectionLostError as error:
            self.on_error(error)
        except BaseException as error:
            # A defect. Nobody is to wait for the answer all the same.
            connection.abort()
            self._give_back()
            self._close(None, "cancelled", error)
            raise

    def cancel(self) -> asyncio.Task[None] | None:
        """End the call: nobody wants its answer. A task that is returned has to be awaited."""
        if self._connection is not None:
            self._connection.abort()
            self._give_back()
            self._close(None, "cancelled", asyncio.CancelledError())
        elif self._task is not None:
            self._task.cancel()
        return self._task

    # --- What the connection and the wheel say ---------------------------------------------------

    def on_answer(self, answer: HttpAnswer) -> None:
        """See `Receiver`."""
        self._give_back()
        lane = self._lane
        try:
            response = read_answer(
                lane.subgraph,
                answer,
                max_body_bytes=lane.route.target.max_body_bytes,
                undecoded=self._request.undecoded,
            )
        except (
            Exception
        ) as error:  # what is not a SubgraphCallError is a defect, and has an end too
            self._failed(error)
        else:
            self._close(response, "errors" if response.errors else "ok", None)
            self._done(response)

    def on_error(self, error: Exception) -> None:
        """See `Receiver`."""
        connection = self._connection
        self._give_back()
        is_stale = (
            isinstance(error, ConnectionLostError)
            and not error.received
            and connection is not None
            and connection.exchanges > 0
        )
        if is_stale:
            # The peer closed an idle connection: its neighbours are likely to be stale, too.
            self._lane.pool.drop_idle()
            self._go_on(None)
        else:
            self._failed(call_error(self._lane.subgraph, error))

    def expire(self) -> None:
        """See `Expiring`."""
        if self._connection is None:
            return  # answered while the wheel turned
        self._connection.abort()
        self._give_back()
        seconds, limit = self._lane.seconds, self._limit
        if seconds is None or (limit is not None and limit.expired):
            seconds = limit.seconds if limit is not None else 0.0
        self._failed(self._lane.policy.timed_out(seconds))

    # --- What becomes of the call ----------------------------------------------------------------

    def _give_back(self) -> None:
        """The connection is done with; so is waiting for it."""
        if self._tick is not None:
            self._wheel.remove(self, self._tick)
            self._tick = None
        if self._connection is not None:
            self._lane.pool.release(self._connection)
            self._connection = None

    def _failed(self, error: Exception) -> None:
        if self._task is None and self._lane.policy.may_retry(error):
            self._go_on(error)
            return
        shared = error if isinstance(error, SubgraphCallError) else None
        if shared is not None and shared.code == "SUBREQUEST_TIMEOUT":
            limit = self._limit
            if limit is not None and limit.expired:
                shared = None  # This caller's time was up, not necessarily that of the others.
        code = error.code if isinstance(error, SubgraphCallError) else "cancelled"
        self._close(shared, code, error)
        self._done(error)

    def _close(
        self,
        shared: Outcome | None,
        outcome: str,
        error: BaseException | None,
    ) -> None:
        """Tell everyone but the caller."""
        lane = self._lane
        lane.breaker.leave(self._generation, error)
        if outcome != "ok":
            lane.requests.add((lane.subgraph, outcome))
        else:
            if lane.good is None:
                lane.good = lane.requests.count((lane.subgraph, "ok"))
            lane.good.value += 1
        lane.durations.add(time.monotonic() - self._started)
        if self._in_flight is not None and self._waiters is not None:
            self._in_flight.end(self._key, self._waiters, shared)

    def _go_on(self, error: Exception | None) -> None:
        self._task = asyncio.get_running_loop().create_task(
            self._finish(error), context=self._context
        )

    async def _finish(self, error: Exception | None) -> None:
        """What the layers would do after a first attempt that ended with `error`."""
        lane = self._lane
        try:
            response = await lane.policy.go_on(
                lambda: lane.http.execute(self._request),
                error,
                timeout_seconds=self._seconds_left(),
            )
        except Exception as problem:
            self._failed(problem)
        except BaseException as end:
            self._close(None, "cancelled", end)
            raise
        else:
            self._close(response, "errors" if response.errors else "ok", None)
            self._done(response)

    def _seconds_left(self) -> float | None:
        """Until the subgraph's own time-out or the deadline, whichever comes first."""
        seconds = self._lane.seconds
        if seconds is not None:
            seconds -= time.monotonic() - self._started
        if self._limit is not None:
            left = self._limit.remaining_seconds()
            return left if seconds is None else min(left, seconds)
        return seconds
