"""Deadline, breaker and retries around subgraph calls: the kit's resilience stack, per subgraph.

What the stack has to know about this side of the mesh stands here: which failures are the
subgraph's fault (so that one client's odd query cannot open the breaker for all), and which are
worth another try.
"""

from __future__ import annotations

from collections.abc import Callable

from gateway.transport.base import (
    SubgraphCallError,
    SubgraphClient,
    SubgraphRequest,
    SubgraphResponse,
)
from subgraph_kit.errors import CircuitOpenError
from subgraph_kit.resilience.circuit_breaker import BreakerState
from subgraph_kit.resilience.policy import ResiliencePolicy, ResilienceSettings

_RETRYABLE_STATUSES = frozenset((502, 503, 504))
"""Said by proxies and by servers that did not begin to work on the request."""

StateListener = Callable[[str, BreakerState, BreakerState], None]


class SubgraphPolicies:
    """One policy per subgraph, kept when the supergraph is exchanged."""

    def __init__(
        self,
        settings_for: Callable[[str], ResilienceSettings],
        *,
        on_state_change: StateListener | None = None,
    ) -> None:
        self._settings_for = settings_for
        self._on_state_change = on_state_change
        self._policies: dict[str, ResiliencePolicy] = {}

    def get(self, subgraph: str) -> ResiliencePolicy:
        """The policy of `subgraph`, made at its first use."""
        policy = self._policies.get(subgraph)
        if policy is None:
            policy = self._policies[subgraph] = ResiliencePolicy(
                subgraph,
                self._settings_for(subgraph),
                on_state_change=self._on_state_change,
                is_failure=is_subgraphs_fault,
                is_retryable=is_worth_a_retry,
                timeout_error=_timeout_error,
            )
        return policy


class ResilientSubgraphClient:
    """Puts each call of another client under its subgraph's policy."""

    def __init__(self, inner: SubgraphClient, policies: SubgraphPolicies) -> None:
        self._inner = inner
        self._policies = policies

    async def execute(self, request: SubgraphRequest) -> SubgraphResponse:
        """See `SubgraphClient`."""
        policy = self._policies.get(request.subgraph)
        try:
            return await policy.call(
                lambda: self._inner.execute(request), idempotent=not request.is_mutation
            )
        except CircuitOpenError as error:
            raise SubgraphCallError(
                request.subgraph,
                "SUBREQUEST_CIRCUIT_OPEN",
                f'Subgraph "{request.subgraph}" failed too often and is not called for a moment',
                retry_after_seconds=error.retry_after_seconds,
            ) from error

    async def close(self) -> None:
        """Close the inner client."""
        await self._inner.close()


def is_subgraphs_fault(error: BaseException) -> bool:
    """Whether `error` counts for the breaker.

    An answer that is too large or malformed may be one query's doing; no answer is not.
    """
    if not isinstance(error, SubgraphCallError):
        return False
    if error.code == "SUBREQUEST_HTTP_ERROR":
        return error.status is not None and error.status >= 500
    return error.code in ("SUBREQUEST_CONNECTION_ERROR", "SUBREQUEST_TIMEOUT")


def is_worth_a_retry(error: BaseException) -> bool:
    """Whether the same query may be answered a moment later."""
    if not isinstance(error, SubgraphCallError):
        return False
    return error.code == "SUBREQUEST_CONNECTION_ERROR" or error.status in _RETRYABLE_STATUSES


def _timeout_error(subgraph: str, seconds: float) -> Exception:
    return SubgraphCallError(
        subgraph,
        "SUBREQUEST_TIMEOUT",
        f'Subgraph "{subgraph}" did not answer within {seconds:.3g} s',
    )
