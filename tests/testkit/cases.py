"""A case of the planner: subgraphs, an operation, how its plan reads, and what it answers.

A plan that reads as expected may still be wrong. So each one is also carried out, by the
interpreter and by compiled code, on strict subgraphs that know only their own SDL, and its answer
compared with that of one plain schema over the same data. A case in which a call of the plan is
never made, since the data have a null or an empty list on the way to it, proves nothing about that
call: data are tried until every call was made.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from gateway.plan.nodes import QueryPlan
from tests.testkit.composition import FEDERATION_LINK
from tests.testkit.plans import fetches, plan_query
from tests.testkit.random_graphs.case import Case, ComposedGraph, find_problem
from tests.testkit.random_graphs.strict import StrictSubgraphs

FEDERATION_1 = ""
"""The `link` of subgraphs that have none."""
DATA_SETS = 3
MOST_DATA_SETS = 30
"""How many are tried at most until each call of the plan was made."""


@lru_cache(maxsize=32)
def _composed(texts: tuple[tuple[str, str], ...]) -> ComposedGraph:
    return ComposedGraph(dict(texts))


def assert_case(
    subgraphs: Mapping[str, str],
    query: str,
    expected_text: str,
    *variables: Mapping[str, Any],
    labels: frozenset[str] = frozenset(),
    link: str = FEDERATION_LINK,
) -> QueryPlan:
    """Assert how the plan reads, and that it answers like one schema would; returns the plan.

    Each of `variables` is tried; `link` goes before the SDL of each subgraph.
    """
    graph = _composed(tuple((name, link + sdl) for name, sdl in subgraphs.items()))
    plan = plan_query(graph.supergraph.sdl, query, override_labels=labels)
    not_made = {(fetch.subgraph, fetch.operation) for fetch in fetches(plan.node)}
    seed = 0
    while seed < DATA_SETS or (not_made and seed < MOST_DATA_SETS):
        for values in variables or ({},):
            case = Case(graph.subgraphs, query, values, seed, labels, compiled=True)
            client = StrictSubgraphs(graph.world, seed, labels)
            problem = find_problem(case, graph, client)
            assert problem is None, f"{problem.kind}: {problem.text}"
            not_made -= {(request.subgraph, request.operation) for request in client.requests}
        seed += 1
    assert not not_made, f"never called on {seed} data sets: {not_made}\n{plan}"
    text = str(plan)
    assert text == expected_text, f"\n{text}"
    return plan
