"""Supergraphs that have, between them, every feature the planner has to get right."""

from __future__ import annotations

from functools import cache

from tests.testkit.composition import compose_sdl

SUBGRAPHS: dict[str, dict[str, str]] = {
    "key chain": {
        "a": """
            type Query { thing: Thing things: [Thing!]! }
            type Thing @key(fields: "id") { id: ID! }
        """,
        "b": 'type Thing @key(fields: "id") @key(fields: "sku") { id: ID! sku: ID! size: Int }',
        "c": """
            type Thing @key(fields: "sku") @key(fields: "org { code }") {
              sku: ID! org: Org! color: String
            }
            type Org @key(fields: "code") { code: ID! }
        """,
        "d": """
            type Thing @key(fields: "org { code }") { org: Org! price: Int maker: Org! }
            type Org @key(fields: "code") { code: ID! name: String }
        """,
    },
    "requirements": {
        "catalog": """
            type Query { products: [Product!]! }
            type Product @key(fields: "id") {
              id: ID! price(currency: String!): Int weight: Int parts: [Part!]! box: Box
            }
            type Part @key(fields: "id") { id: ID! kind: String }
            type Box { width: Int height: Int }
        """,
        "shipping": """
            type Product @key(fields: "id") {
              id: ID! @external
              price(currency: String!): Int @external
              weight: Int @external
              box: Box @external
              estimate: Int @requires(fields: "price(currency: \\"EUR\\") weight")
              fits: Boolean @requires(fields: "box { width height }")
              rush: Boolean @requires(fields: "weight")
              plain: String
            }
            type Box { width: Int @external height: Int @external }
        """,
        "audit": """
            type Product @key(fields: "id") {
              id: ID! @external
              estimate: Int @external
              rush: Boolean @external
              parts: [Part!]! @external
              risk: Int @requires(fields: "estimate rush parts { kind cost }")
            }
            type Part @key(fields: "id") { id: ID! kind: String @external cost: Int @external }
        """,
        "costs": """
            type Part @key(fields: "id") {
              id: ID! kind: String @external cost: Int @requires(fields: "kind")
            }
        """,
    },
    "abstract": {
        "store": """
            type Query { items: [Item!]! first: Item search: [Result!]! }
            interface Item { id: ID! title: String }
            type Book implements Item @key(fields: "id") { id: ID! title: String pages: Int }
            type Film implements Item @key(fields: "id") { id: ID! title: String minutes: Int }
            type Shelf { label: String! items: [Item!]! }
            union Result = Book | Film | Shelf
        """,
        "ratings": """
            interface Item { id: ID! stars: Int related: [Item!]! }
            type Book implements Item @key(fields: "id") {
              id: ID! stars: Int related: [Item!]! grade: Float!
            }
            type Film implements Item @key(fields: "id") {
              id: ID! stars: Int related: [Item!]! grade: Float
            }
            type Game implements Item @key(fields: "id") { id: ID! stars: Int related: [Item!]! }
            type Query { rated: [Item!]! mixed: [Rated!]! }
            union Rated = Book | Game
        """,
        "games": """
            type Game @key(fields: "id") { id: ID! title: String players: Int }
            type Query { game: Game }
        """,
    },
    "interface object": {
        "media": """
            type Query { media: [Media!]! clip: Clip }
            interface Media @key(fields: "id") { id: ID! title: String owner: User }
            type Clip implements Media @key(fields: "id") {
              id: ID! title: String owner: User seconds: Int
            }
            type Song implements Media @key(fields: "id") {
              id: ID! title: String owner: User tempo: Int
            }
            type User @key(fields: "id") { id: ID! name: String }
        """,
        "reviews": """
            type Media @key(fields: "id") @interfaceObject { id: ID! reviews: [Review!]! rank: Int }
            type Review @key(fields: "id") { id: ID! stars: Int media: Media! }
            type Query { best: Media reviews: [Review!]! }
        """,
        "billing": """
            type Media @key(fields: "id") @interfaceObject {
              id: ID! title: String @external price: Int @requires(fields: "title")
            }
        """,
    },
    "shared values": {
        "a": """
            type Query { me: Me @shareable home: Home @shareable }
            type Me { name: String @shareable address: Address @shareable age: Int }
            type Address { street: String @shareable geo: Geo @shareable }
            type Geo { lat: Float }
            type Home @key(fields: "id") { id: ID! address: Address @shareable }
        """,
        "b": """
            type Query { me: Me @shareable home: Home @shareable }
            type Me { name: String @shareable address: Address @shareable mail: String }
            type Address { street: String @shareable city: String geo: Geo @shareable }
            type Geo { lon: Float }
            type Home @key(fields: "id") { id: ID! address: Address @shareable rooms: Int }
        """,
    },
    "provided": {
        "reviews": """
            type Query {
              reviews: [Review!]! @provides(fields: "product { name maker { name } }")
              latest: Review
            }
            type Review @key(fields: "id") {
              id: ID! product: Product! @provides(fields: "name") text: String
            }
            type Product @key(fields: "id") {
              id: ID! name: String @external maker: Maker @external
            }
            type Maker @key(fields: "id") { id: ID! name: String @external }
        """,
        "products": """
            type Product @key(fields: "id") {
              id: ID! name: String @shareable maker: Maker @shareable price: Int
            }
            type Maker @key(fields: "id") { id: ID! name: String @shareable country: String }
            type Query { product: Product }
        """,
    },
    "overridden": {
        "old": """
            type Query { items: [Item!]! }
            type Item @key(fields: "id") { id: ID! name: String note: String kept: Int }
        """,
        "new": """
            type Item @key(fields: "id") {
              id: ID!
              name: String @override(from: "old")
              note: String @override(from: "old", label: "percent(50)")
            }
        """,
        "user": """
            type Item @key(fields: "id") {
              id: ID! name: String @external note: String @external
              shout: String @requires(fields: "name note")
            }
        """,
    },
    "shapes": {
        "a": """
            type Query { nodes: [Node!]! }
            union Node = X | Y
            type X @key(fields: "id") {
              id: ID! value: String! @shareable size: [Int!]! part: Part!
            }
            type Y @key(fields: "id") { id: ID! value: String @shareable size: [Int] part: Part }
            type Part { v: Int! @shareable }
        """,
        "b": """
            type X @key(fields: "id") { id: ID! value: String @shareable more: Int! }
            type Y @key(fields: "id") { id: ID! value: String @shareable more: Int }
        """,
    },
    "mutations": {
        "a": """
            type Query { a: Thing }
            type Mutation { addA(n: Int!): Thing addBoth(n: Int!): Thing @shareable }
            type Thing @key(fields: "id") { id: ID! a: Int }
        """,
        "b": """
            type Mutation { addB(n: Int!): Thing addBoth(n: Int!): Thing @shareable }
            type Thing @key(fields: "id") { id: ID! b: Int }
        """,
    },
}


@cache
def supergraph(name: str) -> str:
    """The SDL of one of them."""
    return compose_sdl(**SUBGRAPHS[name])
