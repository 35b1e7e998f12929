"""Where part of the data cannot be had, the answer and its errors are those of one plain schema.

Data and places of errors: which null is where, how far it moves up, and under which of the client's
names. How each subgraph is asked, by the planner's own plan, is part of the case.
"""

from __future__ import annotations

from inline_snapshot import snapshot

from tests.gateway.executor.shop import shop
from tests.gateway.executor.test_against_monolith import MONOLITH
from tests.testkit.plans import plan_query
from tests.testkit.subgraphs import check_against_monolith, monolith_answer


async def assert_partial(query: str, expected_text: str) -> None:
    """Assert how the plan reads, and that data and places of errors are one schema's."""
    graph, client = shop()
    result = await check_against_monolith(graph, client, MONOLITH, query)
    expected = monolith_answer(graph.api_schema, MONOLITH, query)
    places = sorted(str(error["path"]) for error in expected["errors"])
    assert sorted(str(error["path"]) for error in result.errors) == places
    for error in result.errors:
        assert error["extensions"]["code"]
        assert error["extensions"]["service"]
    text = str(plan_query(graph.sdl, query))
    assert text == expected_text, f"\n{text}"


async def test_a_null_moves_up_through_what_two_subgraphs_brought() -> None:
    """`rating` may not be null, nor may the items; the error names the item, and the alias."""
    await assert_partial(
        "{ me { name } products { name stars: rating } }",
        snapshot("""\
QueryPlan {
  Parallel {
    Fetch(service: "users") {
      {
        me {
          name
        }
      }
    },
    Sequence {
      Fetch(service: "products") {
        {
          products {
            __typename
            upc
            name
          }
        }
      },
      Flatten(path: "products.@") {
        Fetch(service: "reviews") {
          {
            ... on Product {
              __typename
              upc
            }
          } =>
          {
            ... on Product {
              stars: rating
            }
          }
        },
      },
    },
  },
}\
"""),
    )


async def test_a_null_stops_at_the_first_place_that_may_be_null() -> None:
    """Of two products by alias, one is null and the other is whole."""
    await assert_partial(
        '{ good: product(upc: "p1") { rating } bad: product(upc: "p3") { rating name } }',
        snapshot("""\
QueryPlan {
  Sequence {
    Fetch(service: "products") {
      {
        good: product(upc: "p1") {
          __typename
          upc
        }
        bad: product(upc: "p3") {
          __typename
          upc
          name
        }
      }
    },
    Flatten(path: "good", "bad") {
      Fetch(service: "reviews") {
        {
          ... on Product {
            __typename
            upc
          }
        } =>
        {
          ... on Product {
            rating
          }
        }
      },
    },
  },
}\
"""),
    )


async def test_lists_with_nulls_keep_their_places() -> None:
    """Lists in lists, and objects of a type that clients do not see."""
    await assert_partial(
        "{ shelf { name reviews { stars } }"
        " things { __typename ... on Product { reviews { stars } } }"
        ' none: product(upc: "none") { name } }',
        snapshot("""\
QueryPlan {
  Sequence {
    Fetch(service: "products") {
      {
        shelf {
          __typename
          upc
          name
        }
        things {
          __typename
          ... on Product {
            __typename
            upc
          }
        }
        none: product(upc: "none") {
          name
        }
      }
    },
    Flatten(path: "shelf.@.@", "things.@") {
      Fetch(service: "reviews") {
        {
          ... on Product {
            __typename
            upc
          }
        } =>
        {
          ... on Product {
            reviews {
              stars
            }
          }
        }
      },
    },
  },
}\
"""),
    )


async def test_a_root_field_that_fails_leaves_the_others() -> None:
    """Though it is asked for in one call with one that does not."""
    await assert_partial(
        '{ none: product(upc: "none") { name rating } products(first: 1) { upc rating } }',
        snapshot("""\
QueryPlan {
  Sequence {
    Fetch(service: "products") {
      {
        none: product(upc: "none") {
          __typename
          upc
          name
        }
        products(first: 1) {
          __typename
          upc
        }
      }
    },
    Flatten(path: "none", "products.@") {
      Fetch(service: "reviews") {
        {
          ... on Product {
            __typename
            upc
          }
        } =>
        {
          ... on Product {
            rating
          }
        }
      },
    },
  },
}\
"""),
    )
