"""`@shareable`: what several subgraphs resolve is asked of as few as possible."""

from __future__ import annotations

from inline_snapshot import snapshot

from tests.gateway.planner.graphs import SUBGRAPHS
from tests.testkit.cases import assert_case


def test_root_fields_that_several_subgraphs_share() -> None:
    """Each is asked for the part that only it has."""
    subgraphs = {
        "a": """
            type Query { config: Config @shareable }
            type Config { name: String @shareable size: Int }
        """,
        "b": """
            type Query { config: Config @shareable }
            type Config { name: String @shareable color: String }
        """,
    }
    assert_case(
        subgraphs,
        "{ config { name size color } }",
        snapshot("""\
QueryPlan {
  Parallel {
    Fetch(service: "a") {
      {
        config {
          name
          size
        }
      }
    },
    Fetch(service: "b") {
      {
        config {
          color
        }
      }
    },
  },
}\
"""),
    )


def test_splits_a_value_type_that_two_subgraphs_know_in_part() -> None:
    """Level by level, from a root field that both share."""
    assert_case(
        SUBGRAPHS["shared values"],
        "{ me { age mail address { street city geo { lat lon } } } }",
        snapshot("""\
QueryPlan {
  Parallel {
    Fetch(service: "a") {
      {
        me {
          age
          address {
            street
            geo {
              lat
            }
          }
        }
      }
    },
    Fetch(service: "b") {
      {
        me {
          mail
          address {
            city
            geo {
              lon
            }
          }
        }
      }
    },
  },
}\
"""),
    )


def test_a_shared_root_field_is_asked_of_the_subgraph_that_has_all_the_rest() -> None:
    """One call instead of two."""
    subgraphs = {
        "a": """
            type Query { config: Config @shareable }
            type Config { name: String @shareable size: Int }
        """,
        "b": """
            type Query { config: Config @shareable }
            type Config { name: String @shareable color: String @shareable }
        """,
        "c": """
            type Query { config: Config @shareable mode: String }
            type Config { name: String @shareable color: String @shareable }
        """,
    }
    assert_case(
        subgraphs,
        "{ config { name color } mode }",
        snapshot("""\
QueryPlan {
  Fetch(service: "c") {
    {
      config {
        name
        color
      }
      mode
    }
  },
}\
"""),
    )


def test_a_shared_root_field_is_asked_of_both_rather_than_followed_by_key() -> None:
    """Both subgraphs return the object, so that no call has to wait for its key."""
    assert_case(
        SUBGRAPHS["shared values"],
        "{ home { rooms address { geo { lat } } } }",
        snapshot("""\
QueryPlan {
  Parallel {
    Fetch(service: "b") {
      {
        home {
          rooms
        }
      }
    },
    Fetch(service: "a") {
      {
        home {
          address {
            geo {
              lat
            }
          }
        }
      }
    },
  },
}\
"""),
    )
