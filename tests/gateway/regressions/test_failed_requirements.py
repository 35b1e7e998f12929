"""What random graphs brought to light about requirements that cannot be had."""

from __future__ import annotations

from tests.gateway.regressions.test_random_findings import holds

_STOCK = {
    "wares": """
        type Query { wares: [Ware!]! }
        type Ware @key(fields: "id") { id: ID! name: String }
    """,
    "weights": 'type Ware @key(fields: "id") { id: ID! weight: Int size: Int }',
    "shipping": """
        type Ware @key(fields: "id") {
          id: ID!
          weight: Int @external
          size: Int @external
          cost: Int @requires(fields: "weight")
          box: Int @requires(fields: "size")
          carrier: String
        }
    """,
}


def test_a_field_that_is_not_asked_for_since_its_requirement_failed_has_an_error() -> None:
    for query in ("{ wares { weight cost } }", "{ wares { cost } }"):
        holds(_STOCK, query, failing=True, seeds=40)


def test_a_failed_requirement_takes_no_other_field_of_the_call_with_it() -> None:
    for query in (
        "{ wares { weight cost carrier } }",
        "{ wares { price: cost by: carrier size box weight } }",
    ):
        holds(_STOCK, query, failing=True, seeds=60)


def test_one_path_that_is_reached_by_calls_at_different_times_is_completed_for_each() -> None:
    holds(
        {
            "things": """
                type Query { things: [Thing!]! }
                interface Thing { id: ID! }
                type A implements Thing @key(fields: "id") { id: ID! }
                type B implements Thing @key(fields: "id") { id: ID! }
            """,
            "early": """
                interface Thing { part: Part! }
                type A implements Thing @key(fields: "id") { id: ID! part: Part! }
                type Part @key(fields: "id") { id: ID! code: Int @shareable }
            """,
            "late": """
                type B @key(fields: "id") { id: ID! part: Part! }
                type Part @key(fields: "id") { id: ID! }
            """,
            "codes": 'type Part @key(fields: "id") { id: ID! code: Int @shareable }',
            "notes": """
                type Part @key(fields: "id") {
                  id: ID! code: Int @external note: Note @requires(fields: "code")
                }
                type Note @key(fields: "sku") { sku: ID! }
            """,
            "text": 'type Note @key(fields: "sku") { sku: ID! text: String }',
            "ranks": """
                type Note @key(fields: "sku") {
                  sku: ID! text: String @external rank: Int @requires(fields: "text") own: Int
                }
            """,
            "last": """
                type Note @key(fields: "sku") {
                  sku: ID! own: Int @external deep: Int @requires(fields: "own")
                }
            """,
        },
        "{ things { part { note { rank deep } } } }",
    )
