"""Whatever is asked, the federated answer is the one a single schema over the same data gives."""

from __future__ import annotations

from typing import Any

import pytest
from graphql import GraphQLSchema, get_named_type, is_composite_type
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.operation.normalize.apply_types import possible_types
from tests.gateway.executor.shop import PRODUCTS, REVIEWS, SUPERGRAPH, USERS, shop
from tests.testkit.subgraphs import check_against_monolith

RATINGS = {"p1": 5, "p2": 3}


def find(rows: list[dict[str, Any]], column: str, value: str) -> dict[str, Any] | None:
    return next((row for row in rows if row[column] == value), None)


def rating(product: dict[str, Any]) -> int:
    if product["upc"] not in RATINGS:
        raise LookupError("nobody rated this")
    return RATINGS[product["upc"]]


def worth(product: dict[str, Any]) -> str | None:
    price = product["price"]
    return None if price is None else f"{rating(product) / price:.2f} stars a coin"


def product(upc: str) -> dict[str, Any]:
    found = find(PRODUCTS, "upc", upc)
    if found is None:
        raise LookupError(upc)
    return found


MONOLITH = {
    "Query.me": USERS[0],
    "Query.users": USERS,
    "Query.self": {},
    "Query.product": lambda _root, upc: product(upc),
    "Query.products": lambda _root, first=None: PRODUCTS[:first],
    "Query.shelf": [[PRODUCTS[0], PRODUCTS[1]], [PRODUCTS[0]], None],
    "Query.things": [
        {"__typename": "Product", **PRODUCTS[0]},
        {"__typename": "Bundle", "id": "b1", "size": 3},
        None,
        None,
    ],
    "Query.reviews": REVIEWS,
    "User.reviews": lambda user: [r for r in REVIEWS if r["author"]["id"] == user["id"]],
    "Product.reviews": lambda item: [r for r in REVIEWS if r["product"]["upc"] == item["upc"]],
    "Product.rating": rating,
    "Product.worth": worth,
    "Review.author": lambda review: find(USERS, "id", review["author"]["id"]),
    "Review.product": lambda review: find(PRODUCTS, "upc", review["product"]["upc"]),
}


@pytest.mark.parametrize(
    "query",
    [
        "{ me { name reviews { stars product { name worth } author { email } } } }",
        "{ products { worth rating: name reviews { author { name } } } }",
        "{ products { rating } }",
        "{ things { ... on Node { id } ... on Product { reviews { stars } } } }",
        "{ shelf { name reviews { product { price } } } }",
        "{ self { self { me { name } } } __typename }",
        '{ product(upc: "none") { name rating } me { name } }',
        '{ a: product(upc: "p1") { worth } b: product(upc: "p2") { worth price } }',
        "{ users { ...U reviews { author { ...U } } } } fragment U on User { name age }",
    ],
)  # fmt: skip
async def test_known_queries(query: str) -> None:
    graph, client = shop()
    await check_against_monolith(graph, client, MONOLITH, query)


# --- random queries ---------------------------------------------------------------------------

_SAMPLE_ARGUMENTS = {"upc": ['"p1"', '"p2"', '"p3"', '"none"', "$upc"], "first": ["0", "2", "$n"]}
_SWAPPED = {
    ("Product", "upc"): "id",
    ("Product", "id"): "upc",
    ("Product", "name"): "price",
    ("Product", "price"): "name",
    ("User", "id"): "name",
    ("User", "name"): "id",
    ("User", "email"): "reviews",
    ("User", "reviews"): "email",
    ("Review", "author"): "product",
    ("Review", "product"): "author",
}
"""Aliases that take the names of what the gateway has to fetch beside them."""
_DIRECTIVES = ["", "", "", "", "", " @include(if: $yes)", " @skip(if: $yes)", " @skip(if: $no)"]


@st.composite
def selections(draw: st.DrawFn, schema: GraphQLSchema, parent: str, depth: int, swap: bool) -> str:
    named = schema.get_type(parent)
    assert is_composite_type(named)
    objects = sorted(possible_types(schema, named))
    parts: list[str] = []
    for _ in range(draw(st.integers(1, 4))):
        directive = draw(st.sampled_from(_DIRECTIVES))
        fields = getattr(named, "fields", {})
        usable = [
            name
            for name, field in fields.items()
            if name != "self"  # the planner does not go from one root to another yet
            and (depth > 0 or not is_composite_type(get_named_type(field.type)))
        ]
        name = draw(st.sampled_from(["__typename", *usable, *(["..."] if depth > 0 else [])]))
        if name == "...":
            on = draw(st.sampled_from(objects))
            parts.append(f"... on {on}{directive} {draw(selections(schema, on, depth - 1, swap))}")
            continue
        if name == "__typename":
            parts.append(f"__typename{directive}")
            continue
        arguments = [
            f"{argument}: {draw(st.sampled_from(_SAMPLE_ARGUMENTS[argument]))}"
            for argument in fields[name].args
        ]
        # One alias per field and arguments: what has one name in the response agrees.
        alias = f"x{name}{''.join(c for c in ''.join(arguments) if c.isalnum())}"
        call = f"{alias}: {name}({', '.join(arguments)})" if arguments else name
        if swap and (parent, name) in _SWAPPED:
            call = f"{_SWAPPED[parent, name]}: {name}"
        result = get_named_type(fields[name].type)
        nested = ""
        if is_composite_type(result):
            nested = " " + draw(selections(schema, result.name, depth - 1, swap))
        parts.append(f"{call}{directive}{nested}")
    return "{ " + " ".join(parts) + " }"


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.booleans().flatmap(lambda swap: selections(SUPERGRAPH.api_schema, "Query", 4, swap)))
async def test_random_queries(body: str) -> None:
    uses = (
        " a: product(upc: $upc) { upc } b: products(first: $n) { upc } "
        "c: __typename @include(if: $yes) d: __typename @skip(if: $no) }"
    )
    head = "query ($upc: ID!, $n: Int, $yes: Boolean = true, $no: Boolean! = false) "
    graph, client = shop()
    variables = {"upc": "p2", "n": 1}
    await check_against_monolith(graph, client, MONOLITH, head + body[:-2] + uses, variables)
