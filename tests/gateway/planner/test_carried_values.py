"""Values from contexts that one call takes for several fields, also for such further down.

A call for an entity below the object that sets a context is sent the value, and can use it for
whatever it asks below the entity, as long as no object on the way sets the context itself.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Mapping

from gateway.executor import execute_plan
from gateway.executor.errors import MISSING_INPUT
from gateway.operation.prepare import prepare_operation
from gateway.plan.nodes import QueryPlan
from tests.gateway.planner.test_context import LINK, holds, linked
from tests.testkit.cases import assert_case
from tests.testkit.random_graphs.case import ComposedGraph
from tests.testkit.random_graphs.strict import StrictSubgraphs

MALL = {
    "shop": """
        type Query { carts: [Cart!]! }
        type Cart @key(fields: "id") @context(name: "cart") @context(name: "place") {
          id: ID! currency: String! label: String! wares: [Ware!]!
        }
        type Ware @key(fields: "id") {
          id: ID!
          name: String
          price(in: String @fromContext(field: "$cart { currency }")): String
          similar(in: String @fromContext(field: "$cart { currency }")): [Ware!]!
          parts: [Part!]!
          box: Box
        }
        type Part @key(fields: "id") {
          id: ID!
          size: Int
          cost(in: String @fromContext(field: "$cart { currency }"), net: Boolean): String
          shelf(at: String @fromContext(field: "$place { label }")): String
          fee(
            in: String @fromContext(field: "$cart { currency }")
            at: String @fromContext(field: "$place { label }")
          ): String
        }
        type Box @key(fields: "id") @context(name: "place") {
          id: ID! label: String! parts: [Part!]! ware: Ware
        }
    """
}

APART = {
    "carts": """
        type Query { carts: [Cart!]! }
        type Cart @key(fields: "id") { id: ID! wares: [Ware!]! }
        type Ware @key(fields: "id", resolvable: false) { id: ID! }
    """,
    "shop": MALL["shop"]
    .replace("type Query { carts: [Cart!]! }", "")
    .replace("wares: [Ware!]!", "")
    .replace("currency: String!", "currency: String"),
}
"""As `MALL`, but carts have their wares from another subgraph than their currency."""


def check(
    subgraphs: Mapping[str, str], query: str, expected: str, *variables: dict[str, bool]
) -> QueryPlan:
    for values in variables or ({},):
        holds(subgraphs, query, values, failing=True)
    return assert_case(subgraphs, query, expected, *variables, link=LINK)


def test_nested_fields_take_the_value_in_one_call_through_lists() -> None:
    check(
        MALL,
        "{ carts { wares { price similar { price similar { name } parts { cost } } } } }",
        """\
QueryPlan {
  Sequence {
    Fetch(service: "shop") {
      {
        carts {
          currency
          wares {
            __typename
            id
          }
        }
      }
    },
    Flatten(path: "carts.@.wares.@") {
      Fetch(service: "shop") {
        {
          ... on Ware {
            __typename
            id
          }
        } =>
        {
          ... on Ware {
            price(in: $contextualArgument_1_4)
            similar(in: $contextualArgument_1_5) {
              price(in: $contextualArgument_1_4)
              similar(in: $contextualArgument_1_5) {
                name
              }
              parts {
                cost(in: $contextualArgument_1_0)
              }
            }
          }
        }
      },
    },
  },
}\
""",
    )


def test_the_call_need_not_be_made_for_the_value() -> None:
    check(
        APART,
        "{ carts { wares { name parts { size cost } } } }",
        """\
QueryPlan {
  Sequence {
    Fetch(service: "carts") {
      {
        carts {
          __typename
          id
          wares {
            __typename
            id
          }
        }
      }
    },
    Flatten(path: "carts.@") {
      Fetch(service: "shop") {
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
    Flatten(path: "carts.@.wares.@") {
      Fetch(service: "shop") {
        {
          ... on Ware {
            __typename
            id
          }
        } =>
        {
          ... on Ware {
            name
            parts {
              size
              cost(in: $contextualArgument_2_0)
            }
          }
        }
      },
    },
  },
}\
""",
    )


def test_aliases_arguments_and_conditions_share_the_variable() -> None:
    check(
        MALL,
        "query ($all: Boolean!) { carts { wares { p: price similar @include(if: $all) {"
        " p: similar { price } parts { net: cost(net: true) cost(net: false) size @skip(if: $all) }"
        " } } } }",
        """\
QueryPlan {
  Sequence {
    Fetch(service: "shop") {
      {
        carts {
          currency
          wares {
            __typename
            id
          }
        }
      }
    },
    Flatten(path: "carts.@.wares.@") {
      Fetch(service: "shop") {
        {
          ... on Ware {
            __typename
            id
          }
        } =>
        {
          ... on Ware {
            p: price(in: $contextualArgument_1_4)
            similar(in: $contextualArgument_1_5) @include(if: $all) {
              p: similar(in: $contextualArgument_1_5) {
                price(in: $contextualArgument_1_4)
              }
              parts {
                net: cost(in: $contextualArgument_1_0, net: true)
                cost(in: $contextualArgument_1_0, net: false)
              }
            }
          }
        }
      },
    },
  },
}\
""",
        {"all": True},
        {"all": False},
    )


def test_an_object_on_the_way_that_sets_the_context_has_a_call_after_it() -> None:
    check(
        APART,
        "{ carts { wares { name box { parts { shelf cost } } } } }",
        """\
QueryPlan {
  Sequence {
    Fetch(service: "carts") {
      {
        carts {
          __typename
          id
          wares {
            __typename
            id
          }
        }
      }
    },
    Flatten(path: "carts.@") {
      Fetch(service: "shop") {
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
    Flatten(path: "carts.@.wares.@") {
      Fetch(service: "shop") {
        {
          ... on Ware {
            __typename
            id
          }
        } =>
        {
          ... on Ware {
            name
            box {
              label
              parts {
                __typename
                id
                cost(in: $contextualArgument_2_0)
              }
            }
          }
        }
      },
    },
    Flatten(path: "carts.@.wares.@.box.parts.@") {
      Fetch(service: "shop") {
        {
          ... on Part {
            __typename
            id
          }
        } =>
        {
          ... on Part {
            shelf(at: $contextualArgument_2_3)
          }
        }
      },
    },
  },
}\
""",
    )


def test_of_two_values_of_a_field_each_has_to_be_known_before_the_call() -> None:
    check(
        APART,
        "{ carts { wares { parts { fee } box { ware { price parts { fee } } } } } }",
        """\
QueryPlan {
  Sequence {
    Fetch(service: "carts") {
      {
        carts {
          __typename
          id
          wares {
            __typename
            id
          }
        }
      }
    },
    Flatten(path: "carts.@") {
      Fetch(service: "shop") {
        {
          ... on Cart {
            __typename
            id
          }
        } =>
        {
          ... on Cart {
            currency
            label
          }
        }
      },
    },
    Flatten(path: "carts.@.wares.@") {
      Fetch(service: "shop") {
        {
          ... on Ware {
            __typename
            id
          }
        } =>
        {
          ... on Ware {
            parts {
              fee(at: $contextualArgument_2_2, in: $contextualArgument_2_1)
            }
            box {
              label
              ware {
                price(in: $contextualArgument_2_4)
                parts {
                  __typename
                  id
                }
              }
            }
          }
        }
      },
    },
    Flatten(path: "carts.@.wares.@.box.ware.parts.@") {
      Fetch(service: "shop") {
        {
          ... on Part {
            __typename
            id
          }
        } =>
        {
          ... on Part {
            fee(at: $contextualArgument_2_2, in: $contextualArgument_2_1)
          }
        }
      },
    },
  },
}\
""",
    )


def test_what_takes_no_value_is_answered_where_the_value_of_a_nested_field_failed() -> None:
    graph = ComposedGraph(linked(APART))
    query = "{ carts { currency wares { name parts { size cost } box { ware { price } } } } }"
    prepared = prepare_operation(graph.supergraph.api_schema, query)
    assert not isinstance(prepared, list)
    plan = graph.planner.plan(prepared.operation)
    reduced = (
        "query ($representations: [_Any!]!) { _entities(representations: $representations) {"
        " ... on Ware { name parts { size } box { ware { __typename } } } } }"
    )
    not_asked: set[str] = set()
    parts: list[str] = []
    for seed in range(60):  # in some of the data a currency fails
        client = StrictSubgraphs(graph.world, seed, failing=True)
        result = asyncio.run(
            execute_plan(plan, prepared, {}, supergraph=graph.supergraph, client=client)
        )
        if reduced in (" ".join(request.operation.split()) for request in client.requests):
            parts += re.findall(r'"size": \d+, "cost": null', json.dumps(result.data))
            not_asked |= {
                error["path"][-1]
                for error in result.errors
                if error["extensions"]["code"] == MISSING_INPUT
            }
    assert parts
    assert not_asked == {"cost", "price"}
    holds(APART, query, failing=True)
