"""`@context` and `@fromContext`: values that a field takes from an object above it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from inline_snapshot import snapshot

from gateway.executor import execute_plan
from gateway.operation.prepare import prepare_operation
from tests.testkit.composition import compose_sdl
from tests.testkit.plans import fetches, plan_query
from tests.testkit.random_graphs.case import Case, ComposedGraph, find_problem
from tests.testkit.random_graphs.strict import StrictSubgraphs

LINK = (
    'extend schema @link(url: "https://specs.apollo.dev/federation/v2.8", import: ["@key", '
    '"@requires", "@external", "@shareable", "@context", "@fromContext"])\n'
)


def linked(subgraphs: Mapping[str, str]) -> dict[str, str]:
    return {name: LINK + sdl for name, sdl in subgraphs.items()}


def holds(
    subgraphs: Mapping[str, str],
    query: str,
    variables: Mapping[str, Any] | None = None,
    *,
    failing: bool = False,
) -> None:
    """Assert that the query is answered like one schema would, for several sets of data."""
    texts = linked(subgraphs)
    graph = ComposedGraph(texts)
    for seed in range(6):
        case = Case(texts, query, variables or {}, seed, failing=failing, compiled=not failing)
        problem = find_problem(case, graph)
        assert problem is None, problem.text


SHOP = {
    "shop": """
        type Query { carts: [Cart!]! cart: Cart }
        type Cart @key(fields: "id") @context(name: "buyer") {
          id: ID! currency: String! lines: [Line!]!
        }
        type Line { count: Int! ware: Ware! }
        type Ware @key(fields: "id") {
          id: ID!
          name: String
          price(currency: String @fromContext(field: "$buyer { currency }")): String
        }
    """
}


def test_the_value_is_gathered_on_the_way_and_sent_as_a_variable() -> None:
    query = "{ carts { lines { ware { name price } } } }"
    holds(SHOP, query)
    plan = plan_query(compose_sdl(**linked(SHOP)), query)
    assert str(plan) == snapshot("""\
QueryPlan {
  Sequence {
    Fetch(service: "shop") {
      {
        carts {
          currency
          lines {
            ware {
              __typename
              id
              name
            }
          }
        }
      }
    },
    Flatten(path: "carts.@.lines.@.ware") {
      Fetch(service: "shop") {
        {
          ... on Ware {
            __typename
            id
          }
        } =>
        {
          ... on Ware {
            price(currency: $contextualArgument_1_0)
          }
        }
      },
    },
  },
}\
""")


def test_a_field_that_is_not_asked_for_needs_no_value() -> None:
    plan = plan_query(compose_sdl(**linked(SHOP)), "{ carts { lines { ware { name } } } }")
    assert "currency" not in str(plan)


def test_a_client_that_uses_the_names_of_the_gateway_loses_nothing() -> None:
    holds(
        SHOP,
        "query ($contextualArgument_1_0: Boolean!) { carts { currency: id id: currency lines {"
        " ware { price: name cost: price name @skip(if: $contextualArgument_1_0) } } } }",
        {"contextualArgument_1_0": False},
    )


def test_a_field_left_out_by_a_condition_costs_no_call() -> None:
    query = "query ($dear: Boolean!) { cart { lines { ware { id price @include(if: $dear) } } } }"
    holds(SHOP, query, {"dear": True})
    holds(SHOP, query, {"dear": False})


def test_the_value_may_be_in_another_subgraph() -> None:
    subgraphs = {
        "shop": """
            type Query { carts: [Cart!]! }
            type Cart @key(fields: "id") @context(name: "buyer") {
              id: ID! currency: String! @external ware: Ware!
            }
            type Ware @key(fields: "id") {
              id: ID! price(in: String @fromContext(field: "$buyer { currency }")): String
            }
        """,
        "users": 'type Cart @key(fields: "id") { id: ID! currency: String! }',
    }
    query = "{ carts { ware { price } } }"
    holds(subgraphs, query)
    assert str(plan_query(compose_sdl(**linked(subgraphs)), query)) == snapshot("""\
QueryPlan {
  Sequence {
    Fetch(service: "shop") {
      {
        carts {
          __typename
          id
          ware {
            __typename
            id
          }
        }
      }
    },
    Flatten(path: "carts.@") {
      Fetch(service: "users") {
        {
          ... on Cart {
            __typename
            id
          }
        } =>
        {
          ... on Cart {
            currency
          }
        }
      },
    },
    Flatten(path: "carts.@.ware") {
      Fetch(service: "shop") {
        {
          ... on Ware {
            __typename
            id
          }
        } =>
        {
          ... on Ware {
            price(in: $contextualArgument_1_0)
          }
        }
      },
    },
  },
}\
""")


def test_the_object_may_be_reached_in_another_subgraph() -> None:
    holds(
        {
            "shop": """
                type Query { carts: [Cart!]! }
                type Cart @key(fields: "id") { id: ID! ware: Ware! }
                type Ware @key(fields: "id") { id: ID! name: String }
            """,
            "prices": """
                type Cart @key(fields: "id") @context(name: "buyer") { id: ID! currency: String! }
                type Ware @key(fields: "id") {
                  id: ID! price(in: String @fromContext(field: "$buyer { currency }")): String
                }
            """,
        },
        "{ carts { id ware { name price } } }",
    )


def test_of_several_objects_that_set_the_context_the_nearest_counts() -> None:
    subgraphs = {
        "shop": """
            type Query { regions: [Region!]! }
            type Region @key(fields: "id") @context(name: "place") {
              id: ID! currency: String! carts: [Cart!]! wares: [Ware!]!
            }
            type Cart @key(fields: "id") @context(name: "place") {
              id: ID! currency: String! wares: [Ware!]!
            }
            type Ware @key(fields: "id") {
              id: ID!
              price(in: String @fromContext(field: "$place { currency }")): String
            }
        """
    }
    holds(subgraphs, "{ regions { wares { price } carts { wares { price } } } }")


PLACES = {
    "shop": """
        type Query { all: [Place!]! region: Region }
        interface Place @context(name: "place") { id: ID! ware: Ware! }
        type Region implements Place @key(fields: "id") {
          id: ID! currency: String! ware: Ware! any: [Any!]!
        }
        type Cart implements Place @key(fields: "id") { id: ID! buyer: Buyer! ware: Ware! }
        union Any = Region | Cart | Shelf
        type Shelf @key(fields: "id") { id: ID! ware: Ware! }
        type Buyer { currency: String! @shareable }
        type Ware @key(fields: "id") {
          id: ID!
          price(in: String @fromContext(
            field: "$place ... on Region { currency } ... on Cart { buyer { currency } }"
          )): String
        }
    """,
}


def test_an_interface_sets_the_context_and_each_type_has_a_value_of_its_own() -> None:
    holds(PLACES, "{ all { ware { price } } region { ware { price } } }")


def test_where_some_types_do_not_set_the_context_an_object_further_up_counts() -> None:
    holds(
        PLACES,
        "{ all { ... on Region { any { ... on Region { ware { price } }"
        " ... on Cart { ware { price } } ... on Shelf { ware { price } } } } } }",
    )


def test_a_field_takes_values_from_two_contexts() -> None:
    holds(
        {
            "shop": """
                type Query { regions: [Region!]! }
                type Region @key(fields: "id") @context(name: "region") {
                  id: ID! tax: Int! carts: [Cart!]!
                }
                type Cart @key(fields: "id") @context(name: "cart") {
                  id: ID! currency: String! wares: [Ware!]!
                }
                type Ware @key(fields: "id") {
                  id: ID!
                  price(
                    in: String @fromContext(field: "$cart { currency }")
                    tax: Int @fromContext(field: "$region { tax }")
                    net: Boolean
                  ): String
                  name(tax: Int @fromContext(field: "$region { tax }")): String
                }
            """
        },
        "{ regions { carts { wares { gross: price(net: false) price(net: true) name } } } }",
    )


def test_the_same_object_below_two_others_has_the_value_of_each() -> None:
    holds(
        {
            "shop": """
                type Query { carts: [Cart!]! }
                type Cart @key(fields: "id") @context(name: "buyer") {
                  id: ID! currency: String! shelf: Shelf!
                }
                type Shelf @key(fields: "id") { id: ID! }
                type Ware @key(fields: "id") {
                  id: ID! price(in: String @fromContext(field: "$buyer { currency }")): String
                }
            """,
            "shelves": """
                type Shelf @key(fields: "id") { id: ID! wares: [Ware!]! }
                type Ware @key(fields: "id") { id: ID! }
            """,
        },
        "{ carts { currency shelf { wares { id price } } } }",
    )


def test_the_query_root_sets_a_context() -> None:
    holds(
        {
            "shop": """
                type Query @context(name: "site") { currency: String! wares: [Ware!]! }
                type Ware @key(fields: "id") {
                  id: ID! price(in: String @fromContext(field: "$site { currency }")): String
                }
            """
        },
        "{ wares { price } }",
    )


def test_requirements_and_contexts_meet_in_one_field() -> None:
    holds(
        {
            "shop": """
                type Query { carts: [Cart!]! }
                type Cart @key(fields: "id") @context(name: "buyer") {
                  id: ID! currency: String! ware: Ware!
                }
                type Ware @key(fields: "id") {
                  id: ID!
                  weight: Int @external
                  price(in: String @fromContext(field: "$buyer { currency }")): String
                    @requires(fields: "weight")
                }
            """,
            "stock": 'type Ware @key(fields: "id") { id: ID! weight: Int }',
        },
        "{ carts { ware { price } } }",
    )


ORDERS = {
    "orders": """
        type Query { orders: [Order!]! }
        type Order @key(fields: "id") @context(name: "order") {
          id: ID! buyer: Buyer! line: Line!
        }
        type Line @key(fields: "id") {
          id: ID!
          share(of: String @fromContext(field: "$order { buyer { ware { price } } }")): String
        }
        type Buyer @key(fields: "id") @context(name: "buyer") {
          id: ID! currency: String! ware: Ware!
        }
        type Ware @key(fields: "id") {
          id: ID!
          price(in: String @fromContext(field: "$buyer { currency }")): String
          rank(by: String @fromContext(field: "$order { buyer { ware { price } } }")): String
        }
    """
}


def test_what_a_context_selects_may_take_values_from_a_context_within_it() -> None:
    query = "{ orders { line { share } } }"
    holds(ORDERS, query)
    holds(ORDERS, query, failing=True)
    assert str(plan_query(compose_sdl(**linked(ORDERS)), query)) == snapshot("""\
QueryPlan {
  Sequence {
    Fetch(service: "orders") {
      {
        orders {
          buyer {
            ware {
              __typename
              id
            }
            currency
          }
          line {
            __typename
            id
          }
        }
      }
    },
    Flatten(path: "orders.@.buyer.ware") {
      Fetch(service: "orders") {
        {
          ... on Ware {
            __typename
            id
          }
        } =>
        {
          ... on Ware {
            price(in: $contextualArgument_1_1)
          }
        }
      },
    },
    Flatten(path: "orders.@.line") {
      Fetch(service: "orders") {
        {
          ... on Line {
            __typename
            id
          }
        } =>
        {
          ... on Line {
            share(of: $contextualArgument_1_0)
          }
        }
      },
    },
  },
}\
""")


def test_a_value_and_the_field_that_takes_it_may_be_of_one_object() -> None:
    query = "{ orders { buyer { ware { rank price id } } } }"
    holds(ORDERS, query)
    plan = plan_query(compose_sdl(**linked(ORDERS)), query)
    assert len(list(fetches(plan.node))) == 3
    holds(ORDERS, "{ orders { line { share } buyer { ware { price rank } } } }")


def test_what_a_field_requires_may_take_values_from_a_context_within_it() -> None:
    subgraphs = {
        "orders": """
            type Query { orders: [Order!]! }
            type Order @key(fields: "id") {
              id: ID!
              buyer: Buyer @external
              sum: String @requires(fields: "buyer { wares { price } }")
            }
            type Buyer @key(fields: "id") { id: ID! wares: [Ware!]! @external }
            type Ware @key(fields: "id") { id: ID! price: String @external }
        """,
        "shop": """
            type Order @key(fields: "id") { id: ID! buyer: Buyer }
            type Buyer @key(fields: "id") @context(name: "buyer") {
              id: ID! currency: String! wares: [Ware!]!
            }
            type Ware @key(fields: "id") {
              id: ID! price(in: String @fromContext(field: "$buyer { currency }")): String
            }
        """,
    }
    query = "{ orders { sum } }"
    holds(subgraphs, query)
    holds(subgraphs, query, failing=True)
    holds(subgraphs, "{ orders { sum buyer { currency: id wares { price } } } }")
    assert str(plan_query(compose_sdl(**linked(subgraphs)), query)) == snapshot("""\
QueryPlan {
  Sequence {
    Fetch(service: "orders") {
      {
        orders {
          __typename
          id
        }
      }
    },
    Flatten(path: "orders.@") {
      Fetch(service: "shop") {
        {
          ... on Order {
            __typename
            id
          }
        } =>
        {
          ... on Order {
            buyer {
              wares {
                __typename
                id
              }
              currency
            }
          }
        }
      },
    },
    Flatten(path: "orders.@.buyer.wares.@") {
      Fetch(service: "shop") {
        {
          ... on Ware {
            __typename
            id
          }
        } =>
        {
          ... on Ware {
            price(in: $contextualArgument_2_0)
          }
        }
      },
    },
    Flatten(path: "orders.@") {
      Fetch(service: "orders") {
        {
          ... on Order {
            __typename
            id
            buyer {
              wares {
                price
              }
            }
          }
        } =>
        {
          ... on Order {
            sum
          }
        }
      },
    },
  },
}\
""")


def test_a_required_field_may_take_its_value_from_the_very_object_that_requires_it() -> None:
    subgraphs = {
        "orders": """
            type Query { orders: [Order!]! }
            type Order @key(fields: "id") {
              id: ID!
              ware: Ware @external
              sum: String @requires(fields: "ware { price }")
            }
            type Ware @key(fields: "id") { id: ID! price: String @external }
        """,
        "shop": """
            type Order @key(fields: "id") @context(name: "order") {
              id: ID! currency: String! @external ware: Ware
            }
            type Ware @key(fields: "id") {
              id: ID! price(in: String @fromContext(field: "$order { currency }")): String
            }
        """,
        "buyers": 'type Order @key(fields: "id") { id: ID! currency: String! }',
    }
    holds(subgraphs, "{ orders { sum } }")
    holds(subgraphs, "{ orders { sum } }", failing=True)
    holds(subgraphs, "{ orders { ware { price } sum currency: id } }")


def test_a_value_that_failed_is_not_sent_and_the_rest_is_answered() -> None:
    for query in (
        "{ carts { lines { ware { name price } } } }",
        "{ cart { id lines { ware { price } } } carts { currency } }",
    ):
        holds(SHOP, query, failing=True)


def test_what_takes_no_value_is_answered_in_the_same_call_where_a_value_failed() -> None:
    subgraphs = {
        "carts": """
            type Query { carts: [Cart!]! }
            type Cart @key(fields: "id") { id: ID! lines: [Line!]! }
            type Line { ware: Ware! }
            type Ware @key(fields: "id", resolvable: false) { id: ID! }
        """,
        "shop": """
            type Cart @key(fields: "id") @context(name: "buyer") { id: ID! currency: String }
            type Ware @key(fields: "id") {
              id: ID!
              name: String
              price(currency: String @fromContext(field: "$buyer { currency }")): String
            }
        """,
    }
    holds(subgraphs, "{ carts { lines { ware { name price } } } }")
    holds(subgraphs, "{ carts { lines { ware { name price } } } }", failing=True)


def test_all_values_travel_in_one_request() -> None:
    texts = linked(SHOP)
    graph = ComposedGraph(texts)
    query = "{ carts { lines { ware { price } } } }"
    prepared = prepare_operation(graph.supergraph.api_schema, query)
    assert not isinstance(prepared, list)
    plan = graph.planner.plan(prepared.operation)
    client = StrictSubgraphs(graph.world, seed=14)
    asyncio.run(execute_plan(plan, prepared, {}, supergraph=graph.supergraph, client=client))
    _, prices = client.requests
    assert " ".join(prices.operation.split()) == (
        "query ($representations_0: [_Any!]!, $representations_1: [_Any!]!, "
        "$contextualArgument_1_0_0: String, $contextualArgument_1_0_1: String) { "
        "_0: _entities(representations: $representations_0) { "
        "... on Ware { price(currency: $contextualArgument_1_0_0) } } "
        "_1: _entities(representations: $representations_1) { "
        "... on Ware { price(currency: $contextualArgument_1_0_1) } } }"
    )
    assert prices.variables == snapshot(
        {
            "contextualArgument_1_0_0": "Cart.currency-897",
            "representations_0": [{"__typename": "Ware", "id": "id-3"}],
            "contextualArgument_1_0_1": "Cart.currency-59",
            "representations_1": [{"__typename": "Ware", "id": "id-2"}],
        }
    )


def test_a_context_that_nothing_above_sets_leaves_the_field_without_a_plan() -> None:
    sdl = compose_sdl(**linked(SHOP)).replace('@context(name: "shop__buyer")', "")
    plan = plan_query(sdl, "{ carts { lines { ware { price } } } }")
    assert [item.message for item in plan.unresolvable] == [
        'No subgraph can be asked for the field "price" of "Ware" here: nothing above sets the '
        'context that subgraph "shop" needs.'
    ]
