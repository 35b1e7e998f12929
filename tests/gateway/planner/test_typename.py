"""`__typename`, wherever it is asked for."""

from __future__ import annotations

from inline_snapshot import snapshot

from tests.gateway.planner.graphs import SUBGRAPHS
from tests.testkit.cases import assert_case


def test_typename_at_the_root_needs_no_fetch() -> None:
    """Under whatever alias: the gateway knows the names of the root types."""
    assert_case(
        SUBGRAPHS["provided"],
        "{ __typename name: __typename }",
        snapshot("""\
QueryPlan {
}\
"""),
    )


def test_typename_of_a_mutation_needs_no_fetch_either() -> None:
    """Beside a field that does."""
    assert_case(
        SUBGRAPHS["mutations"],
        "mutation { __typename addA(n: 1) { a } }",
        snapshot("""\
QueryPlan {
  Fetch(service: "a") {
    {
      addA(n: 1) {
        a
      }
    }
  },
}\
"""),
    )


def test_typename_alone_below_a_field_costs_no_second_call() -> None:
    """Whoever returns an object of a type can name it."""
    assert_case(
        SUBGRAPHS["abstract"],
        "{ items { kind: __typename ... on Book { __typename } } game { __typename } }",
        snapshot("""\
QueryPlan {
  Parallel {
    Fetch(service: "store") {
      {
        items {
          __typename
          kind: __typename
          ... on Book {
            __typename
          }
        }
      }
    },
    Fetch(service: "games") {
      {
        game {
          __typename
        }
      }
    },
  },
}\
"""),
    )


def test_typename_of_entities_is_the_clients_own() -> None:
    """The `__typename` that representations need stands beside it."""
    assert_case(
        SUBGRAPHS["key chain"],
        "{ things { size type: __typename } }",
        snapshot("""\
QueryPlan {
  Sequence {
    Fetch(service: "a") {
      {
        things {
          __typename
          id
          type: __typename
        }
      }
    },
    Flatten(path: "things.@") {
      Fetch(service: "b") {
        {
          ... on Thing {
            __typename
            id
          }
        } =>
        {
          ... on Thing {
            size
          }
        }
      },
    },
  },
}\
"""),
    )
