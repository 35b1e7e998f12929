"""`@provides`: a field is asked for where it is provided, and only there."""

from __future__ import annotations

from inline_snapshot import snapshot

from tests.gateway.planner.graphs import SUBGRAPHS
from tests.testkit.cases import assert_case


def test_asks_a_provided_field_where_it_is_provided() -> None:
    """On the way that provides it; on another way it is asked for where it is at home."""
    assert_case(
        SUBGRAPHS["provided"],
        "{ reviews { ...Named } latest { ...Named } } "
        "fragment Named on Review { product { name maker { name } } }",
        snapshot("""\
QueryPlan {
  Sequence {
    Fetch(service: "reviews") {
      {
        reviews {
          product {
            name
            maker {
              name
            }
          }
        }
        latest {
          product {
            __typename
            id
            name
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
            maker {
              name
            }
          }
        }
      },
    },
  },
}\
"""),
    )


def test_what_is_provided_on_a_union_member() -> None:
    """The other member is asked for where it is at home."""
    subgraphs = {
        "media": """
            type Query { feed: [Entry] @provides(fields: "... on Song { title }") }
            union Entry = Song | Clip
            type Song @key(fields: "id") { id: ID! title: String @external }
            type Clip @key(fields: "id") { id: ID! }
        """,
        "titles": """
            type Song @key(fields: "id") { id: ID! title: String @shareable }
            type Clip @key(fields: "id") { id: ID! title: String @shareable }
        """,
    }
    assert_case(
        subgraphs,
        "{ feed { ... on Song { title } ... on Clip { title } } }",
        snapshot("""\
QueryPlan {
  Sequence {
    Fetch(service: "media") {
      {
        feed {
          __typename
          ... on Song {
            title
          }
          ... on Clip {
            __typename
            id
          }
        }
      }
    },
    Flatten(path: "feed.@") {
      Fetch(service: "titles") {
        {
          ... on Clip {
            __typename
            id
          }
        } =>
        {
          ... on Clip {
            title
          }
        }
      },
    },
  },
}\
"""),
    )


def test_what_is_provided_on_an_interface() -> None:
    """For each of its types, and only on the way that provides it."""
    subgraphs = {
        "media": """
            type Query {
              feed: [Media!]!
                @provides(fields: "... on Song { title } ... on Clip { title }")
              all: [Media!]!
            }
            interface Media { id: ID! title: String }
            type Song implements Media @key(fields: "id") { id: ID! title: String @external }
            type Clip implements Media @key(fields: "id") { id: ID! title: String @external }
        """,
        "titles": """
            type Song @key(fields: "id") { id: ID! title: String @shareable }
            type Clip @key(fields: "id") { id: ID! title: String @shareable }
        """,
    }
    assert_case(
        subgraphs,
        "{ feed { title } all { title } }",
        snapshot("""\
QueryPlan {
  Sequence {
    Fetch(service: "media") {
      {
        feed {
          __typename
          title
        }
        all {
          __typename
          ... on Clip {
            __typename
            id
          }
          ... on Song {
            __typename
            id
          }
        }
      }
    },
    Flatten(path: "all.@") {
      Fetch(service: "titles") {
        {
          ... on Clip {
            __typename
            id
          }
          ... on Song {
            __typename
            id
          }
        } =>
        {
          ... on Clip {
            title
          }
          ... on Song {
            title
          }
        }
      },
    },
  },
}\
"""),
    )


def test_what_is_provided_of_one_type_of_an_interface() -> None:
    """The other type is asked for elsewhere."""
    subgraphs = {
        "media": """
            type Query { feed: [Media!]! @provides(fields: "... on Song { title }") }
            interface Media { id: ID! }
            type Song implements Media @key(fields: "id") { id: ID! title: String @external }
            type Clip implements Media @key(fields: "id") { id: ID! }
        """,
        "titles": """
            type Song @key(fields: "id") { id: ID! title: String @shareable }
            type Clip @key(fields: "id") { id: ID! title: String @shareable }
        """,
    }
    assert_case(
        subgraphs,
        "{ feed { ... on Song { title } ... on Clip { title } } }",
        snapshot("""\
QueryPlan {
  Sequence {
    Fetch(service: "media") {
      {
        feed {
          __typename
          ... on Song {
            title
          }
          ... on Clip {
            __typename
            id
          }
        }
      }
    },
    Flatten(path: "feed.@") {
      Fetch(service: "titles") {
        {
          ... on Clip {
            __typename
            id
          }
        } =>
        {
          ... on Clip {
            title
          }
        }
      },
    },
  },
}\
"""),
    )


def test_what_is_provided_may_be_required() -> None:
    """The requirement is taken from where it is provided, and nobody else is asked."""
    subgraphs = {
        "reviews": """
            type Query { review: Review! }
            type Review { product: Product! @provides(fields: "weight") }
            type Product @key(fields: "id") { id: ID! weight: Int @external }
        """,
        "products": 'type Product @key(fields: "id") { id: ID! weight: Int @shareable }',
        "shipping": """
            type Product @key(fields: "id") {
              id: ID! weight: Int @external cost: Int @requires(fields: "weight")
            }
        """,
    }
    assert_case(
        subgraphs,
        "{ review { product { cost } } }",
        snapshot("""\
QueryPlan {
  Sequence {
    Fetch(service: "reviews") {
      {
        review {
          product {
            __typename
            id
            weight
          }
        }
      }
    },
    Flatten(path: "review.product") {
      Fetch(service: "shipping") {
        {
          ... on Product {
            __typename
            id
            weight
          }
        } =>
        {
          ... on Product {
            cost
          }
        }
      },
    },
  },
}\
"""),
    )
