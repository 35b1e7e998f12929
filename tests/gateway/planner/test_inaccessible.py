"""`@inaccessible`: clients do not see it, and the gateway still uses it."""

from __future__ import annotations

from inline_snapshot import snapshot

from tests.testkit.cases import assert_case


def test_a_key_that_clients_do_not_see_leads_to_the_other_subgraph() -> None:
    """And does not appear in the answer."""
    subgraphs = {
        "users": """
            type Query { users: [User!]! }
            type User @key(fields: "internal") { internal: ID! @inaccessible name: String }
        """,
        "mail": """
            type User @key(fields: "internal") { internal: ID! @inaccessible mail: String }
        """,
    }
    assert_case(
        subgraphs,
        "{ users { name mail } }",
        snapshot("""\
QueryPlan {
  Sequence {
    Fetch(service: "users") {
      {
        users {
          __typename
          internal
          name
        }
      }
    },
    Flatten(path: "users.@") {
      Fetch(service: "mail") {
        {
          ... on User {
            __typename
            internal
          }
        } =>
        {
          ... on User {
            mail
          }
        }
      },
    },
  },
}\
"""),
    )


def test_a_requirement_that_clients_do_not_see_is_sent() -> None:
    """Though the client has a field of another meaning under the same name."""
    subgraphs = {
        "wares": """
            type Query { wares: [Ware!]! }
            type Ware @key(fields: "id") { id: ID! weight: Int @inaccessible name: String }
        """,
        "shipping": """
            type Ware @key(fields: "id") {
              id: ID! weight: Int @external cost: Int @requires(fields: "weight")
            }
        """,
    }
    assert_case(
        subgraphs,
        "{ wares { weight: name cost } }",
        snapshot("""\
QueryPlan {
  Sequence {
    Fetch(service: "wares") {
      {
        wares {
          __typename
          id
          _weight_0: weight
          weight: name
        }
      }
    },
    Flatten(path: "wares.@") {
      Fetch(service: "shipping") {
        {
          ... on Ware {
            __typename
            id
            _weight_0
          }
        } =>
        {
          ... on Ware {
            cost
          }
        }
      },
    },
  },
}\
"""),
    )


def test_an_argument_that_clients_do_not_see_keeps_its_default() -> None:
    """Nothing is sent for it."""
    subgraphs = {
        "wares": """
            type Query {
              wares(first: Int, order: String = "name" @inaccessible): [Ware!]!
            }
            type Ware @key(fields: "id") { id: ID! }
        """,
        "names": 'type Ware @key(fields: "id") { id: ID! name: String }',
    }
    assert_case(
        subgraphs,
        "{ wares(first: 2) { name } }",
        snapshot("""\
QueryPlan {
  Sequence {
    Fetch(service: "wares") {
      {
        wares(first: 2) {
          __typename
          id
        }
      }
    },
    Flatten(path: "wares.@") {
      Fetch(service: "names") {
        {
          ... on Ware {
            __typename
            id
          }
        } =>
        {
          ... on Ware {
            name
          }
        }
      },
    },
  },
}\
"""),
    )
