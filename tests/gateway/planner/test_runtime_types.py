"""What is known about the runtime types of objects, and what it is worth to know more."""

from __future__ import annotations

from inline_snapshot import snapshot

from tests.testkit.cases import assert_case

GALLERY = {
    "rooms": """
        type Query { room: Room }
        type Room @key(fields: "id") { id: ID! }
    """,
    "works": """
        type Room @key(fields: "id") { id: ID! wall: String shown: Shown @shareable }
        union Shown = Painting | Poster
        type Painting @key(fields: "id") { id: ID! title: String @shareable }
        type Poster { size: Int @shareable }
    """,
    "prints": """
        type Room @key(fields: "id") { id: ID! shown: Shown @shareable }
        union Shown = Poster
        type Poster { size: Int @shareable }
    """,
    "prices": 'type Painting @key(fields: "id") { id: ID! price: Int }',
}

LOANS = {
    "owners": """
        type Query { piece: Piece }
        type Piece @key(fields: "id") { id: ID! lenders: [Lender!]! }
        type Lender @key(fields: "id") @interfaceObject { id: ID! name: String }
    """,
    "insurance": """
        type Piece @key(fields: "id") {
          id: ID! lenders: [Lender!]! @external premium: Int @requires(fields: "lenders { id }")
        }
        interface Lender @key(fields: "id") { id: ID! }
        type Museum implements Lender @key(fields: "id") { id: ID! city: String }
        type Person implements Lender @key(fields: "id") { id: ID! born: Int }
    """,
}


def test_nothing_is_planned_for_types_that_one_of_the_subgraphs_of_a_field_lacks() -> None:
    """Subgraphs that share a field agree on its value, so that it is of a type that all know."""
    assert_case(
        GALLERY,
        "{ room { wall shown { ... on Painting { price } ... on Poster { size } } } }",
        snapshot("""\
QueryPlan {
  Sequence {
    Fetch(service: "rooms") {
      {
        room {
          __typename
          id
        }
      }
    },
    Flatten(path: "room") {
      Fetch(service: "works") {
        {
          ... on Room {
            __typename
            id
          }
        } =>
        {
          ... on Room {
            wall
            shown {
              __typename
              ... on Poster {
                size
              }
            }
          }
        }
      },
    },
  },
}\
"""),
    )


def test_a_requirement_of_interface_objects_does_not_ask_for_their_types() -> None:
    """The key that is required is the interface's own."""
    assert_case(
        LOANS,
        "{ piece { premium } }",
        snapshot("""\
QueryPlan {
  Sequence {
    Fetch(service: "owners") {
      {
        piece {
          __typename
          id
          lenders {
            id
          }
        }
      }
    },
    Flatten(path: "piece") {
      Fetch(service: "insurance") {
        {
          ... on Piece {
            __typename
            id
            lenders {
              id
            }
          }
        } =>
        {
          ... on Piece {
            premium
          }
        }
      },
    },
  },
}\
"""),
    )
