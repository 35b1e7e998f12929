"""The cases on which plans are compared with the reference planner's: graphs and queries.

`python -m tests.gateway.planner.quality` (by `make plan-quality`) runs the reference planner of
tools/plan-quality on them and records its counts, and some of its plans as text; it ends with
status 1 where this planner needs more calls or a longer chain of them.
"""

from __future__ import annotations

import ast
import json
import random
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from gateway.operation.prepare import prepare_operation
from supergraph.compose import compose
from supergraph.subgraph.model import SubgraphInput
from tests.gateway.planner.graphs import SUBGRAPHS
from tests.testkit.composition import compose_sdl
from tests.testkit.plans import fetches, longest_chain, plan_query, planner_for
from tests.testkit.queries import RandomQueries

HERE = Path(__file__).parent
RECORDED = HERE / "data" / "plan_quality.json"
TOOL = HERE.parents[2] / "tools" / "plan-quality"
QUERIES_PER_GRAPH = 45
PLANS_AS_TEXT = 12

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


@cache
def graph_sdl(name: str) -> str:
    """The supergraph of a case."""
    subgraphs = (SUBGRAPHS | MORE)[name]
    if name not in FEDERATION_1:
        return compose_sdl(**subgraphs)
    result = compose([SubgraphInput(n, f"http://{n}", sdl) for n, sdl in subgraphs.items()])
    if result.supergraph_sdl is None:
        raise AssertionError("\n".join(str(error) for error in result.errors))
    return result.supergraph_sdl


def cases() -> dict[str, list[str]]:
    """The queries of the tests of plans, and generated ones, by graph."""
    found: dict[str, list[str]] = {name: [] for name in sorted(SUBGRAPHS | MORE)}
    for name, query in _queries_of_tests():
        found[name].append(query)
    for name, queries in found.items():
        schema = planner_for(graph_sdl(name)).supergraph.api_schema
        for seed in range(QUERIES_PER_GRAPH):
            query = RandomQueries(schema, random.Random(seed)).query()
            if not isinstance(prepare_operation(schema, query), list):
                queries.append(query)
        found[name] = list(dict.fromkeys(queries))
    return found


def _queries_of_tests() -> Iterator[tuple[str, str]]:
    """Graph and query wherever a test says `assert_plan(supergraph("graph"), "query", …)`."""
    for path in sorted(HERE.glob("test_*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            match node:
                case ast.Call(
                    func=ast.Name(),
                    args=[
                        ast.Call(func=ast.Name("supergraph"), args=[ast.Constant(str(name))]),
                        ast.Constant(str(query)),
                        *_,
                    ],
                ) if "subscription" not in query:
                    yield name, query


def counts(graph: str, query: str) -> tuple[int, int]:
    """How many calls this planner makes, and how many of them one after the other."""
    node = plan_query(graph_sdl(graph), query).node
    return len(list(fetches(node))), longest_chain(node)


def is_worse(ours: tuple[int, int], case: dict[str, Any]) -> bool:
    """Whether the reference needs fewer calls, or a shorter chain of them.

    Mutations are left out: here, what the result of a root field needs from other subgraphs is
    read before the next root field is executed (GraphQL specification, "Serial Execution"); the
    reference executes neighbours in one subgraph first, which saves a call and reads later.
    """
    if case["query"].lstrip().startswith("mutation"):
        return False
    return bool(ours[0] > case["fetches"] or ours[1] > case["chain"])


def record() -> int:
    """Run the reference planner and write down what it does; how many cases are worse here."""
    by_graph = cases()
    jobs = [{"sdl": graph_sdl(name), "queries": queries} for name, queries in by_graph.items()]
    answer = subprocess.run(
        ["node", "reference.mjs"],
        input=json.dumps(jobs),
        capture_output=True,
        text=True,
        check=True,
        cwd=TOOL,
    )
    worse = 0
    recorded: list[dict[str, Any]] = []
    texts = 0
    for (name, queries), answers in zip(by_graph.items(), json.loads(answer.stdout), strict=True):
        for query, reference in zip(queries, answers, strict=True):
            if "error" in reference:
                continue  # the reference has no plan
            case = {
                "graph": name,
                "query": query,
                "fetches": reference["fetches"],
                "chain": reference["chain"],
            }
            ours = counts(name, query)
            if is_worse(ours, case):
                worse += 1
                sys.stderr.write(f"{name}: {query}\n  {ours} calls and chain, not {case}\n")
            text = str(plan_query(graph_sdl(name), query))
            if texts < PLANS_AS_TEXT and ours[0] > 1 and text == reference["text"]:
                case["text"] = text
                texts += 1
            recorded.append(case)
    RECORDED.parent.mkdir(exist_ok=True)
    RECORDED.write_text(json.dumps(recorded, indent=1) + "\n")
    sys.stderr.write(f"{len(recorded)} cases recorded, {worse} worse than the reference\n")
    return worse


if __name__ == "__main__":
    sys.exit(1 if record() else 0)
