"""One request, stage by stage: document → operation → variables → plan → execution → outcome.

A `Runtime` is everything that depends on the supergraph: planner, subgraph routes and the cache of
prepared operations. It is made as a whole and swapped as a whole; a request keeps the one it began
with. What can be wrong with a request is answered stage by stage as GraphQL errors with a code;
what is wrong with the gateway itself is logged whole and answered without details.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import structlog
from graphql import GraphQLError, OperationType

from gateway.config.cache import OperationCacheSettings
from gateway.config.limits import LimitSettings
from gateway.context import RequestContext
from gateway.errors import INTERNAL_ERROR, RequestError, error_json
from gateway.executor.entity_cache import EntityCache
from gateway.executor.execute import execute_plan
from gateway.operation import (
    OperationLimits,
    PreparedOperation,
    coerce_variables,
    prepare_operation,
)
from gateway.operation_cache import OperationCache
from gateway.plan.nodes import QueryPlan
from gateway.planner import PlanningError, QueryPlanner
from gateway.telemetry import GatewayMetrics, plan_span
from gateway.transport.base import JsonObject, SubgraphClient
from subgraph_kit.resilience.deadline import deadline
from supergraph.model import Supergraph

_log = structlog.get_logger(__name__)

_GRACE_SECONDS = 1.0
"""Between the deadline of subgraph calls and the hard end of a request: time to answer in part."""


@dataclass(frozen=True, slots=True)
class PlannedOperation:
    """A document's operation with its plan: good for every set of variables."""

    prepared: PreparedOperation
    plan: QueryPlan


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a document cannot be run; as final as the document itself."""

    errors: Sequence[JsonObject]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a request comes to.

    `was_executed` tells whether there is a `data` entry (which may be null): without one the
    request was refused. `is_graphql_refusal` then tells whether its GraphQL was the reason (it
    does not parse, is not valid, its variables do not fit), rather than anything around it.
    `status` is the HTTP status for a refused request.
    """

    data: JsonObject | None = None
    errors: Sequence[JsonObject] = ()
    extensions: Mapping[str, Any] | None = None
    was_executed: bool = False
    is_graphql_refusal: bool = False
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    operation_name: str | None = None
    operation_type: str | None = None

    def as_json(self) -> JsonObject:
        """The response object of the specification."""
        body: JsonObject = {}
        if self.was_executed:
            body["data"] = self.data
        if self.errors:
            body["errors"] = self.errors
        if self.extensions:
            body["extensions"] = self.extensions
        return body


class Runtime:
    """What serves requests on one supergraph."""

    def __init__(
        self,
        supergraph: Supergraph,
        client: SubgraphClient,
        *,
        limits: OperationLimits,
        cache: OperationCacheSettings,
        metrics: GatewayMetrics | None = None,
        traced: bool = False,
    ) -> None:
        self.supergraph = supergraph
        self.client = client
        self._planner = QueryPlanner(supergraph)
        self._limits = limits
        self._count_hit = metrics.operation_cache.labels("hit").inc if metrics else _no_count
        self._count_miss = metrics.operation_cache.labels("miss").inc if metrics else _no_count
        self._traced = traced
        self._operations: OperationCache[PlannedOperation | Refusal] = OperationCache(
            max_entries=cache.max_entries, max_characters=cache.max_characters
        )

    def plan(self, document: str, operation_name: str | None) -> PlannedOperation | Refusal:
        """Prepare and plan an operation, or find it among those kept."""
        found = self._operations.get(document, operation_name)
        if found is not None:
            self._count_hit()
        else:
            self._count_miss()
            with plan_span(traced=self._traced):
                found = self._plan(document, operation_name)
            self._operations.put(document, operation_name, found)
        return found

    def _plan(self, document: str, operation_name: str | None) -> PlannedOperation | Refusal:
        prepared = prepare_operation(
            self.supergraph.api_schema, document, operation_name, self._limits
        )
        if isinstance(prepared, list):
            return Refusal([_formatted(error) for error in prepared])
        if prepared.operation.kind is OperationType.SUBSCRIPTION:
            return Refusal(
                [
                    error_json(
                        "SUBSCRIPTIONS_NOT_SUPPORTED",
                        "Subscriptions are not supported by this gateway",
                    )
                ]
            )
        try:
            return PlannedOperation(prepared, self._planner.plan(prepared.operation))
        except PlanningError as error:
            return Refusal([error_json(error.code, error.message)])


class Pipeline:
    """Runs requests on the runtime of the moment."""

    def __init__(self, limits: LimitSettings, *, entity_cache: EntityCache | None = None) -> None:
        self._limits = limits
        self._entity_cache = entity_cache
        self.runtime: Runtime | None = None
        """Set by whoever loads supergraphs; None until the first one is there."""

    async def run(
        self,
        document: str,
        operation_name: str | None,
        variables: Mapping[str, Any] | None,
        context: RequestContext,
        *,
        queries_only: bool = False,
    ) -> Outcome:
        """Answer one GraphQL request. Never raises, except when cancelled.

        `queries_only` refuses mutations, as for a GET.
        """
        try:
            return await self._run(document, operation_name, variables, context, queries_only)
        except RequestError as error:
            return Outcome(errors=[error.as_json()], status=error.status, headers=error.headers)
        except Exception:
            # No stage may end the service; no text of an unexpected error may reach a client.
            _log.exception("request failed", operation_name=operation_name)
            return Outcome(errors=[INTERNAL_ERROR], status=500)

    async def _run(
        self,
        document: str,
        operation_name: str | None,
        variables: Mapping[str, Any] | None,
        context: RequestContext,
        queries_only: bool,
    ) -> Outcome:
        runtime = self.runtime
        if runtime is None:
            raise RequestError(
                503,
                "NOT_READY",
                "The gateway is still loading its supergraph; try again in a moment",
                headers={"retry-after": "1"},
            )
        planned = runtime.plan(document, operation_name)
        if isinstance(planned, Refusal):
            return Outcome(errors=planned.errors, status=400, is_graphql_refusal=True)
        prepared = planned.prepared
        operation = prepared.operation
        if queries_only and operation.kind is not OperationType.QUERY:
            raise RequestError(
                405,
                "METHOD_NOT_ALLOWED",
                "GET requests may only query; send mutations with POST",
                headers={"allow": "POST"},
            )
        values = coerce_variables(
            runtime.supergraph.api_schema,
            operation.variables,
            variables,
            suggestions=self._limits.suggestions,
        )
        if isinstance(values, list):
            errors = [_formatted(error) for error in values]
            return Outcome(errors=errors, status=400, is_graphql_refusal=True)
        seconds = self._limits.request_timeout_seconds
        try:
            async with asyncio.timeout(seconds + _GRACE_SECONDS):
                with deadline(seconds):
                    result = await execute_plan(
                        planned.plan,
                        prepared,
                        values,
                        supergraph=runtime.supergraph,
                        client=runtime.client,
                        context=context,
                        entity_cache=self._entity_cache,
                    )
        except TimeoutError:
            raise RequestError(
                504, "REQUEST_TIMEOUT", f"The request was not answered within {seconds:g} s"
            ) from None
        return Outcome(
            data=result.data,
            errors=result.errors,
            extensions=result.extensions,
            was_executed=True,
            operation_name=operation.name,
            operation_type=operation.kind.value,
        )


def _no_count() -> None:
    """Count nothing: no metrics are wanted."""


def _formatted(error: GraphQLError) -> JsonObject:
    return dict(error.formatted)
