"""Shapes that conflict between types get internal aliases, and clients do not see them."""

from __future__ import annotations

from inline_snapshot import snapshot

from gateway.plan.serde import plan_to_json
from tests.gateway.planner.graphs import SUBGRAPHS
from tests.testkit.cases import assert_case


def test_union_members_with_shapes_that_conflict_in_a_subgraph_get_aliases() -> None:
    """`String!` and `String` by one name are no valid document there."""
    assert_case(
        SUBGRAPHS["shapes"],
        "{ nodes { ... on X { value } ... on Y { value } } }",
        snapshot("""\
QueryPlan {
  Fetch(service: "a") {
    {
      nodes {
        __typename
        ... on X {
          value
        }
        ... on Y {
          _value_1: value
        }
      }
    }
  },
}\
"""),
    )


LISTS_AND_OBJECTS = {
    "a": """
        type Query { nodes: [Node!]! }
        union Node = X | Y
        type X @key(fields: "id") {
          id: ID! sizes: [Int!]! @shareable part: Part! @shareable
        }
        type Y @key(fields: "id") { id: ID! sizes: [Int] part: Part }
        type Part { v: Int! @shareable }
    """,
    "b": """
        type X @key(fields: "id") {
          id: ID! sizes: [Int] @shareable part: Part @shareable more: Int! @shareable
        }
        type Y @key(fields: "id") { id: ID! more: Int }
        type Part { v: Int! @shareable }
    """,
    "c": """
        type Query { x: X }
        type X @key(fields: "id") { id: ID! more: Int @shareable }
    """,
}
"""In the API schema all of these may be null, so that clients may ask for them by one name."""


def test_lists_whose_items_differ_get_aliases_too() -> None:
    """`[Int!]!` and `[Int]`, and each is answered under the client's name."""
    assert_case(
        LISTS_AND_OBJECTS,
        "{ nodes { ... on X { sizes } ... on Y { sizes } } }",
        snapshot("""\
QueryPlan {
  Fetch(service: "a") {
    {
      nodes {
        __typename
        ... on X {
          sizes
        }
        ... on Y {
          _sizes_1: sizes
        }
      }
    }
  },
}\
"""),
    )


def test_objects_whose_nullability_differs_keep_what_is_below_them() -> None:
    """The fields below an alias are the client's own."""
    assert_case(
        LISTS_AND_OBJECTS,
        "{ nodes { ... on X { p: part { v } } ... on Y { p: part { v w: v } } } }",
        snapshot("""\
QueryPlan {
  Fetch(service: "a") {
    {
      nodes {
        __typename
        ... on X {
          p: part {
            v
          }
        }
        ... on Y {
          _p_1: part {
            v
            w: v
          }
        }
      }
    }
  },
}\
"""),
    )


def test_conflicting_shapes_in_a_call_for_entities_get_aliases() -> None:
    """The plan says which names to restore when the entities come back."""
    plan = assert_case(
        LISTS_AND_OBJECTS,
        "{ nodes { ... on X { more } ... on Y { more } } }",
        snapshot("""\
QueryPlan {
  Sequence {
    Fetch(service: "a") {
      {
        nodes {
          __typename
          ... on X {
            __typename
            id
          }
          ... on Y {
            __typename
            id
          }
        }
      }
    },
    Flatten(path: "nodes.@") {
      Fetch(service: "b") {
        {
          ... on X {
            __typename
            id
          }
          ... on Y {
            __typename
            id
          }
        } =>
        {
          ... on X {
            more
          }
          ... on Y {
            _more_1: more
          }
        }
      },
    },
  },
}\
"""),
    )
    of_b = plan_to_json(plan)["node"]["nodes"][-1]["node"]
    assert of_b["outputRewrites"] == snapshot(
        [{"kind": "KeyRenamer", "path": ["_more_1"], "renameKeyTo": "more"}]
    )


def test_clients_may_use_the_names_that_internal_aliases_would_have() -> None:
    """The internal one then takes another."""
    assert_case(
        SUBGRAPHS["shapes"],
        "{ nodes { ... on X { value _value_1: id } ... on Y { value _value_1: id } } }",
        snapshot("""\
QueryPlan {
  Fetch(service: "a") {
    {
      nodes {
        __typename
        ... on X {
          value
          _value_1: id
        }
        ... on Y {
          __value_1: value
          _value_1: id
        }
      }
    }
  },
}\
"""),
    )
