"""The cases on which plans are compared with the reference planner's: graphs and queries.

The queries are those of the tests of plans (which are run, to see what they plan), generated ones
for the graphs written down here and in `graphs.py`, and generated ones for random graphs.

`python -m tests.gateway.planner.quality` (by `make plan-quality`) runs the reference planner of
tools/plan-quality on them and records its counts, and some of its plans as text; it ends with
status 1 where this planner needs more calls or a longer chain of them.

What is counted are requests to subgraphs. An entity call for objects at several paths is one
request and counts once; the reference has no such calls and makes one per path. The summary says
in how many cases it would be the other way round if each path counted. Left out are cases where the
reference has fewer calls and its plan, carried out here, answers wrongly.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
import re
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, TypeAlias
from unittest import mock

import pytest
from graphql import (
    DocumentNode,
    FragmentDefinitionNode,
    Node,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    is_input_type,
    parse,
    print_ast,
    type_from_ast,
)

from gateway.operation.prepare import PreparedOperation, prepare_operation
from gateway.plan.nodes import ConditionNode, FlattenNode, ParallelNode, PlanNode, SequenceNode
from gateway.plan.serde import plan_from_json
from gateway.planner import QueryPlanner
from gateway.transport.base import SubgraphRequest, SubgraphResponse
from supergraph.compose import compose
from supergraph.extract import extract_subgraphs
from supergraph.subgraph.model import SubgraphInput
from tests.gateway.planner.graphs import SUBGRAPHS
from tests.testkit import plans
from tests.testkit.composition import compose_sdl
from tests.testkit.plans import fetches, longest_chain, plan_query, planner_for
from tests.testkit.queries import RandomQueries
from tests.testkit.random_graphs.case import Case, ComposedGraph, find_problem
from tests.testkit.random_graphs.queries import make_query
from tests.testkit.random_graphs.split import make_split
from tests.testkit.random_graphs.strict import StrictSubgraphs

HERE = Path(__file__).parent
RECORDED = HERE / "data" / "plan_quality.json"
TOOL = HERE.parents[2] / "tools" / "plan-quality"
RECORDED_GRAPHS = HERE / "data" / "plan_quality_graphs.json"
"""Supergraphs of the cases that are not written down in this module or in `graphs.py`."""
TESTS_OF_PLANS = [
    *(path for path in sorted(HERE.glob("test_*.py")) if "quality" not in path.name),
    HERE.parent / "regressions",
]
QUERIES_PER_GRAPH = 45
RANDOM_GRAPHS = range(9000, 9030)
QUERIES_PER_RANDOM = 10
PLANS_AS_TEXT = 12
SEEDS_WITH_CONTEXTS = range(20)
"""Data on which plans with values from contexts are tried: with another value, much is alike."""

Judge: TypeAlias = Callable[[QueryPlanner, str, Mapping[str, Any], int], str | None]
"""Carries out a planner's plan for a query, with variables, on data; says what is wrong."""

MORE: dict[str, dict[str, str]] = {
    # As "requirements"; the reference planner cannot enter by a key that is @external.
    "needs of needs": {
        "catalog": """
            type Query { goods: [Good!]! good(id: ID!): Good }
            type Good @key(fields: "id") { id: ID! cost(in: String!): Int mass: Int bits: [Bit!]! }
            type Bit @key(fields: "id") { id: ID! sort: String }
        """,
        "postage": """
            type Good @key(fields: "id") {
              id: ID! cost(in: String!): Int @external mass: Int @external
              fee: Int @requires(fields: "cost(in: \\"EUR\\") mass")
              quick: Boolean @requires(fields: "mass") plain: String
            }
        """,
        "audit": """
            type Good @key(fields: "id") {
              id: ID! fee: Int @external quick: Boolean @external bits: [Bit!]! @external
              risk: Int @requires(fields: "fee quick bits { sort worth }")
            }
            type Bit @key(fields: "id") { id: ID! sort: String @external worth: Int @external }
        """,
        "worth": """
            type Bit @key(fields: "id") {
              id: ID! sort: String @external worth: Int @requires(fields: "sort")
            }
        """,
    },
    "shop": {
        "accounts": """
            type Query { me: User user(id: ID!): User }
            type User @key(fields: "id") @key(fields: "email") {
              id: ID! email: String! name: String address: Address friends: [User!]!
            }
            type Address { city: String @shareable street: String @shareable }
        """,
        "products": """
            type Query { top(first: Int): [Product!]! node(id: ID!): Node }
            interface Node { id: ID! }
            type Product implements Node @key(fields: "upc") @key(fields: "id") {
              id: ID! upc: String! title: String @shareable price: Int weight: Int maker: Maker
            }
            type Maker @key(fields: "code") { code: ID! label: String }
        """,
        "reviews": """
            type Query { reviews: [Review!]! }
            type User @key(fields: "id") { id: ID! reviews: [Review!]! }
            type Product @key(fields: "upc") {
              upc: String! title: String @external reviews: [Review!]!
            }
            type Review @key(fields: "id") {
              id: ID! body: String stars: Int author: User!
              product: Product! @provides(fields: "title")
            }
        """,
        "inventory": """
            type Product @key(fields: "upc") {
              upc: String! price: Int @external weight: Int @external inStock: Boolean
              shipping: Int @requires(fields: "price weight") store: Store
            }
            type Store @key(fields: "id") { id: ID! city: String }
        """,
        "orders": """
            type Query { orders: [Order!]! }
            type User @key(fields: "email") { email: String! orders: [Order!]! }
            type Order @key(fields: "id") { id: ID! total: Int lines: [Line!]! buyer: User! }
            type Line { quantity: Int product: Product! }
            type Product @key(fields: "id", resolvable: false) { id: ID! }
        """,
        "stores": """
            type Query { stores: [Store!]! }
            type Store @key(fields: "id") {
              id: ID! name: String place: Place sells: [Product!]!
            }
            type Place { zip: String }
            type Product @key(fields: "upc", resolvable: false) { upc: String! }
        """,
        "makers": """
            type Maker @key(fields: "code") { code: ID! country: String products: [Product!]! }
            type Product @key(fields: "id") { id: ID! rank: Int }
        """,
    },
    "federation 1": {
        "people": """
            type Query { people: [Person] }
            type Person @key(fields: "id") { id: ID! name: String }
        """,
        "posts": """
            extend type Person @key(fields: "id") {
              id: ID! @external name: String @external
              posts: [Post] slug: String @requires(fields: "name")
            }
            type Post @key(fields: "id") { id: ID! text: String author: Person }
        """,
        "likes": """
            extend type Post @key(fields: "id") { id: ID! @external likes: Int fans: [Person] }
            extend type Person @key(fields: "id") { id: ID! @external }
        """,
    },
}

FEDERATION_1 = {"federation 1"}
"""Graphs whose subgraphs are written without `@link`."""

VARIABLES: dict[str, dict[str, Any]] = {}
"""Values for the generated queries."""
GRAPHS: dict[str, str] = json.loads(RECORDED_GRAPHS.read_text()) if RECORDED_GRAPHS.exists() else {}


@cache
def graph_sdl(name: str) -> str:
    """The supergraph of a case."""
    if name in GRAPHS:
        return GRAPHS[name]
    subgraphs = (SUBGRAPHS | MORE)[name]
    if name not in FEDERATION_1:
        return compose_sdl(**subgraphs)
    result = compose([SubgraphInput(n, f"http://{n}", sdl) for n, sdl in subgraphs.items()])
    if result.supergraph_sdl is None:
        raise AssertionError("\n".join(str(error) for error in result.errors))
    return result.supergraph_sdl


def cases() -> dict[str, list[str]]:
    """All queries by graph; `GRAPHS` then knows the graphs that are not written down here."""
    GRAPHS.clear()  # what was recorded may have had the same names
    found: dict[str, list[str]] = {name: [] for name in sorted(SUBGRAPHS | MORE)}
    for name, queries in found.items():
        schema = planner_for(graph_sdl(name)).supergraph.api_schema
        for seed in range(QUERIES_PER_GRAPH):
            maker = RandomQueries(schema, random.Random(seed))
            queries.append(maker.query())
            VARIABLES[queries[-1]] = maker.variables
    names = {graph_sdl(name): name for name in found}
    for sdl, query in _planned_by_tests():
        name = names.setdefault(sdl, f"of a test {len(names)}")
        GRAPHS.setdefault(name, sdl)
        found.setdefault(name, []).insert(0, query)
    for seed in RANDOM_GRAPHS:
        subgraphs = make_split(seed).sdl()
        result = compose([SubgraphInput(n, f"http://{n}", sdl) for n, sdl in subgraphs.items()])
        if result.supergraph_sdl is None:
            continue
        name = f"random {seed}"
        GRAPHS[name] = result.supergraph_sdl
        schema = planner_for(result.supergraph_sdl).supergraph.api_schema
        made = [make_query(schema, seed * 1000 + n) for n in range(QUERIES_PER_RANDOM)]
        found[name] = [query for query, _ in made]
        VARIABLES.update(made)
    for name, queries in found.items():
        schema = planner_for(graph_sdl(name)).supergraph.api_schema
        valid = (q for q in queries if not isinstance(prepare_operation(schema, q), list))
        found[name] = list(dict.fromkeys(valid))
    return found


def _planned_by_tests() -> list[tuple[str, str]]:
    """Graph and query of all that the tests of plans plan; they are run for it."""
    planned: dict[tuple[str, str], None] = {}
    sdl_of: dict[QueryPlanner, str] = {}
    original_planner_for, original_prepare = plans.planner_for, plans._prepare

    def planner_of(sdl: str) -> QueryPlanner:
        planner = original_planner_for(sdl)
        sdl_of[planner] = sdl
        return planner

    def prepare(planner: QueryPlanner, query: str) -> PreparedOperation:
        if planner in sdl_of:
            planned[sdl_of[planner], query] = None
        return original_prepare(planner, query)

    with (
        mock.patch.object(plans, "planner_for", planner_of),
        mock.patch.object(plans, "_prepare", prepare),
        contextlib.redirect_stdout(sys.stderr),
    ):
        status = pytest.main(["-q", "-p", "no:cacheprovider", *map(str, TESTS_OF_PLANS)])
    if status:
        sys.stderr.write("some tests of plans fail: what they plan may be missing here\n")
    return list(planned)


def separately(query: str) -> list[str]:
    """A mutation as one operation per root field, in their order; anything else as it is.

    What the result of a root field needs from other subgraphs is read before the next root field
    is executed (GraphQL specification, "Serial Execution"). The reference planner executes
    neighbours in one subgraph first, which saves calls and reads later. So plans of mutations are
    compared with the reference's plans for their root fields, one after the other.
    """
    document = parse(query, no_location=True)
    operation = document.definitions[0]
    if not isinstance(operation, OperationDefinitionNode):
        raise TypeError("the operation comes first")
    if operation.operation is not OperationType.MUTATION:
        return [query]
    found = []
    for selection in operation.selection_set.selections:
        below = SelectionSetNode(selections=(selection,))
        used = _names_in(below, document)
        alone = OperationDefinitionNode(
            operation=operation.operation,
            variable_definitions=tuple(
                item
                for item in operation.variable_definitions or ()
                if item.variable.name.value in used
            ),
            selection_set=below,
        )
        fragments = [item for item in document.definitions[1:] if _is_named(item, used)]
        found.append(print_ast(DocumentNode(definitions=(alone, *fragments))))
    return found


def _names_in(selections: SelectionSetNode, document: DocumentNode) -> set[str]:
    """Names in selections, and in all fragments spread there, directly or not."""
    names = set(re.findall(r"\w+", print_ast(selections)))
    while True:
        more = set(names)
        for definition in document.definitions[1:]:
            if _is_named(definition, names):
                more |= set(re.findall(r"\w+", print_ast(definition)))
        if more == names:
            return names
        names = more


def _is_named(definition: Node, names: set[str]) -> bool:
    return isinstance(definition, FragmentDefinitionNode) and definition.name.value in names


def counts(graph: str, query: str) -> tuple[int, int]:
    """How many calls this planner makes, and how many of them one after the other."""
    node = plan_query(graph_sdl(graph), query).node
    return len(list(fetches(node))), longest_chain(node)


def is_worse(ours: tuple[int, int], case: dict[str, Any]) -> bool:
    """Whether the reference needs fewer calls, or a shorter chain of them."""
    return bool(ours[0] > case["fetches"] or ours[1] > case["chain"])


def _paths(node: PlanNode | None) -> int:
    """Calls, if each path of an entity call counted as one."""
    match node:
        case FlattenNode():
            return len(node.paths)
        case SequenceNode() | ParallelNode():
            return sum(_paths(child) for child in node.nodes)
        case ConditionNode():
            return _paths(node.if_clause) + _paths(node.else_clause)
        case _:
            return 0 if node is None else 1


def answers_wrongly(graph: str, query: str, reference: dict[str, Any]) -> bool:
    """Whether the reference's plan, carried out here on strict subgraphs, answers wrongly.

    It then asks a subgraph for what that does not resolve, for a field with `@requires` without
    sending what is required, or for one with `@fromContext` before the value is known or with the
    value of another object, which saves calls that have to be made.
    """
    sdl = graph_sdl(graph)
    planner = planner_for(sdl)
    judge: Judge = plans.find_problem
    seeds: Sequence[int] = plans.SEEDS
    if "contextArguments" in sdl:
        planner, judge = _with_contexts(sdl)
        seeds = SEEDS_WITH_CONTEXTS
    plan = plan_from_json(reference["plan"])
    given = _some_variables(planner, query) | VARIABLES.get(query, {})
    switches = [name for name, value in given.items() if isinstance(value, bool)]
    # What is wrong below a condition shows only where the condition holds.
    trials = [given, *(given | dict.fromkeys(switches, value) for value in (True, False))]

    def any_problem() -> bool:
        return any(judge(planner, query, variables, seed) for variables in trials for seed in seeds)

    with mock.patch.object(planner, "plan", return_value=plan):
        is_wrong = any_problem()
    return is_wrong and not any_problem()


def _with_contexts(sdl: str) -> tuple[QueryPlanner, Judge]:
    """A planner, and a judge of its plans that knows where arguments take their values from."""
    subgraphs = {item.name: item.sdl for item in extract_subgraphs(sdl)}
    graph = ComposedGraph(subgraphs)

    def judge(_: QueryPlanner, query: str, variables: Mapping[str, Any], seed: int) -> str | None:
        client = _Unhurried(graph.world, seed)
        problem = find_problem(Case(subgraphs, query, variables, seed), graph, client)
        return None if problem is None else problem.text

    return graph.planner, judge


class _Unhurried(StrictSubgraphs):
    """Answers after all calls that need not wait for each other were made."""

    async def execute(self, request: SubgraphRequest) -> SubgraphResponse:
        await asyncio.sleep(0)
        return await super().execute(request)


def _some_variables(planner: QueryPlanner, query: str) -> dict[str, Any]:
    """Values for all variables of a query."""
    schema = planner.supergraph.api_schema
    prepared = prepare_operation(schema, query)
    if isinstance(prepared, list):
        raise TypeError(f"the query is invalid: {prepared}")
    maker = RandomQueries(schema, random.Random(1))
    found = {}
    for item in prepared.operation.variables:
        type_ = type_from_ast(schema, item.type)
        if is_input_type(type_):
            found[item.variable.name.value] = maker.value(type_)
    return found


def record() -> int:
    """Run the reference planner and write down what it does; how many cases are worse here."""
    by_graph = cases()
    parts = [[separately(query) for query in queries] for queries in by_graph.values()]
    jobs = [
        {"sdl": graph_sdl(name), "queries": [alone for whole in queries for alone in whole]}
        for name, queries in zip(by_graph, parts, strict=True)
    ]
    answer = subprocess.run(
        ["node", "reference.mjs"],
        input=json.dumps(jobs),
        capture_output=True,
        text=True,
        check=True,
        cwd=TOOL,
    )
    worse = better = by_path = texts = wrong = 0
    recorded: list[dict[str, Any]] = []
    for name, split, answers in zip(by_graph, parts, json.loads(answer.stdout), strict=True):
        left = iter(answers)
        for query, whole in zip(by_graph[name], split, strict=True):
            references = [next(left) for _ in whole]
            if any("error" in reference for reference in references):
                continue  # the reference has no plan
            case = {
                "graph": name,
                "query": query,
                "fetches": sum(reference["fetches"] for reference in references),
                "chain": sum(reference["chain"] for reference in references),
            }
            ours = counts(name, query)
            plan = plan_query(graph_sdl(name), query)
            if is_worse(ours, case) and any(
                answers_wrongly(name, alone, reference)
                for alone, reference in zip(whole, references, strict=True)
            ):
                wrong += 1
                continue
            better += ours < (case["fetches"], case["chain"])
            by_path += _paths(plan.node) > case["fetches"]
            if is_worse(ours, case):
                worse += 1
                sys.stderr.write(f"{name}: {query}\n  {ours} calls and chain, not {case}\n")
            if texts < PLANS_AS_TEXT and ours[0] > 1 and str(plan) == references[0]["text"]:
                case["text"] = str(plan)
                texts += 1
            recorded.append(case)
    RECORDED.parent.mkdir(exist_ok=True)
    RECORDED.write_text(json.dumps(recorded, indent=1) + "\n")
    used = {case["graph"] for case in recorded}
    graphs = {name: sdl for name, sdl in sorted(GRAPHS.items()) if name in used}
    RECORDED_GRAPHS.write_text(json.dumps(graphs, indent=1) + "\n")
    sys.stderr.write(
        f"{len(recorded)} cases recorded, {worse} worse than the reference, {better} better; "
        f"{by_path} with more calls if each path of a call counted; left out {wrong} where the "
        "reference has fewer calls and its answer is wrong\n"
    )
    return worse


if __name__ == "__main__":
    sys.exit(1 if record() else 0)
