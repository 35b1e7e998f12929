"""Subgraph calls over HTTP/1.1: `HttpSubgraphClient`.

A call is one POST with a JSON body on a pooled keep-alive connection. Time-outs, limits and the one
safe retry live here; breaker and retries of whole calls are wrapped around it (`resilient.py`).

    HttpConnections     the pools, shared by all supergraphs a gateway serves one after the other
    HttpSubgraphClient  the routing of one supergraph over these pools

An idle connection may be closed by its peer at the very moment it is used again. A query to which
nothing at all was answered is then sent once more on a new connection. A mutation is never sent
twice; it only uses a connection that was in use within the last second.
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import time
from collections.abc import Iterator, Mapping

from gateway.transport import failures
from gateway.transport.answer import read_answer, too_large
from gateway.transport.base import SubgraphCallError, SubgraphRequest, SubgraphResponse
from gateway.transport.connection import (
    AnswerTooLargeError,
    ClientConnection,
    ConnectionLostError,
    HttpAnswer,
    ProtocolError,
)
from gateway.transport.pool import Clock, ConnectionPool
from gateway.transport.route import (
    HttpTarget,
    InvalidTargetError,
    Origin,
    Route,
    prepare_route,
    tls_context,
)
from subgraph_kit.resilience.cut_off import cut_off

MUTATION_MAX_IDLE_SECONDS = 1.0
"""Servers keep idle connections for 5 s and more; one used a second ago is not being closed."""


class HttpConnections:
    """Connection pools by origin.

    `max_connections` is per origin. `idle_seconds` is how long an unused connection is kept.
    """

    def __init__(
        self,
        *,
        max_connections: int = 256,
        idle_seconds: float = 30.0,
        clock: Clock = time.monotonic,
    ) -> None:
        self._max_connections = max_connections
        self._idle_seconds = idle_seconds
        self._clock = clock
        self._pools: dict[Origin, ConnectionPool] = {}

    def pool(self, origin: Origin) -> ConnectionPool:
        """The pool of `origin`, made at its first use."""
        pool = self._pools.get(origin)
        if pool is None:
            context = tls_context(origin) if origin.is_tls else None

            async def connect() -> ClientConnection:
                return await _open_connection(origin, context)

            pool = self._pools[origin] = ConnectionPool(
                connect,
                max_connections=self._max_connections,
                idle_seconds=self._idle_seconds,
                clock=self._clock,
            )
        return pool

    def open_connections(self) -> int:
        """How many connections are open, over all origins."""
        return sum(pool.open_connections for pool in self._pools.values())

    def close_expired(self) -> None:
        """Close what rested too long, also to subgraphs that nobody calls any more."""
        now = self._clock()
        for pool in self._pools.values():
            pool.close_expired(now)

    def close(self) -> None:
        """Close idle connections now and each busy one after its answer."""
        for pool in self._pools.values():
            pool.close()


class HttpSubgraphClient:
    """Sends GraphQL requests to subgraphs over HTTP/1.1; a `SubgraphClient`."""

    def __init__(self, targets: Mapping[str, HttpTarget], connections: HttpConnections) -> None:
        """Prepare the routes.

        Raises:
            InvalidTargetError: if a URL or a TLS file cannot be used.
        """
        self._routes: dict[str, tuple[Route, ConnectionPool]] = {}
        for name, target in targets.items():
            route = prepare_route(name, target)
            with tls_files_of(name):
                self._routes[name] = (route, connections.pool(route.origin))

    async def execute(self, request: SubgraphRequest) -> SubgraphResponse:
        """Send `request` and return the subgraph's answer; see `SubgraphClient`."""
        name = request.subgraph
        found = self._routes.get(name)
        if found is None:
            raise failures.no_route(name)
        route, pool = found
        target = route.target
        payload = route.request_bytes(request)
        try:
            if target.timeout_seconds is None:
                answer = await _exchange(pool, payload, is_mutation=request.is_mutation)
            else:
                with cut_off(target.timeout_seconds):
                    answer = await _exchange(pool, payload, is_mutation=request.is_mutation)
        except _ConnectTimeoutError as error:
            raise failures.connect_timed_out(name, target.connect_timeout_seconds) from error
        except TimeoutError as error:  # ours, or the system's for a peer that went silent
            raise failures.timed_out(name, target.timeout_seconds) from error
        except (AnswerTooLargeError, ProtocolError, ConnectionLostError, OSError) as error:
            raise call_error(name, error) from error
        return read_answer(
            name, answer, max_body_bytes=target.max_body_bytes, undecoded=request.undecoded
        )

    def routes(self) -> Mapping[str, tuple[Route, ConnectionPool]]:
        """By subgraph: what a request to it looks like, and the connections it goes over."""
        return self._routes

    async def close(self) -> None:
        """Nothing of its own to release: the connections belong to `HttpConnections`."""


@contextlib.contextmanager
def tls_files_of(subgraph: str) -> Iterator[None]:
    """Say which subgraph's files cannot be read or used."""
    try:
        yield
    except (OSError, ValueError) as error:  # ssl.SSLError is an OSError
        raise InvalidTargetError(
            f'The TLS files of subgraph "{subgraph}" cannot be read: {error.strerror or error}'
            if isinstance(error, OSError)
            else f'The TLS files of subgraph "{subgraph}" cannot be used: {error}'
        ) from error


def call_error(subgraph: str, error: Exception) -> SubgraphCallError:
    """What a connection said (see `ClientConnection.exchange`), as the failure of a call."""
    match error:
        case AnswerTooLargeError():
            return too_large(subgraph, str(error))
        case ConnectionLostError():
            return failures.closed_early(subgraph, received=error.received)
        case OSError():
            return failures.unreachable(subgraph, failures.connection_problem(error))
        case _:
            return failures.no_http(subgraph, "HTTP/1.1")


class _ConnectTimeoutError(Exception):
    """No connection within the connect time-out."""


async def _exchange(pool: ConnectionPool, payload: bytes, *, is_mutation: bool) -> HttpAnswer:
    max_idle = MUTATION_MAX_IDLE_SECONDS if is_mutation else None
    connection = pool.take(max_idle_seconds=max_idle)
    if connection is None:
        connection = await pool.acquire(max_idle_seconds=max_idle)
    was_used_before = connection.exchanges > 0
    try:
        return await connection.exchange(payload)
    except ConnectionLostError as error:
        if error.received or is_mutation or not was_used_before:
            raise
    finally:
        pool.release(connection)
    # A stale connection: its neighbours are likely to be stale, too.
    pool.drop_idle()
    connection = await pool.acquire()
    try:
        return await connection.exchange(payload)
    finally:
        pool.release(connection)


async def _open_connection(origin: Origin, context: ssl.SSLContext | None) -> ClientConnection:
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(origin.connect_timeout_seconds):
            _, connection = await loop.create_connection(
                lambda: ClientConnection(max_body_bytes=origin.max_body_bytes),
                origin.host,
                origin.port,
                ssl=context,
                server_hostname=origin.host if context is not None else None,
            )
    except TimeoutError as error:
        raise _ConnectTimeoutError from error
    return connection
