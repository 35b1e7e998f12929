"""Equal subgraph requests in flight share one call.

Under load many clients ask the same at the same time. Requests are equal if subgraph, document,
variables, forwarded headers and security context are; headers that only trace a request are left
aside. Mutations are never shared, and a query that comes after a mutation of this gateway does not
join one from before it: a client reads what it wrote.

    first caller ──► the call, with its breaker, retries, metrics
    others       ──► wait; the answer's bytes are decoded anew for each, errors are given to each

The first caller's own end (its client left, its deadline came) does not concern the others: one of
them makes the call then. Each waits no longer than its own deadline.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import TypeAlias

from gateway.transport.answer import read_body
from gateway.transport.base import (
    SubgraphCallError,
    SubgraphClient,
    SubgraphRequest,
    SubgraphResponse,
)
from gateway.transport.headers import ForwardedHeaders, deciding_headers
from gateway.transport.in_flight import InFlight
from gateway.transport.request_body import encode_request_body
from subgraph_kit.resilience.cut_off import cut_off
from subgraph_kit.resilience.deadline import current_deadline

Outcome: TypeAlias = SubgraphResponse | SubgraphCallError


class SharingSubgraphClient:
    """Wraps a client; `on_shared` is told of each request that was spared."""

    def __init__(
        self, inner: SubgraphClient, *, on_shared: Callable[[], None] = lambda: None
    ) -> None:
        self._inner = inner
        self._on_shared = on_shared
        self._in_flight: InFlight[Outcome] = InFlight()

    @property
    def in_flight(self) -> InFlight[Outcome]:
        """The calls that equal requests may join, by `sharing_key`."""
        return self._in_flight

    async def execute(self, request: SubgraphRequest) -> SubgraphResponse:
        """See `SubgraphClient`."""
        if request.is_mutation:
            try:
                return await self._inner.execute(request)
            finally:
                self._in_flight.forget()
        request = _with_body(request)
        key = sharing_key(request, request.body or b"")
        while key in self._in_flight:
            shared = await self._wait(key, request.subgraph)
            if isinstance(shared, SubgraphCallError):
                self._on_shared()
                raise shared.again()
            if shared is not None and shared.body is not None:
                self._on_shared()
                return _own_copy(request, shared)
        outcome = await self._in_flight.lead(key, lambda: self._call(request))
        if isinstance(outcome, SubgraphCallError):
            raise outcome
        return outcome

    async def close(self) -> None:
        """Close the inner client."""
        await self._inner.close()

    async def _call(self, request: SubgraphRequest) -> Outcome:
        try:
            return await self._inner.execute(request)
        except SubgraphCallError as error:
            limit = current_deadline()
            if error.code == "SUBREQUEST_TIMEOUT" and limit is not None and limit.expired:
                raise  # This caller's time was up, not necessarily that of the others.
            return error

    async def _wait(self, key: Hashable, subgraph: str) -> Outcome | None:
        limit = current_deadline()
        if limit is None:
            return await self._in_flight.wait(key)
        try:
            with cut_off(limit.remaining_seconds()):
                return await self._in_flight.wait(key)
        except TimeoutError:
            raise SubgraphCallError(
                subgraph,
                "SUBREQUEST_TIMEOUT",
                f'Subgraph "{subgraph}" did not answer within {limit.seconds:.3g} s',
            ) from None


def sharing_key(request: SubgraphRequest, body: bytes) -> Hashable:
    """What has to be equal for two requests to share a call; `body` is the request's JSON."""
    headers = request.headers
    deciding = (
        headers.deciding if isinstance(headers, ForwardedHeaders) else deciding_headers(headers)
    )
    return request.subgraph, body, deciding, request.security


def _with_body(request: SubgraphRequest) -> SubgraphRequest:
    """The request with its JSON written: a part of the key that is needed for the call anyway."""
    return SubgraphRequest(
        request.subgraph,
        request.operation,
        request.operation_name,
        request.variables,
        request.headers,
        request.is_mutation,
        request.undecoded,
        request.security,
        encode_request_body(request),
    )


def _own_copy(request: SubgraphRequest, shared: SubgraphResponse) -> SubgraphResponse:
    """What the asker may change as it likes: decoded from the same bytes."""
    if request.undecoded and not shared.is_decoded:
        return shared  # bytes and nothing else
    assert shared.body is not None  # noqa: S101 - asked by the caller
    return read_body(request.subgraph, shared.body)
