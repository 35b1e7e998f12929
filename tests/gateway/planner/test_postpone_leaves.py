"""A call that nobody waits for goes with a later one to the same subgraph."""

from __future__ import annotations

from tests.testkit.composition import compose_sdl
from tests.testkit.plans import assert_answers, fetches, longest_chain, plan_query

GRAPH = compose_sdl(
    products="""
        type Query { top: [Product!]! reviews: [Review!]! }
        type Product @key(fields: "upc") { upc: ID! price: Int weight: Int }
        type Review @key(fields: "id") { id: ID! }
    """,
    reviews="""
        type Review @key(fields: "id") { id: ID! product: Product }
        type Product @key(fields: "upc", resolvable: false) { upc: ID! }
    """,
    stock="""
        type Product @key(fields: "upc") {
          upc: ID! price: Int @external inStock: Int
          shipping: Int @requires(fields: "price")
        }
    """,
)


def calls(query: str) -> tuple[list[str], int]:
    plan = plan_query(GRAPH, query)
    return [fetch.subgraph for fetch in fetches(plan.node)], longest_chain(plan.node)


def test_fields_that_need_less_go_with_those_that_need_more() -> None:
    query = "{ reviews { product { inStock shipping } } }"
    assert calls(query) == (["products", "reviews", "products", "stock"], 4)
    assert_answers(GRAPH, query)


def test_places_that_are_known_early_go_with_those_that_are_known_late() -> None:
    query = "{ top { inStock shipping } reviews { product { inStock shipping } } }"
    assert calls(query) == (["products", "reviews", "products", "stock"], 4)
    assert_answers(GRAPH, query)


def test_what_others_wait_for_is_not_postponed() -> None:
    query = "{ top { inStock } reviews { product { price inStock } } }"
    found, chain = calls(query)
    assert chain == 3
    assert sorted(found) == ["products", "products", "reviews", "stock"]
    assert_answers(GRAPH, query)


def test_a_call_under_a_condition_stays_its_own() -> None:
    query = """query ($more: Boolean!) {
      reviews { product { inStock ... @include(if: $more) { shipping } } }
    }"""
    assert calls(query)[0].count("stock") == 2
    for more in (True, False):
        assert_answers(GRAPH, query, {"more": more})
