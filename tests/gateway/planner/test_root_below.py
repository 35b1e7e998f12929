"""A field whose value is the query root: all its fields can be asked for there, from everywhere."""

from __future__ import annotations

import pytest
from inline_snapshot import snapshot

from tests.testkit.cases import assert_case
from tests.testkit.composition import compose_sdl
from tests.testkit.plans import assert_answers, fetches

GRAPH = {
    "people": """
        type Query { me: Person motto: String }
        type Mutation { rename(name: String): Renamed }
        type Renamed { person: Person query: Query! }
        type Person @key(fields: "id") { id: ID! name: String query: Query }
    """,
    "news": """
        type Query { latest: News! count: Int }
        type News @key(fields: "id") { id: ID! text: String query: Query! }
    """,
}


def test_root_fields_of_other_subgraphs_are_asked_below_without_a_key() -> None:
    """There is one query root, and every subgraph has its part of it."""
    assert_case(
        GRAPH,
        "{ me { name query { motto count } } }",
        snapshot("""\
QueryPlan {
  Sequence {
    Fetch(service: "people") {
      {
        me {
          name
          query {
            __typename
            motto
          }
        }
      }
    },
    Flatten(path: "me.query") {
      Fetch(service: "news") {
        {
          count
        }
      },
    },
  },
}\
"""),
    )


@pytest.mark.parametrize(
    "query",
    [
        "{ me { query { count } } }",
        "{ me { query { latest { text query { motto count } } } } }",
        "{ latest { query { me { name query { latest { text } } } } } }",
        "query ($v: Boolean!) { me { query { latest @include(if: $v) { text } motto } } }",
        "{ me { query { __typename } } latest { query { me { id } } } }",
    ],
)
def test_the_answers_are_those_of_one_schema(query: str) -> None:
    assert_answers(compose_sdl(**GRAPH), query, {"v": True} if "$v" in query else {})


def test_the_root_below_a_mutation_is_queried_afterwards() -> None:
    """By an operation that is a query, not a mutation."""
    plan = assert_case(
        GRAPH,
        'mutation { rename(name: "x") { query { count } } }',
        snapshot("""\
QueryPlan {
  Sequence {
    Fetch(service: "people") {
      {
        rename(name: "x") {
          query {
            __typename
          }
        }
      }
    },
    Flatten(path: "rename.query") {
      Fetch(service: "news") {
        {
          count
        }
      },
    },
  },
}\
"""),
    )
    kinds = [(fetch.subgraph, fetch.kind.value) for fetch in fetches(plan.node)]
    assert kinds == [("people", "mutation"), ("news", "query")]


def test_the_root_at_several_places_is_asked_once() -> None:
    """The answer is the same wherever it is asked."""
    assert_case(
        GRAPH,
        "{ me { query { count } } again: me { query { count } } }",
        snapshot("""\
QueryPlan {
  Sequence {
    Fetch(service: "people") {
      {
        me {
          query {
            __typename
          }
        }
        again: me {
          query {
            __typename
          }
        }
      }
    },
    Flatten(path: "me.query", "again.query") {
      Fetch(service: "news") {
        {
          count
        }
      },
    },
  },
}\
"""),
    )
