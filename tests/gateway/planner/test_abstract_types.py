"""Interfaces and unions, whose members differ by subgraph."""

from __future__ import annotations

from inline_snapshot import snapshot

from tests.gateway.planner.graphs import SUBGRAPHS
from tests.testkit.cases import assert_case


def test_asks_each_subgraph_only_for_types_it_can_return() -> None:
    """`store` knows no games."""
    assert_case(
        SUBGRAPHS["abstract"],
        "{ items { ... on Book { pages } ... on Game { players } } }",
        snapshot("""\
QueryPlan {
  Fetch(service: "store") {
    {
      items {
        __typename
        ... on Book {
          pages
        }
      }
    }
  },
}\
"""),
    )


def test_asks_an_interface_field_of_each_type_where_the_interface_lacks_it() -> None:
    """`store` has no `stars`, so that they are asked by the keys of its types."""
    assert_case(
        SUBGRAPHS["abstract"],
        "{ items { title stars } }",
        snapshot("""\
QueryPlan {
  Sequence {
    Fetch(service: "store") {
      {
        items {
          __typename
          title
          ... on Book {
            __typename
            id
          }
          ... on Film {
            __typename
            id
          }
        }
      }
    },
    Flatten(path: "items.@") {
      Fetch(service: "ratings") {
        {
          ... on Book {
            __typename
            id
          }
          ... on Film {
            __typename
            id
          }
        } =>
        {
          ... on Book {
            stars
          }
          ... on Film {
            stars
          }
        }
      },
    },
  },
}\
"""),
    )


def test_union_members_that_only_one_subgraph_knows() -> None:
    """`b` knows no films, and of books no pages."""
    subgraphs = {
        "a": """
            type Query { found: [Result] @shareable }
            union Result = Book | Film
            type Book @key(fields: "id") { id: ID! pages: Int }
            type Film @key(fields: "id") { id: ID! minutes: Int }
        """,
        "b": """
            type Query { found: [Result] @shareable more: [Result] }
            union Result = Book | Song
            type Book @key(fields: "id") { id: ID! }
            type Song { beat: Int }
        """,
    }
    assert_case(
        subgraphs,
        "{ more { __typename ... on Book { pages } ... on Song { beat } ... on Film { id } } }",
        snapshot("""\
QueryPlan {
  Sequence {
    Fetch(service: "b") {
      {
        more {
          __typename
          ... on Book {
            __typename
            id
          }
          ... on Song {
            beat
          }
        }
      }
    },
    Flatten(path: "more.@") {
      Fetch(service: "a") {
        {
          ... on Book {
            __typename
            id
          }
        } =>
        {
          ... on Book {
            pages
          }
        }
      },
    },
  },
}\
"""),
    )


def test_what_an_interface_lacks_in_one_subgraph_comes_from_where_each_type_has_it() -> None:
    """Books and films have their title in one subgraph, games in another."""
    assert_case(
        SUBGRAPHS["abstract"],
        "{ rated { stars title } }",
        snapshot("""\
QueryPlan {
  Sequence {
    Fetch(service: "ratings") {
      {
        rated {
          __typename
          stars
          ... on Book {
            __typename
            id
          }
          ... on Film {
            __typename
            id
          }
          ... on Game {
            __typename
            id
          }
        }
      }
    },
    Parallel {
      Flatten(path: "rated.@") {
        Fetch(service: "store") {
          {
            ... on Book {
              __typename
              id
            }
            ... on Film {
              __typename
              id
            }
          } =>
          {
            ... on Book {
              title
            }
            ... on Film {
              title
            }
          }
        },
      },
      Flatten(path: "rated.@") {
        Fetch(service: "games") {
          {
            ... on Game {
              __typename
              id
            }
          } =>
          {
            ... on Game {
              title
            }
          }
        },
      },
    },
  },
}\
"""),
    )


def test_fragments_on_interfaces_apply_to_the_members_of_a_union() -> None:
    """The members that implement it, here and where more is asked of them."""
    assert_case(
        SUBGRAPHS["abstract"],
        "{ search { ... on Item { title stars } ... on Shelf { label items { title } } } }",
        snapshot("""\
QueryPlan {
  Sequence {
    Fetch(service: "store") {
      {
        search {
          __typename
          ... on Book {
            __typename
            id
            title
          }
          ... on Film {
            __typename
            id
            title
          }
          ... on Shelf {
            label
            items {
              __typename
              title
            }
          }
        }
      }
    },
    Flatten(path: "search.@") {
      Fetch(service: "ratings") {
        {
          ... on Book {
            __typename
            id
          }
          ... on Film {
            __typename
            id
          }
        } =>
        {
          ... on Book {
            stars
          }
          ... on Film {
            stars
          }
        }
      },
    },
  },
}\
"""),
    )


def test_an_interface_entity_is_entered_under_the_interfaces_name() -> None:
    """Where the second subgraph has it too; what only one type has is asked of that type."""
    subgraphs = {
        "media": """
            type Query { media: [Media!]! }
            interface Media @key(fields: "id") { id: ID! title: String }
            type Clip implements Media @key(fields: "id") { id: ID! title: String }
            type Song implements Media @key(fields: "id") { id: ID! title: String }
        """,
        "plays": """
            interface Media @key(fields: "id") { id: ID! plays: Int }
            type Clip implements Media @key(fields: "id") { id: ID! plays: Int seconds: Int }
            type Song implements Media @key(fields: "id") { id: ID! plays: Int }
        """,
    }
    assert_case(
        subgraphs,
        "{ media { title plays ... on Clip { seconds } } }",
        snapshot("""\
QueryPlan {
  Sequence {
    Fetch(service: "media") {
      {
        media {
          __typename
          id
          title
          ... on Clip {
            __typename
            id
          }
        }
      }
    },
    Flatten(path: "media.@") {
      Fetch(service: "plays") {
        {
          ... on Media {
            __typename
            id
          }
          ... on Clip {
            __typename
            id
          }
        } =>
        {
          ... on Media {
            plays
          }
          ... on Clip {
            seconds
          }
        }
      },
    },
  },
}\
"""),
    )


def test_an_interface_may_implement_another() -> None:
    """A fragment on the narrower one leaves out the types that have only the wider one."""
    subgraphs = {
        "a": """
            type Query { nodes: [Node!]! }
            interface Node { id: ID! }
            interface Named implements Node { id: ID! name: String }
            type X implements Node & Named @key(fields: "id") { id: ID! name: String }
            type Y implements Node @key(fields: "id") { id: ID! }
        """,
        "b": """
            interface Named { size: Int }
            type X implements Named @key(fields: "id") { id: ID! size: Int }
        """,
    }
    assert_case(
        subgraphs,
        "{ nodes { id ... on Named { name ... on X { size } } } }",
        snapshot("""\
QueryPlan {
  Sequence {
    Fetch(service: "a") {
      {
        nodes {
          __typename
          id
          ... on X {
            __typename
            id
            name
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
        } =>
        {
          ... on X {
            size
          }
        }
      },
    },
  },
}\
"""),
    )
