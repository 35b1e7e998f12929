"""What a plan is made with is freed with it, and no work for the cyclic garbage collector."""

from __future__ import annotations

import gc

import pytest

from gateway.operation import prepare_operation
from gateway.planner import QueryPlanner
from supergraph.load import load_supergraph
from tests.testkit.composition import compose_sdl

LINK = (
    'extend schema @link(url: "https://specs.apollo.dev/federation/v2.8", '
    'import: ["@key", "@context", "@fromContext"])\n'
)
CONTEXT = {
    "users": """
        type Query { user: User }
        type User @key(fields: "id") { id: ID! name: String }
    """,
    "posts": """
        type User @key(fields: "id") @context(name: "of") { id: ID! language: String post: Post }
        type Post @key(fields: "id") {
          id: ID! title(in: String @fromContext(field: "$of { language }")): String author: Author
        }
        type Author @key(fields: "id", resolvable: false) { id: ID! }
    """,
    "authors": 'type Author @key(fields: "id") { id: ID! name: String }',
}


@pytest.mark.parametrize(
    "query",
    [
        "{ user { name post { author { name } } } }",
        "{ user { post { title author { name } } } }",
    ],
)
def test_a_plan_leaves_nothing_behind(query: str) -> None:
    supergraph = load_supergraph(compose_sdl(**{name: LINK + sdl for name, sdl in CONTEXT.items()}))
    prepared = prepare_operation(supergraph.api_schema, query)
    assert not isinstance(prepared, list), prepared
    planner = QueryPlanner(supergraph)
    planner.plan(prepared.operation)
    gc.collect()
    gc.set_debug(gc.DEBUG_SAVEALL)
    try:
        planner.plan(prepared.operation)
        gc.collect()
        # graphql-core's printer leaves an object behind whenever it prints.
        modules = [type(item).__module__ for item in gc.garbage]
    finally:
        gc.set_debug(0)
        gc.garbage.clear()
    assert not [module for module in modules if module.startswith(("gateway.", "supergraph."))]
