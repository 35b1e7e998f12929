"""As few calls as possible, and none waits for more than it needs."""

from __future__ import annotations

from inline_snapshot import snapshot

from tests.gateway.planner.graphs import SUBGRAPHS
from tests.testkit.cases import assert_case


def test_makes_one_call_for_the_same_entities_at_several_places() -> None:
    """At different depths, one of them in a list."""
    assert_case(
        SUBGRAPHS["abstract"],
        "{ first { ... on Book { stars } } items { ... on Book { stars } } }",
        snapshot("""\
QueryPlan {
  Sequence {
    Fetch(service: "store") {
      {
        first {
          __typename
          ... on Book {
            __typename
            id
          }
        }
        items {
          __typename
          ... on Book {
            __typename
            id
          }
        }
      }
    },
    Flatten(path: "first", "items.@") {
      Fetch(service: "ratings") {
        {
          ... on Book {
            __typename
            id
          }
        } =>
        {
          ... on Book {
            stars
          }
        }
      },
    },
  },
}\
"""),
    )


def test_independent_calls_run_at_once() -> None:
    """No call waits for one that brings nothing it needs."""
    assert_case(
        SUBGRAPHS["provided"],
        "{ latest { product { price } } product { price } }",
        snapshot("""\
QueryPlan {
  Parallel {
    Sequence {
      Fetch(service: "reviews") {
        {
          latest {
            product {
              __typename
              id
            }
          }
        }
      },
      Flatten(path: "latest.product") {
        Fetch(service: "products") {
          {
            ... on Product {
              __typename
              id
            }
          } =>
          {
            ... on Product {
              price
            }
          }
        },
      },
    },
    Fetch(service: "products") {
      {
        product {
          price
        }
      }
    },
  },
}\
"""),
    )


def test_a_call_waits_only_for_what_it_needs() -> None:
    """The call that needs one other does not wait for the two that a third needs."""
    subgraphs = {
        "orders": """
            type Query { order: Order! }
            type Order @key(fields: "id") { id: ID! buyer: Buyer! ware: Ware! }
            type Buyer @key(fields: "id") { id: ID! }
            type Ware @key(fields: "id") { id: ID! }
        """,
        "buyers": 'type Buyer @key(fields: "id") { id: ID! home: Home! }'
        ' type Home @key(fields: "id") { id: ID! }',
        "homes": 'type Home @key(fields: "id") { id: ID! street: String }',
        "wares": 'type Ware @key(fields: "id") { id: ID! name: String }',
    }
    assert_case(
        subgraphs,
        "{ order { buyer { home { street } } ware { name } } }",
        snapshot("""\
QueryPlan {
  Sequence {
    Fetch(service: "orders") {
      {
        order {
          buyer {
            __typename
            id
          }
          ware {
            __typename
            id
          }
        }
      }
    },
    Parallel {
      Sequence {
        Flatten(path: "order.buyer") {
          Fetch(service: "buyers") {
            {
              ... on Buyer {
                __typename
                id
              }
            } =>
            {
              ... on Buyer {
                home {
                  __typename
                  id
                }
              }
            }
          },
        },
        Flatten(path: "order.buyer.home") {
          Fetch(service: "homes") {
            {
              ... on Home {
                __typename
                id
              }
            } =>
            {
              ... on Home {
                street
              }
            }
          },
        },
      },
      Flatten(path: "order.ware") {
        Fetch(service: "wares") {
          {
            ... on Ware {
              __typename
              id
            }
          } =>
          {
            ... on Ware {
              name
            }
          }
        },
      },
    },
  },
}\
"""),
    )
