"""Subgraphs in the form of Federation 1, without `@link`."""

from __future__ import annotations

from inline_snapshot import snapshot

from tests.gateway.planner.quality import MORE
from tests.testkit.cases import FEDERATION_1, assert_case


def test_subgraphs_in_the_form_of_federation_1() -> None:
    """`extend type` with `@external` keys and a requirement, without `@link`."""
    assert_case(
        MORE["federation 1"],
        "{ people { slug posts { likes fans { name } } } }",
        snapshot("""\
QueryPlan {
  Sequence {
    Fetch(service: "people") {
      {
        people {
          __typename
          id
          name
        }
      }
    },
    Flatten(path: "people.@") {
      Fetch(service: "posts") {
        {
          ... on Person {
            __typename
            id
            name
          }
        } =>
        {
          ... on Person {
            slug
            posts {
              __typename
              id
            }
          }
        }
      },
    },
    Flatten(path: "people.@.posts.@") {
      Fetch(service: "likes") {
        {
          ... on Post {
            __typename
            id
          }
        } =>
        {
          ... on Post {
            likes
            fans {
              __typename
              id
            }
          }
        }
      },
    },
    Flatten(path: "people.@.posts.@.fans.@") {
      Fetch(service: "people") {
        {
          ... on Person {
            __typename
            id
          }
        } =>
        {
          ... on Person {
            name
          }
        }
      },
    },
  },
}\
"""),
        link=FEDERATION_1,
    )


def test_a_field_that_a_federation_1_subgraph_provides_and_one_that_it_requires() -> None:
    """`extend`, keys that are `@external`, and value types that nobody calls shareable."""
    subgraphs = {
        "users": """
            type User @key(fields: "id") { id: ID! name: String home: Place mail: String }
            type Place { street: String city: String }
            type Query { users: [User!]! }
        """,
        "posts": """
            extend type Query { posts: [Post!]! }
            type Post @key(fields: "id") {
              id: ID! author: User! @provides(fields: "name") place: Place
            }
            type Place { street: String city: String }
            extend type User @key(fields: "id") {
              id: ID! @external name: String @external mail: String @external
              handle: String @requires(fields: "mail")
            }
        """,
    }
    assert_case(
        subgraphs,
        "{ posts { author { name handle } place { city } } users { home { street } } }",
        snapshot("""\
QueryPlan {
  Parallel {
    Sequence {
      Fetch(service: "posts") {
        {
          posts {
            author {
              __typename
              id
              name
            }
            place {
              city
            }
          }
        }
      },
      Flatten(path: "posts.@.author") {
        Fetch(service: "users") {
          {
            ... on User {
              __typename
              id
            }
          } =>
          {
            ... on User {
              mail
            }
          }
        },
      },
      Flatten(path: "posts.@.author") {
        Fetch(service: "posts") {
          {
            ... on User {
              __typename
              id
              mail
            }
          } =>
          {
            ... on User {
              handle
            }
          }
        },
      },
    },
    Fetch(service: "users") {
      {
        users {
          home {
            street
          }
        }
      }
    },
  },
}\
"""),
        link=FEDERATION_1,
    )
