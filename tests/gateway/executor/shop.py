"""A small graph that the executor's tests run on: users, products and reviews, and their data.

Plans are written by hand here, so these tests say what a plan means whatever the planner does.
"""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

from graphql import GraphQLError, OperationType

from gateway.plan.nodes import (
    FetchNode,
    FieldSegment,
    FlattenNode,
    FlattenPath,
    ListSegment,
    PathSegment,
    QueryPlan,
    RequiredField,
    RequiredFragment,
    RequiredSelection,
    SequenceNode,
    TypeConditionSegment,
)
from supergraph.load import load_supergraph
from supergraph.model import Supergraph
from tests.testkit.subgraphs import Subgraph, Subgraphs

USERS_SDL = """
type Query { me: User users: [User!]! self: Query }
type Mutation { rename(name: String!): User }
type User @key(fields: "id") { id: ID! name: String email: String! role: Role age: Int }
enum Role { ADMIN GUEST ROOT }
"""
PRODUCTS_SDL = """
type Query {
  product(upc: ID!): Product products(first: Int): [Product!] shelf: [[Product!]] things: [Thing]
}
interface Node { id: ID! }
type Product implements Node @key(fields: "upc") { upc: ID! id: ID! name: String price: Float }
type Bundle implements Node { id: ID! size: Int }
type Draft implements Node { id: ID! }
union Thing = Product | Bundle | Draft
"""
REVIEWS_SDL = """
type Query { reviews: [Review!]! }
type Mutation { review(upc: ID!, stars: Int!): Review }
type User @key(fields: "id") { id: ID! reviews: [Review!] }
type Product @key(fields: "upc") {
  upc: ID! price: Float rating: Int! reviews: [Review!]! worth: String
}
type Review { stars: Int! text: String author: User product: Product }
"""

USERS: list[dict[str, Any]] = [
    {"id": "u1", "name": "Ada", "email": "ada@example.org", "role": "ADMIN", "age": 36},
    {"id": "u2", "name": "Bob", "email": "bob@example.org", "role": "GUEST", "age": 41},
]
PRODUCTS: list[dict[str, Any]] = [
    {"upc": "p1", "id": "n1", "name": "Pen", "price": 1.5},
    {"upc": "p2", "id": "n2", "name": "Ink", "price": 20.0},
    {"upc": "p3", "id": "n3", "name": "Pad", "price": None},
]
REVIEWS: list[dict[str, Any]] = [
    {"stars": 5, "text": "good", "author": {"id": "u1"}, "product": {"upc": "p1"}},
    {"stars": 2, "text": "dry", "author": {"id": "u2"}, "product": {"upc": "p2"}},
    {"stars": 4, "text": None, "author": {"id": "u1"}, "product": {"upc": "p2"}},
]
UNRATED = "p3"
"""The product whose `rating` (never null) fails."""


def shop() -> tuple[Supergraph, Subgraphs]:
    """The supergraph and fresh subgraphs with fresh data."""
    users, products = copy.deepcopy(USERS), copy.deepcopy(PRODUCTS)
    reviews = copy.deepcopy(REVIEWS)

    def by(rows: list[dict[str, Any]], column: str, value: str) -> dict[str, Any]:
        found = next((row for row in rows if row[column] == value), None)
        if found is None:
            raise GraphQLError(f"nothing has the {column} {value}")
        return found

    def of(key: str, column: str, value: str) -> list[dict[str, Any]]:
        return [review for review in reviews if review[key][column] == value]

    def rating(product: dict[str, Any]) -> int:
        if product["upc"] == UNRATED:
            raise GraphQLError("nobody rated this", extensions={"code": "UNRATED"})
        stars = [review["stars"] for review in of("product", "upc", product["upc"])]
        return int(sum(stars) / len(stars))

    def worth(product: dict[str, Any]) -> str | None:
        price = product.get("price")
        return None if price is None else f"{rating(product) / price:.2f} stars a coin"

    def rename(_root: object, name: str) -> dict[str, Any]:
        users[0]["name"] = name
        return users[0]

    things = [
        {"__typename": "Product", **products[0]},
        {"__typename": "Bundle", "id": "b1", "size": 3},
        {"__typename": "Draft", "id": "d1"},
        None,
    ]
    by_name = {
        "users": Subgraph(
            USERS_SDL,
            {
                "Query.me": users[0],
                "Query.users": users,
                "Query.self": {},
                "Mutation.rename": rename,
            },
            {"User": lambda key: by(users, "id", key["id"])},
        ),
        "products": Subgraph(
            PRODUCTS_SDL,
            {
                "Query.product": lambda _root, upc: by(products, "upc", upc),
                "Query.products": lambda _root, first=None: products[:first],
                "Query.shelf": [[products[0], products[1]], [products[0]], None],
                "Query.things": things,
            },
            {"Product": lambda key: by(products, "upc", key["upc"])},
        ),
        "reviews": Subgraph(
            REVIEWS_SDL,
            {
                "Query.reviews": reviews,
                "Mutation.review": lambda _root, upc, stars: {
                    "stars": stars, "author": users[0], "product": {"upc": upc},
                },
                "User.reviews": lambda user: of("author", "id", user["id"]),
                "Product.reviews": lambda product: of("product", "upc", product["upc"]),
                "Product.rating": rating,
                "Product.worth": worth,
            },
        ),
    }  # fmt: skip
    return SUPERGRAPH, Subgraphs(by_name)


SUPERGRAPH = load_supergraph((Path(__file__).parent / "shop.graphql").read_text())


def fetch(subgraph: str, operation: str, *variables: str) -> FetchNode:
    """A root fetch; a document that begins with `mutation` makes a mutation."""
    kind = OperationType.MUTATION if operation.startswith("mutation") else OperationType.QUERY
    return FetchNode(subgraph, kind, operation, variable_usages=variables)


def entities(
    subgraph: str, type_name: str, inputs: str, selection: str, *paths: str
) -> FlattenNode:
    """An entity fetch at paths like `users.@.reviews.@`; `inputs` are top-level field names."""
    operation = (
        "query ($representations: [_Any!]!) { _entities(representations: $representations) "
        f"{{ ... on {type_name} {{ {selection} }} }} }}"
    )
    required: tuple[RequiredSelection, ...] = tuple(
        RequiredField(name) for name in ("__typename", *inputs.split())
    )
    node = FetchNode(
        subgraph,
        OperationType.QUERY,
        operation,
        requires=(RequiredFragment(type_name, required),),
    )
    return FlattenNode(tuple(flatten_path(path) for path in paths), node)


def flatten_path(text: str) -> FlattenPath:
    """`a.@.b` or `things.@.|[Product]`."""
    return tuple(_segment(part) for part in text.split("."))


def _segment(part: str) -> PathSegment:
    if part == "@":
        return ListSegment()
    if part.startswith("|["):
        return TypeConditionSegment(frozenset(part[2:-1].split("|")))
    return FieldSegment(part)


def plan(*nodes: Any) -> QueryPlan:
    """A plan that runs the nodes one after the other."""
    return QueryPlan(SequenceNode(nodes) if len(nodes) > 1 else nodes[0])
