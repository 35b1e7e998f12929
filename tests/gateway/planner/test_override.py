"""`@override`: a field is asked for where it has moved to, at once or under a label."""

from __future__ import annotations

from inline_snapshot import snapshot

from tests.gateway.planner.graphs import SUBGRAPHS
from tests.testkit.cases import assert_case


def test_never_asks_for_an_overridden_field_where_it_was() -> None:
    """`name` has moved and `note` has not, and a requirement needs both."""
    assert_case(
        SUBGRAPHS["overridden"],
        "{ items { name shout kept } }",
        snapshot("""\
QueryPlan {
  Sequence {
    Fetch(service: "old") {
      {
        items {
          __typename
          id
          note
          kept
        }
      }
    },
    Flatten(path: "items.@") {
      Fetch(service: "new") {
        {
          ... on Item {
            __typename
            id
          }
        } =>
        {
          ... on Item {
            name
          }
        }
      },
    },
    Flatten(path: "items.@") {
      Fetch(service: "user") {
        {
          ... on Item {
            __typename
            id
            name
            note
          }
        } =>
        {
          ... on Item {
            shout
          }
        }
      },
    },
  },
}\
"""),
    )


def test_without_its_label_a_field_stays_where_it_was() -> None:
    """`percent(50)`: this request belongs to the other half."""
    assert_case(
        SUBGRAPHS["overridden"],
        "{ items { note } }",
        snapshot("""\
QueryPlan {
  Fetch(service: "old") {
    {
      items {
        note
      }
    }
  },
}\
"""),
    )


def test_with_its_label_a_field_is_asked_for_where_it_goes() -> None:
    """`percent(50)`: this request belongs to the half that moved."""
    assert_case(
        SUBGRAPHS["overridden"],
        "{ items { note } }",
        snapshot("""\
QueryPlan {
  Sequence {
    Fetch(service: "old") {
      {
        items {
          __typename
          id
        }
      }
    },
    Flatten(path: "items.@") {
      Fetch(service: "new") {
        {
          ... on Item {
            __typename
            id
          }
        } =>
        {
          ... on Item {
            note
          }
        }
      },
    },
  },
}\
"""),
        labels=frozenset({"percent(50)"}),
    )


CUSTOM = {
    "old": """
        type Query { items: [Item!]! }
        type Item @key(fields: "id") { id: ID! name: String size: Int }
    """,
    "new": """
        type Item @key(fields: "id") {
          id: ID!
          name: String @override(from: "old", label: "names-moved")
          size: Int @override(from: "old", label: "percent(25)")
        }
    """,
}


def test_a_custom_label_moves_its_own_fields_only() -> None:
    """`size` has another label, which does not apply."""
    assert_case(
        CUSTOM,
        "{ items { name size } }",
        snapshot("""\
QueryPlan {
  Sequence {
    Fetch(service: "old") {
      {
        items {
          __typename
          id
          size
        }
      }
    },
    Flatten(path: "items.@") {
      Fetch(service: "new") {
        {
          ... on Item {
            __typename
            id
          }
        } =>
        {
          ... on Item {
            name
          }
        }
      },
    },
  },
}\
"""),
        labels=frozenset({"names-moved"}),
    )


def test_without_labels_nothing_under_one_has_moved() -> None:
    """Neither under a custom label nor under a percentage."""
    assert_case(
        CUSTOM,
        "{ items { id name size } }",
        snapshot("""\
QueryPlan {
  Fetch(service: "old") {
    {
      items {
        id
        name
        size
      }
    }
  },
}\
"""),
    )


def test_a_requirement_follows_the_field_it_names() -> None:
    """With the label, `note` is taken from where it has moved to before it is sent on."""
    assert_case(
        SUBGRAPHS["overridden"],
        "{ items { shout } }",
        snapshot("""\
QueryPlan {
  Sequence {
    Fetch(service: "old") {
      {
        items {
          __typename
          id
        }
      }
    },
    Flatten(path: "items.@") {
      Fetch(service: "new") {
        {
          ... on Item {
            __typename
            id
          }
        } =>
        {
          ... on Item {
            name
            note
          }
        }
      },
    },
    Flatten(path: "items.@") {
      Fetch(service: "user") {
        {
          ... on Item {
            __typename
            id
            name
            note
          }
        } =>
        {
          ... on Item {
            shout
          }
        }
      },
    },
  },
}\
"""),
        labels=frozenset({"percent(50)"}),
    )


def test_a_root_field_moves_too() -> None:
    """Nothing is asked of the subgraph it was in."""
    subgraphs = {
        "old": "type Query { motto: String count: Int }",
        "new": 'type Query { motto: String @override(from: "old") }',
    }
    assert_case(
        subgraphs,
        "{ motto count }",
        snapshot("""\
QueryPlan {
  Parallel {
    Fetch(service: "new") {
      {
        motto
      }
    },
    Fetch(service: "old") {
      {
        count
      }
    },
  },
}\
"""),
    )
