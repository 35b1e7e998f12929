"""The interpreter: walks a query plan over plain JSON objects.

It is the reference of what a plan means, for every plan, every null and every error; a faster
executor has to give the same answer, member by member in the same order.

    plan → fetches, merged into one tree → errors put in the client's terms → projection
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, assert_never

from graphql import OperationType

from gateway.context import RequestContext
from gateway.executor.entity_cache import EntityCache
from gateway.executor.errors import UNRESOLVABLE_FIELD, ResponseError, visible_path
from gateway.executor.facts import SupergraphFacts
from gateway.executor.fetch import Execution, run_fetch
from gateway.executor.introspection import introspect
from gateway.executor.lacking import unexplained
from gateway.executor.paths import common_path
from gateway.executor.projection import Projection, places_of
from gateway.executor.side_by_side import run_side_by_side
from gateway.operation.model import FieldSelection
from gateway.operation.prepare import PreparedOperation
from gateway.operation.shape import ObjectShape
from gateway.plan.nodes import (
    ConditionNode,
    FetchNode,
    FlattenNode,
    ParallelNode,
    PlanNode,
    QueryPlan,
    SequenceNode,
    UnresolvableField,
)
from gateway.transport.base import JsonObject, SubgraphClient
from supergraph.model import Supergraph


@dataclass(frozen=True, slots=True)
class ExecutionResult:
    """The answer to an operation; `errors` have the form of the GraphQL specification."""

    data: JsonObject | None
    errors: list[JsonObject] = field(default_factory=list)
    extensions: JsonObject | None = None

    def to_json(self) -> JsonObject:
        """The response's members, in the order of the specification's examples."""
        response: JsonObject = {"data": self.data}
        if self.errors:
            response["errors"] = self.errors
        if self.extensions:
            response["extensions"] = self.extensions
        return response


async def execute_plan(
    plan: QueryPlan,
    prepared: PreparedOperation,
    variables: Mapping[str, Any],
    *,
    supergraph: Supergraph,
    client: SubgraphClient,
    context: RequestContext | None = None,
    entity_cache: EntityCache | None = None,
) -> ExecutionResult:
    """Execute `plan` and answer what `prepared` asked for.

    `variables` are coerced (`coerce_variables`). Whatever fails on the way becomes an error of the
    result; cancelling the call cancels the subgraph calls in flight.
    """
    is_mutation = prepared.operation.kind is OperationType.MUTATION
    execution = Execution(
        facts=SupergraphFacts(supergraph),
        variables=variables,
        client=client,
        context=context or RequestContext(),
        entity_cache=None if is_mutation else entity_cache,
        has_contexts=plan.has_contexts,
    )
    if plan.node is not None:
        await _run(execution, plan.node)
    shape = prepared.shape.for_variables(variables)
    for unresolvable in plan.unresolvable:
        _add_unresolvable(execution, shape, unresolvable)
    errors = [_in_clients_terms(error, shape) for error in execution.errors]
    errors += unexplained(execution.facts, execution.not_asked, errors, shape)

    def answer_introspection(selection: FieldSelection) -> Any:
        definitions = prepared.operation.variables
        return introspect(supergraph.api_schema, selection, variables, definitions)

    projection = Projection(execution.facts, errors, answer_introspection)
    data = projection.project(execution.data, shape)
    return ExecutionResult(data, _formatted([*errors, *projection.errors]))


async def _run(execution: Execution, node: PlanNode) -> None:
    match node:
        case FetchNode() | FlattenNode():
            await run_fetch(execution, node)
        case SequenceNode(nodes):
            for child in nodes:
                await _run(execution, child)
        case ParallelNode(nodes):
            await run_side_by_side([_run(execution, child) for child in nodes])
        case ConditionNode(variable, if_clause, else_clause):
            branch = if_clause if execution.variables.get(variable) else else_clause
            if branch is not None:
                await _run(execution, branch)
        case _:
            assert_never(node)


def _add_unresolvable(
    execution: Execution, shape: ObjectShape, unresolvable: UnresolvableField
) -> None:
    """Add the error for a field that no subgraph can be asked for, unless it is not wanted now."""
    if visible_path(shape, unresolvable.path) != unresolvable.path:
        return  # @skip or @include left it out
    places, deepest = places_of(execution.data, unresolvable.path, unresolvable.types)
    if not places and (unresolvable.types or deepest == unresolvable.path):
        return  # no object is concerned
    if len(places) > 1:
        deepest = common_path(places)
    path = places[0] if len(places) == 1 else deepest
    execution.errors.append(ResponseError(unresolvable.message, path, UNRESOLVABLE_FIELD))


def _in_clients_terms(error: ResponseError, shape: ObjectShape) -> ResponseError:
    path = visible_path(shape, error.path)
    if path == error.path:
        return error
    return ResponseError(
        error.message, path, error.code, error.service, error.extensions, error.is_exact
    )


def _formatted(errors: list[ResponseError]) -> list[JsonObject]:
    """Format errors, each once: the same failure can be met by several fetches."""
    found: list[JsonObject] = []
    seen: set[tuple[object, ...]] = set()
    for error in errors:
        key = (error.message, error.path, error.code, error.service)
        if key not in seen:
            seen.add(key)
            found.append(error.to_json())
    return found
