"""`@skip` and `@include` on variables, and the variables that calls need."""

from __future__ import annotations

from inline_snapshot import snapshot

from tests.gateway.planner.graphs import SUBGRAPHS
from tests.testkit.cases import assert_case
from tests.testkit.plans import fetches


def test_a_fetch_that_depends_on_a_variable_is_conditional() -> None:
    """It is not made where the variable says so."""
    assert_case(
        SUBGRAPHS["provided"],
        "query ($yes: Boolean!, $no: Boolean!) "
        "{ latest { text @skip(if: $no) product { id price @include(if: $yes) } } }",
        snapshot("""\
QueryPlan {
  Sequence {
    Fetch(service: "reviews") {
      {
        latest {
          text @skip(if: $no)
          product {
            __typename
            id
          }
        }
      }
    },
    Include(if: $yes) {
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
  },
}\
"""),
        {"yes": True, "no": False},
        {"yes": False, "no": True},
    )


def test_skip_and_include_together_are_both_conditions_of_the_call() -> None:
    """Neither condition is decided when the query is planned."""
    assert_case(
        SUBGRAPHS["provided"],
        "query ($yes: Boolean!, $no: Boolean!) "
        "{ latest { product { id ... @include(if: $yes) { price @skip(if: $no) } } } }",
        snapshot("""\
QueryPlan {
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
    Skip(if: $no) {
      Include(if: $yes) {
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
    },
  },
}\
"""),
        {"yes": True, "no": False},
        {"yes": True, "no": True},
        {"yes": False, "no": False},
    )


def test_opposite_conditions_share_a_call_that_is_needed_under_both() -> None:
    """Whichever of the two holds, the one call brings what is asked for."""
    assert_case(
        SUBGRAPHS["provided"],
        "query ($v: Boolean!) { latest { product {"
        " ... @include(if: $v) { price } ... @skip(if: $v) { cost: price } } } }",
        snapshot("""\
QueryPlan {
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
            price @include(if: $v)
            cost: price @skip(if: $v)
          }
        }
      },
    },
  },
}\
"""),
        {"v": True},
        {"v": False},
    )


def test_a_call_declares_exactly_the_variables_it_uses() -> None:
    """With their types and defaults, as the client declared them."""
    plan = assert_case(
        SUBGRAPHS["requirements"],
        """query ($a: String = "EUR", $b: String!) {
          products { x: price(currency: $a) y: price(currency: $b) plain }
        }""",
        snapshot("""\
QueryPlan {
  Sequence {
    Fetch(service: "catalog") {
      {
        products {
          __typename
          id
          x: price(currency: $a)
          y: price(currency: $b)
        }
      }
    },
    Flatten(path: "products.@") {
      Fetch(service: "shipping") {
        {
          ... on Product {
            __typename
            id
          }
        } =>
        {
          ... on Product {
            plain
          }
        }
      },
    },
  },
}\
"""),
        {"b": "USD"},
    )
    assert [fetch.variable_usages for fetch in fetches(plan.node)] == [("a", "b"), ()]
    first = next(fetches(plan.node))
    assert first.operation.startswith('query($a:String="EUR",$b:String!){')
