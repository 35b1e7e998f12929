"""Mutations: one after the other, in the client's order, each exactly once."""

from __future__ import annotations

from inline_snapshot import snapshot

from tests.gateway.planner.graphs import SUBGRAPHS
from tests.testkit.cases import assert_case


def test_mutations_run_in_order_each_with_what_it_needs() -> None:
    """Before the next begins."""
    assert_case(
        SUBGRAPHS["mutations"],
        "mutation { x: addA(n: 1) { a b } y: addA(n: 2) { a } z: addB(n: 3) { b } "
        "w: addBoth(n: 4) { b } }",
        snapshot("""\
QueryPlan {
  Sequence {
    Fetch(service: "a") {
      {
        x: addA(n: 1) {
          __typename
          id
          a
        }
      }
    },
    Flatten(path: "x") {
      Fetch(service: "b") {
        {
          ... on Thing {
            __typename
            id
          }
        } =>
        {
          ... on Thing {
            b
          }
        }
      },
    },
    Fetch(service: "a") {
      {
        y: addA(n: 2) {
          a
        }
      }
    },
    Fetch(service: "b") {
      {
        z: addB(n: 3) {
          b
        }
        w: addBoth(n: 4) {
          b
        }
      }
    },
  },
}\
"""),
    )


def test_neighbouring_mutations_of_one_subgraph_share_a_call() -> None:
    """The subgraph runs them in order by itself."""
    assert_case(
        SUBGRAPHS["mutations"],
        "mutation { x: addA(n: 1) { a } y: addA(n: 2) { a } }",
        snapshot("""\
QueryPlan {
  Fetch(service: "a") {
    {
      x: addA(n: 1) {
        a
      }
      y: addA(n: 2) {
        a
      }
    }
  },
}\
"""),
    )


def test_a_shared_mutation_is_asked_of_one_subgraph_only() -> None:
    """What the other has is asked by key, for a mutation must not run twice."""
    assert_case(
        SUBGRAPHS["mutations"],
        "mutation { addBoth(n: 1) { a b } }",
        snapshot("""\
QueryPlan {
  Sequence {
    Fetch(service: "a") {
      {
        addBoth(n: 1) {
          __typename
          id
          a
        }
      }
    },
    Flatten(path: "addBoth") {
      Fetch(service: "b") {
        {
          ... on Thing {
            __typename
            id
          }
        } =>
        {
          ... on Thing {
            b
          }
        }
      },
    },
  },
}\
"""),
    )


def test_the_next_mutation_waits_for_all_that_the_last_one_still_needs() -> None:
    """Else the second would change what the first has yet to read."""
    subgraphs = {
        "carts": """
            type Query { cart: Cart }
            type Mutation { fill(ware: ID!): Cart! }
            type Cart @key(fields: "id") { id: ID! weight: Int }
        """,
        "orders": """
            type Mutation { order: Order! }
            type Order @key(fields: "id") { id: ID! cart: Cart! }
            type Cart @key(fields: "id", resolvable: false) { id: ID! }
        """,
        "shipping": """
            type Cart @key(fields: "id") {
              id: ID! weight: Int @external cost: Int @requires(fields: "weight")
            }
        """,
    }
    assert_case(
        subgraphs,
        'mutation { a: fill(ware: "x") { cost } order { cart { cost } }'
        ' b: fill(ware: "y") { id } }',
        snapshot("""\
QueryPlan {
  Sequence {
    Fetch(service: "carts") {
      {
        a: fill(ware: "x") {
          __typename
          id
          weight
        }
      }
    },
    Flatten(path: "a") {
      Fetch(service: "shipping") {
        {
          ... on Cart {
            __typename
            id
            weight
          }
        } =>
        {
          ... on Cart {
            cost
          }
        }
      },
    },
    Fetch(service: "orders") {
      {
        order {
          cart {
            __typename
            id
          }
        }
      }
    },
    Flatten(path: "order.cart") {
      Fetch(service: "carts") {
        {
          ... on Cart {
            __typename
            id
          }
        } =>
        {
          ... on Cart {
            weight
          }
        }
      },
    },
    Flatten(path: "order.cart") {
      Fetch(service: "shipping") {
        {
          ... on Cart {
            __typename
            id
            weight
          }
        } =>
        {
          ... on Cart {
            cost
          }
        }
      },
    },
    Fetch(service: "carts") {
      {
        b: fill(ware: "y") {
          id
        }
      }
    },
  },
}\
"""),
    )
