"""What random graphs brought to light about interface objects: the rule that was wrong."""

from __future__ import annotations

from tests.gateway.regressions.test_random_findings import holds


def test_where_one_of_two_subgraphs_has_an_interface_object_the_other_tells_the_type() -> None:
    holds(
        {
            "media": """
                type Query { best: Media! @shareable }
                interface Media { id: ID! }
                type Clip implements Media @key(fields: "id") { id: ID! }
            """,
            "ratings": """
                type Query { best: Media @shareable }
                type Media @key(fields: "id") @interfaceObject { id: ID! stars(of: String!): Float }
            """,
        },
        '{ best { ... on Clip { stars(of: "all") } } }',
    )


def test_what_is_below_a_type_condition_waits_until_the_type_is_known() -> None:
    holds(
        {
            "media": """
                type Query { clips: [Clip!] }
                interface Media @key(fields: "id") { id: ID! }
                type Clip implements Media @key(fields: "id") { id: ID! }
                type Song implements Media @key(fields: "id") { id: ID! }
            """,
            "likes": """
                type Media @key(fields: "id") @interfaceObject { id: ID! like: [Media!] fan: Fan! }
                type Fan @key(fields: "name") { name: String! }
            """,
            "fans": 'type Fan @key(fields: "name") { name: String! ages: [Int!]! }',
        },
        "{ clips { like { ... on Clip { fan { ages } } } } }",
    )


def test_a_type_is_not_asked_for_what_it_does_not_send_the_requirements_of() -> None:
    holds(
        {
            "media": """
                type Query { best: Media! }
                interface Media @key(fields: "id") { id: ID! title: String }
                type Clip implements Media @key(fields: "id") { id: ID! title: String @external }
                type Song implements Media @key(fields: "id") { id: ID! title: String @shareable }
            """,
            "titles": """
                type Clip @key(fields: "id") { id: ID! title: String }
            """,
            "prices": """
                type Media @key(fields: "id") @interfaceObject {
                  id: ID! title: String @external
                  price: Int! @requires(fields: "title") sellers: [Seller!]!
                }
                type Seller @key(fields: "id") { id: ID! }
            """,
            "sellers": 'type Seller @key(fields: "id") { id: ID! name: String }',
        },
        "{ best { price sellers { name } } }",
    )
