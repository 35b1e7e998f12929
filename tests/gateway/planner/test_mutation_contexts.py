"""`Mutation` as a setter of contexts: values are read when the root field that needs them was made.

A value is then a root field of a mutation, and executed like one: after the field whose result
takes it, and before the next. What the client asks for itself keeps its own turn.
"""

from __future__ import annotations

from collections.abc import Mapping

from gateway.plan.nodes import QueryPlan
from tests.gateway.planner.test_context import LINK, holds
from tests.testkit.cases import assert_case

DESK = {
    "shop": """
        type Query @context(name: "site") { wares: [Ware!]! currency: String! }
        type Mutation @context(name: "site") {
          buy(count: Int): Ware!
          pay: Ware!
          setCurrency(to: String!): String
          currency: String!
        }
        type Ware @key(fields: "id") {
          id: ID!
          name: String
          other: Ware!
          price(in: String @fromContext(field: "$site { currency }")): String
        }
    """
}

APART = {
    "shop": """
        type Query @context(name: "site") { wares: [Ware!]! fixed: Int! }
        type Mutation @context(name: "site") { buy: Ware! pay: Ware! rate: Int! @external }
        type Ware @key(fields: "id") {
          id: ID!
          name: String
          price(
            at: Int @fromContext(field: "$site ... on Query { fixed } ... on Mutation { rate }")
          ): String
        }
    """,
    "bank": "type Query { banks: Int } type Mutation { rate: Int! setRate(to: Int!): Int }",
}


def check(
    subgraphs: Mapping[str, str], query: str, expected: str, *variables: dict[str, bool]
) -> QueryPlan:
    for values in variables or ({},):
        holds(subgraphs, query, values, failing=True)
    return assert_case(subgraphs, query, expected, *variables, link=LINK)


def test_a_value_is_read_in_the_call_of_the_root_field_after_it() -> None:
    check(
        DESK,
        "mutation { buy { name price other { price } } }",
        """\
QueryPlan {
  Sequence {
    Fetch(service: "shop") {
      {
        buy {
          __typename
          id
          name
          other {
            __typename
            id
          }
        }
        currency
      }
    },
    Parallel {
      Flatten(path: "buy") {
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
      Flatten(path: "buy.other") {
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
  },
}\
""",
    )


def test_each_root_field_has_the_value_that_holds_after_it() -> None:
    check(
        DESK,
        'mutation { buy { price } setCurrency(to: "EUR") pay { price } }',
        """\
QueryPlan {
  Sequence {
    Fetch(service: "shop") {
      {
        buy {
          __typename
          id
        }
        currency
      }
    },
    Flatten(path: "buy") {
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
    Fetch(service: "shop") {
      {
        setCurrency(to: "EUR")
        pay {
          __typename
          id
        }
        currency
      }
    },
    Flatten(path: "pay") {
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
""",
    )


def test_what_the_client_asks_for_itself_keeps_its_turn_and_name() -> None:
    check(
        DESK,
        "mutation { currency buy { name } id: buy(count: 2) { price } again: currency }",
        """\
QueryPlan {
  Sequence {
    Fetch(service: "shop") {
      {
        currency
        buy {
          name
        }
        id: buy(count: 2) {
          __typename
          id
        }
        _currency_0: currency
      }
    },
    Flatten(path: "id") {
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
    Fetch(service: "shop") {
      {
        again: currency
      }
    },
  },
}\
""",
    )


def test_a_value_that_is_not_wanted_is_not_read() -> None:
    check(
        DESK,
        "mutation ($dear: Boolean!) { buy { name price @include(if: $dear) } pay { name } }",
        """\
QueryPlan {
  Sequence {
    Fetch(service: "shop") {
      {
        buy {
          __typename
          id
          name
        }
        currency @include(if: $dear)
      }
    },
    Include(if: $dear) {
      Flatten(path: "buy") {
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
    Fetch(service: "shop") {
      {
        pay {
          name
        }
      }
    },
  },
}\
""",
        {"dear": True},
        {"dear": False},
    )


def test_a_value_of_another_subgraph_is_read_after_the_root_field_and_before_the_next() -> None:
    check(
        APART,
        "mutation { buy { name price } setRate(to: 2) pay { price } }",
        """\
QueryPlan {
  Sequence {
    Fetch(service: "shop") {
      {
        buy {
          __typename
          id
          name
        }
      }
    },
    Fetch(service: "bank") {
      {
        rate
      }
    },
    Flatten(path: "buy") {
      Fetch(service: "shop") {
        {
          ... on Ware {
            __typename
            id
          }
        } =>
        {
          ... on Ware {
            price(at: $contextualArgument_2_0)
          }
        }
      },
    },
    Fetch(service: "bank") {
      {
        setRate(to: 2)
      }
    },
    Fetch(service: "shop") {
      {
        pay {
          __typename
          id
        }
      }
    },
    Fetch(service: "bank") {
      {
        rate
      }
    },
    Flatten(path: "pay") {
      Fetch(service: "shop") {
        {
          ... on Ware {
            __typename
            id
          }
        } =>
        {
          ... on Ware {
            price(at: $contextualArgument_2_0)
          }
        }
      },
    },
  },
}\
""",
    )
