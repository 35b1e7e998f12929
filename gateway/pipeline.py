"""One request, stage by stage: document → operation → variables → plan → execution → outcome.

A `Runtime` is everything that depends on the supergraph: planner, subgraph routes and the cache of
prepared operations. It is made as a whole and swapped as a whole; a request keeps the one it began
with. What can be wrong with a request is answered stage by stage as GraphQL errors with a code;
what is wrong with the gateway itself is logged whole and answered without details.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import structlog
from graphql import GraphQLError, OperationType

from gateway.config.cache import OperationCacheSettings
from gateway.config.execution import ExecutorChoice
from gateway.config.limits import LimitSettings
from gateway.context import RequestContext
from gateway.errors import INTERNAL_ERROR, RequestError, error_json
from gateway.executor.compiled import CompiledPlans, CompiledResult, OperationExecutor
from gateway.executor.compiled.executor import USES_BEFORE_COMPILING
from gateway.executor.entity_cache import EntityCache
from gateway.executor.execute import ExecutionResult, execute_plan
from gateway.express import Done, ExpressOperation
from gateway.operation import (
    OperationLimits,
    PreparedOperation,
    coerce_variables,
    prepare_operation,
)
from gateway.operation.model import Operation
from gateway.operation_cache import OperationCache
from gateway.outcome import Outcome, executed, refused, timed_out
from gateway.plan.nodes import QueryPlan
from gateway.planner import OverrideLabels, PlanningError, QueryPlanner
from gateway.planning import PlanningLanes
from gateway.telemetry import GatewayMetrics, plan_span
from gateway.transport.base import JsonObject, SubgraphClient
from subgraph_kit.resilience.cut_off import Wheel, cut_off, wheel
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
    executor: OperationExecutor


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a document cannot be run; as final as the document itself."""

    errors: Sequence[JsonObject]


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
        override_labels: Sequence[str] = (),
    ) -> None:
        self.supergraph = supergraph
        self.client = client
        self._planner = QueryPlanner(supergraph)
        self._labels = OverrideLabels(supergraph)
        self._always_active = frozenset(override_labels)
        self._code = CompiledPlans()
        self._limits = limits
        self._lookups = metrics.operation_cache if metrics is not None else None
        self._traced = traced
        self._operations: OperationCache[PlannedOperation | Refusal] = OperationCache(
            max_entries=cache.max_entries, max_characters=cache.max_characters
        )

    def override_labels(self, named: frozenset[str] = frozenset()) -> frozenset[str]:
        """The labels that apply to a request which names some itself; decided anew each time."""
        active = self._always_active | named if named else self._always_active
        return self._labels.decide(active)

    def known(
        self, document: str, operation_name: str | None, labels: frozenset[str] = frozenset()
    ) -> PlannedOperation | Refusal | None:
        """What is kept for an operation under these override labels, or None."""
        return self._operations.get(document, operation_name, labels)

    def count_hit(self) -> None:
        """Count that a request found its operation kept."""
        if self._lookups is not None:
            self._lookups.add(("hit",))

    async def planned(
        self,
        document: str,
        operation_name: str | None,
        lanes: PlanningLanes[PlannedOperation | Refusal],
        labels: frozenset[str] = frozenset(),
    ) -> PlannedOperation | Refusal:
        """Plan an operation beside the event loop and keep it."""
        if self._lookups is not None:
            self._lookups.add(("miss",))

        def plan() -> PlannedOperation | Refusal:
            with plan_span(traced=self._traced):
                return self.plan(document, operation_name, labels)

        def keep(planned: PlannedOperation | Refusal) -> None:
            self._operations.put(document, operation_name, planned, labels)

        return await lanes.run((self, document, operation_name, labels), len(document), plan, keep)

    def warm_up(self, used: Sequence[tuple[str, str | None]], *, seconds: float) -> int:
        """Plan operations that another runtime served, and return how many are ready.

        To be called before this runtime serves. `used` names the most important ones last; as
        many of those as can be planned within `seconds` are.
        """
        ready: list[tuple[str, str | None, PlannedOperation]] = []
        until = time.monotonic() + seconds
        for document, operation_name in reversed(used):
            if time.monotonic() >= until:
                break
            planned = self.plan(document, operation_name)
            if isinstance(planned, PlannedOperation):
                ready.append((document, operation_name, planned))
        for document, operation_name, planned in reversed(ready):
            self._operations.put(document, operation_name, planned)
        return len(ready)

    def operations_in_use(self, most: int) -> list[tuple[str, str | None]]:
        """The documents and operation names used last, at most `most`, the very last at the end."""
        return self._operations.recent(most, lambda kept: isinstance(kept, PlannedOperation))

    def plan(
        self, document: str, operation_name: str | None, labels: frozenset[str] = frozenset()
    ) -> PlannedOperation | Refusal:
        """Prepare and plan an operation. Can be called in any thread; nothing is kept."""
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
            plan = self._planner.plan(prepared.operation, override_labels=labels)
        except PlanningError as error:
            return Refusal([error_json(error.code, error.message)])
        executor = OperationExecutor(plan, prepared, self.supergraph, code=self._code)
        return PlannedOperation(prepared, plan, executor)


class Pipeline:
    """Runs requests on the runtime of the moment."""

    def __init__(
        self,
        limits: LimitSettings,
        *,
        entity_cache: EntityCache | None = None,
        executor: ExecutorChoice = "auto",
    ) -> None:
        self._limits = limits
        self._entity_cache = entity_cache
        self._executor = executor
        self._lanes: PlanningLanes[PlannedOperation | Refusal] = PlanningLanes()
        self._wheel: Wheel | None = None
        self.runtime: Runtime | None = None
        """Set by whoever loads supergraphs; None until the first one is there."""

    @property
    def starts_operations(self) -> bool:
        """Whether `start` is ever the way: entities are cached by the interpreter alone."""
        return self._entity_cache is None and self._executor != "interpreter"

    def close(self) -> None:
        """Plan nothing more."""
        self._lanes.close()

    def is_known_query(self, document: str, operation_name: str | None) -> bool:
        """Whether this was planned before and is a query."""
        known = self.runtime.known(document, operation_name) if self.runtime is not None else None
        return (
            isinstance(known, PlannedOperation)
            and known.prepared.operation.kind is OperationType.QUERY
        )

    async def run(
        self,
        document: str,
        operation_name: str | None,
        variables: Mapping[str, Any] | None,
        context: RequestContext,
        *,
        queries_only: bool = False,
        on_mutation: Callable[[], None] = lambda: None,
    ) -> Outcome:
        """Answer one GraphQL request. Never raises, except when cancelled.

        `queries_only` refuses mutations, as for a GET. `on_mutation` is called before a mutation
        is executed: half a mutation should not be the end of it.
        """
        try:
            return await self._run(
                document, operation_name, variables, context, queries_only, on_mutation
            )
        except RequestError as error:
            return refused(error)
        except Exception:
            # No stage may end the service; no text of an unexpected error may reach a client.
            _log.exception("request failed", operation_name=operation_name)
            return Outcome(errors=[INTERNAL_ERROR], status=500)

    def start(
        self,
        document: str,
        operation_name: str | None,
        variables: Mapping[str, Any] | None,
        context: RequestContext,
        done: Done,
    ) -> ExpressOperation | None:
        """Begin what can be answered without a task, or None: then the way is `run`.

        That is a query that is planned and compiled, with variables that fit. `done` may be called
        before this returns.
        """
        runtime = self.runtime
        if runtime is None or not self.starts_operations:
            return None
        labels = runtime.override_labels(context.override_labels)
        planned = runtime.known(document, operation_name, labels)
        if not isinstance(planned, PlannedOperation):
            return None
        operation = planned.prepared.operation
        if operation.kind is not OperationType.QUERY:
            return None
        values: dict[str, Any] | list[GraphQLError] = {}
        if operation.variables:
            values = self._coerced(runtime, operation, variables)
        if isinstance(values, list):
            return None
        attempt = planned.executor.attempt(values, client=runtime.client, context=context)
        if attempt is None:
            return None
        runtime.count_hit()
        if self._wheel is None:
            self._wheel = wheel()
        express = ExpressOperation(operation, attempt, self._limits.request_timeout_seconds, done)
        express.begin(self._wheel, grace_seconds=_GRACE_SECONDS)
        return express

    def _coerced(
        self, runtime: Runtime, operation: Operation, variables: Mapping[str, Any] | None
    ) -> dict[str, Any] | list[GraphQLError]:
        return coerce_variables(
            runtime.supergraph.api_schema,
            operation.variables,
            variables,
            suggestions=self._limits.suggestions,
        )

    async def _run(
        self,
        document: str,
        operation_name: str | None,
        variables: Mapping[str, Any] | None,
        context: RequestContext,
        queries_only: bool,
        on_mutation: Callable[[], None],
    ) -> Outcome:
        runtime = self.runtime
        if runtime is None:
            raise RequestError(
                503,
                "NOT_READY",
                "The gateway is still loading its supergraph; try again in a moment",
                headers={"retry-after": "1"},
            )
        seconds = self._limits.request_timeout_seconds
        labels = runtime.override_labels(context.override_labels)
        planned = runtime.known(document, operation_name, labels)
        if planned is None:
            try:
                with cut_off(seconds):
                    planned = await runtime.planned(document, operation_name, self._lanes, labels)
            except TimeoutError:
                raise timed_out(seconds) from None
        else:
            runtime.count_hit()
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
        values: dict[str, Any] | list[GraphQLError] = {}
        if operation.variables:
            values = self._coerced(runtime, operation, variables)
        if isinstance(values, list):
            errors = [_formatted(error) for error in values]
            return Outcome(errors=errors, status=400, is_graphql_refusal=True)
        if operation.kind is OperationType.MUTATION:
            on_mutation()
        try:
            with cut_off(seconds + _GRACE_SECONDS), deadline(seconds):
                result = await self._execute(runtime, planned, values, context)
        except TimeoutError:
            raise timed_out(seconds) from None
        return executed(operation, result)

    async def _execute(
        self,
        runtime: Runtime,
        planned: PlannedOperation,
        values: Mapping[str, Any],
        context: RequestContext,
    ) -> CompiledResult | ExecutionResult:
        is_mutation = planned.prepared.operation.kind is OperationType.MUTATION
        is_cached = self._entity_cache is not None and not is_mutation
        if is_cached or self._executor == "interpreter":
            return await execute_plan(
                planned.plan,
                planned.prepared,
                values,
                supergraph=runtime.supergraph,
                client=runtime.client,
                context=context,
                entity_cache=self._entity_cache,
            )
        at_once = self._executor == "compiled"
        return await planned.executor.execute(
            values,
            client=runtime.client,
            context=context,
            uses_before_compiling=0 if at_once else USES_BEFORE_COMPILING,
        )


def _formatted(error: GraphQLError) -> JsonObject:
    return dict(error.formatted)
