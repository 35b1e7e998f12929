"""Assertions on plans: their text, and what they mean.

A plan that reads as expected may still be wrong. So each one is also carried out, on strict
subgraphs over generated data, and its answer compared with that of one schema over the same data.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from gateway.operation.prepare import PreparedOperation, prepare_operation
from gateway.operation.variables import coerce_variables
from gateway.plan.nodes import (
    ConditionNode,
    FetchNode,
    FlattenNode,
    ParallelNode,
    PlanNode,
    QueryPlan,
    SequenceNode,
)
from gateway.planner import QueryPlanner
from supergraph.load import load_supergraph
from tests.testkit.executors import execute_both
from tests.testkit.universe import StrictSubgraphs, Universe

SEEDS = (0, 1, 2)
"""Data sets on which each plan is carried out."""


@lru_cache(maxsize=64)
def planner_for(supergraph_sdl: str) -> QueryPlanner:
    """The planner of a supergraph, made once."""
    return QueryPlanner(load_supergraph(supergraph_sdl))


def plan_query(
    supergraph_sdl: str, query: str, *, override_labels: frozenset[str] = frozenset()
) -> QueryPlan:
    """The plan of a valid query."""
    planner = planner_for(supergraph_sdl)
    prepared = _prepare(planner, query)
    return planner.plan(prepared.operation, override_labels=override_labels)


def assert_plan(
    supergraph_sdl: str,
    query: str,
    expected_text: str,
    variables: Mapping[str, Any] | None = None,
    *,
    override_labels: frozenset[str] = frozenset(),
) -> None:
    """Assert how the plan reads, and that it answers like one schema would."""
    assert_answers(supergraph_sdl, query, variables, override_labels=override_labels)
    text = str(plan_query(supergraph_sdl, query, override_labels=override_labels))
    assert text == expected_text, f"\n{text}"


def assert_answers(
    supergraph_sdl: str,
    query: str,
    variables: Mapping[str, Any] | None = None,
    *,
    override_labels: frozenset[str] = frozenset(),
) -> None:
    """Assert that the plan answers like one schema would, on several data sets."""
    planner = planner_for(supergraph_sdl)
    for seed in SEEDS:
        problem = find_problem(planner, query, variables or {}, seed, override_labels)
        assert problem is None, problem


def find_problem(
    planner: QueryPlanner,
    query: str,
    variables: Mapping[str, Any],
    seed: int,
    override_labels: frozenset[str] = frozenset(),
) -> str | None:
    """Carry out the plan of a query; what is wrong with its answer, or None."""
    prepared = _prepare(planner, query)
    plan = planner.plan(prepared.operation, override_labels=override_labels)
    universe = Universe(planner.supergraph, seed)
    expected = universe.answer(query, variables)
    if "errors" in expected:
        raise AssertionError(f"the query is wrong: {expected['errors']}")
    values = coerce_variables(
        planner.supergraph.api_schema, prepared.operation.variables, variables
    )
    if isinstance(values, list):
        raise AssertionError(f"the variables are wrong: {values}")
    result = asyncio.run(
        execute_both(
            plan,
            prepared,
            values,
            supergraph=planner.supergraph,
            client=StrictSubgraphs(universe, override_labels),
        )
    )
    where = f"\n{query}\n{json.dumps(dict(variables))}\n{plan}\n"
    if plan.unresolvable:
        return f"{where}unresolvable: {plan.unresolvable}"
    if result.errors:
        return f"{where}errors: {json.dumps(result.errors, indent=1)}"
    if json.dumps(result.data) != json.dumps(expected["data"]):
        return f"{where}answered: {json.dumps(result.data)}\nexpected: {json.dumps(expected)}"
    return None


def _prepare(planner: QueryPlanner, query: str) -> PreparedOperation:
    prepared = prepare_operation(planner.supergraph.api_schema, query)
    if isinstance(prepared, list):
        raise AssertionError(f"the query is invalid: {prepared}")
    return prepared


def fetches(node: PlanNode | None) -> Iterator[FetchNode]:
    """All fetches of a plan, in the order of its text."""
    match node:
        case None:
            return
        case FetchNode():
            yield node
        case FlattenNode():
            yield node.node
        case SequenceNode() | ParallelNode():
            for child in node.nodes:
                yield from fetches(child)
        case ConditionNode():
            yield from fetches(node.if_clause)
            yield from fetches(node.else_clause)


def longest_chain(node: PlanNode | None) -> int:
    """How many calls one after the other the plan takes."""
    match node:
        case None:
            return 0
        case FetchNode() | FlattenNode():
            return 1
        case SequenceNode():
            return sum(longest_chain(child) for child in node.nodes)
        case ParallelNode():
            return max(longest_chain(child) for child in node.nodes)
        case ConditionNode():
            return max(longest_chain(node.if_clause), longest_chain(node.else_clause))
