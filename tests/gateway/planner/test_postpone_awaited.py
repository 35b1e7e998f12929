"""A call that others wait for goes with a later one at its place if no chain gets longer."""

from __future__ import annotations

from tests.testkit.composition import compose_sdl
from tests.testkit.plans import assert_answers, fetches, longest_chain, plan_query

GRAPH = compose_sdl(
    # Where a book's product is known at once, a lamp's comes from a further subgraph.
    shop="""
        type Query { offers: [Offer!]! }
        interface Offer { id: ID! product: Product }
        type Book implements Offer @key(fields: "id") { id: ID! product: Product }
        type Lamp implements Offer @key(fields: "id") { id: ID! product: Product @external }
        type Product @key(fields: "upc", resolvable: false) { upc: ID! }
    """,
    lamps="""
        type Lamp @key(fields: "id") { id: ID! product: Product voltage: Int }
        type Product @key(fields: "upc", resolvable: false) { upc: ID! }
    """,
    products="""
        type Product @key(fields: "upc") { upc: ID! price: Int }
    """,
    stock="""
        type Product @key(fields: "upc") {
          upc: ID! price: Int @external
          shipping: Int @requires(fields: "price")
        }
    """,
)


def calls(query: str) -> tuple[list[str], int]:
    plan = plan_query(GRAPH, query)
    return sorted(fetch.subgraph for fetch in fetches(plan.node)), longest_chain(plan.node)


def test_a_chain_with_time_to_spare_waits_for_the_longest() -> None:
    query = "{ offers { product { shipping } } }"
    assert calls(query) == (["lamps", "products", "shop", "stock"], 4)
    assert_answers(GRAPH, query)
