"""The seam between executors and subgraphs: `SubgraphClient`.

`http.py` implements it over the network, `asgi.py` in process for tests; `dedupe.py` and the
resilience stack wrap one client in another.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import msgspec

from gateway.context import SecurityContext

JsonObject = dict[str, Any]

_ANYBODY = SecurityContext()


class SubgraphRequest(msgspec.Struct, frozen=True):
    """One GraphQL request to one subgraph; `headers` are those to forward, names in lower case.

    A Struct, because one is made per call and a frozen dataclass takes ten times as long.
    """

    subgraph: str
    operation: str
    operation_name: str | None = None
    variables: Mapping[str, Any] = {}
    headers: Mapping[str, str] = {}
    is_mutation: bool = False
    """A mutation is never sent twice, and never shared with another request."""
    undecoded: bool = False
    """The asker decodes the answer: `SubgraphResponse.body` is enough for it."""
    security: SecurityContext = _ANYBODY
    """On whose behalf; requests of different contexts never share anything."""
    body: bytes | None = None
    """The request as JSON, where a client further out has written it already."""

    def __repr__(self) -> str:
        """Name it, without what may be personal or secret."""
        return f"<SubgraphRequest {self.operation_name or 'unnamed'} to {self.subgraph}>"


class SubgraphResponse(msgspec.Struct, frozen=True, eq=False):
    """What a subgraph answered: well-formed GraphQL over HTTP, with errors or without.

    `data` belongs to whoever asked: the executor merges it into its response and changes it. A
    client that shares one answer between callers gives each a copy of its own.

    If the request was `undecoded` and the answer looks good (status 2xx, no `"errors"` in it),
    `is_decoded` is False and there is only `body`; `answer.read_body` decodes it, or says why that
    is impossible.
    """

    data: JsonObject | None
    errors: Sequence[JsonObject] = ()
    extensions: Mapping[str, Any] | None = None
    body: bytes | None = None
    """The JSON text of the answer, decompressed, where there was one: to be decoded again."""
    is_decoded: bool = True


class SubgraphCallError(Exception):
    """A subgraph gave no usable answer.

    `message` is safe to send to clients: it names the subgraph and what went wrong, no address and
    no body. `code` is one of

    - `SUBREQUEST_CONNECTION_ERROR`: refused, reset or closed before the answer was whole
    - `SUBREQUEST_TIMEOUT`: no whole answer within the time-out
    - `SUBREQUEST_HTTP_ERROR`: a status other than 2xx without a GraphQL answer
    - `SUBREQUEST_MALFORMED_RESPONSE`: not JSON, half a JSON, or JSON that is no GraphQL answer
    - `SUBREQUEST_TOO_LARGE`: an answer beyond the size limit
    - `SUBREQUEST_CIRCUIT_OPEN`: the breaker is open; nothing was sent

    `status` is the HTTP status where there was one, `retry_after_seconds` what the subgraph asked
    for with `Retry-After`; the resilience stack reads both.
    """

    def __init__(
        self,
        subgraph: str,
        code: str,
        message: str,
        *,
        status: int | None = None,
        retry_after_seconds: float | None = None,
    ) -> None:
        super().__init__(message)
        self.subgraph = subgraph
        self.code = code
        self.message = message
        self.status = status
        self.retry_after_seconds = retry_after_seconds

    def again(self) -> SubgraphCallError:
        """The same failure for another caller: an exception raised twice keeps both tracebacks."""
        return SubgraphCallError(
            self.subgraph,
            self.code,
            self.message,
            status=self.status,
            retry_after_seconds=self.retry_after_seconds,
        )


class SubgraphClient(Protocol):
    """Sends one request to one subgraph."""

    async def execute(self, request: SubgraphRequest) -> SubgraphResponse:
        """Return the subgraph's answer.

        Raises:
            SubgraphCallError: if there is no usable answer.
        """
        ...

    async def close(self) -> None:
        """Finish what is in flight and release connections."""
        ...
