"""Whatever is asked of whatever graph, the plan answers like one schema over the same data."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.operation.prepare import prepare_operation
from gateway.plan.serde import plan_from_json, plan_to_json
from gateway.planner.build_fetch_graph import build_fetch_graph
from gateway.planner.optimize import optimize
from gateway.planner.planner import QueryPlanner
from tests.gateway.planner.graphs import SUBGRAPHS, supergraph
from tests.testkit.plans import fetches, find_problem, planner_for
from tests.testkit.queries import RandomQueries


def _query(planner: QueryPlanner, seed: int) -> tuple[str, dict[str, object]] | None:
    """A random query with its variables; None where its aliases collide."""
    queries = RandomQueries(planner.supergraph.api_schema, random.Random(seed))
    text = queries.query()
    prepared = prepare_operation(planner.supergraph.api_schema, text)
    return None if isinstance(prepared, list) else (text, dict(queries.variables))


@pytest.mark.parametrize("name", sorted(SUBGRAPHS))
@settings(max_examples=20, deadline=None, derandomize=True)
@given(seed=st.integers(min_value=0, max_value=2**32))
def test_random_queries_get_the_answer_of_one_schema(name: str, seed: int) -> None:
    planner = planner_for(supergraph(name))
    if (made := _query(planner, seed)) is not None:
        query, variables = made
        problem = find_problem(planner, query, variables, seed % 5)
        assert problem is None, problem


@pytest.mark.parametrize("name", sorted(SUBGRAPHS))
@settings(max_examples=10, deadline=None, derandomize=True)
@given(seed=st.integers(min_value=0, max_value=2**32))
def test_plans_are_deterministic_and_survive_json(name: str, seed: int) -> None:
    planner = planner_for(supergraph(name))
    if (made := _query(planner, seed)) is None:
        return
    prepared = prepare_operation(planner.supergraph.api_schema, made[0])
    assert not isinstance(prepared, list)
    plan = planner.plan(prepared.operation)
    again = QueryPlanner(planner.supergraph).plan(prepared.operation)
    assert plan == again
    assert plan_from_json(plan_to_json(plan)) == plan


def test_every_fetch_group_becomes_one_fetch() -> None:
    planner = planner_for(supergraph("requirements"))
    prepared = prepare_operation(
        planner.supergraph.api_schema,
        '{ products { risk fits plain price(currency: "USD") parts { cost } } }',
    )
    assert not isinstance(prepared, list)
    solution = planner.search(prepared.operation, frozenset())
    fetch_graph = build_fetch_graph(planner.graph, prepared.operation, solution)
    optimize(fetch_graph)
    groups = fetch_graph.groups
    assert len(list(fetches(planner.plan(prepared.operation).node))) == len(groups)
