"""Whatever subgraphs answer, clients get what their schema promises, and an error for the rest."""

from __future__ import annotations

import json
from typing import Any

from graphql import (
    GraphQLList,
    GraphQLNonNull,
    get_introspection_query,
    graphql_sync,
    is_enum_type,
    is_scalar_type,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.operation import PreparedOperation, prepare_operation
from gateway.operation.shape import FieldShape, ObjectShape
from gateway.plan.nodes import QueryPlan
from gateway.transport.base import SubgraphRequest, SubgraphResponse
from tests.gateway.executor.shop import SUPERGRAPH, entities, fetch, plan, shop
from tests.testkit.subgraphs import answer

QUERY = """{
  me { id name email role age reviews { stars text product { upc rating } } }
  products { upc price reviews { stars author { id } } }
  shelf { upc }
  things { __typename ... on Node { id } ... on Bundle { size } }
}"""
PLAN = plan(
    fetch("users", "{ me { __typename id } }"),
    fetch("products", "{ products { upc } shelf { upc } things { __typename } }"),
    entities("reviews", "User", "id", "reviews { stars }", "me"),
    entities("reviews", "Product", "upc", "reviews { stars }", "products.@", "shelf.@.@"),
    entities("reviews", "Product", "upc", "rating", "me.reviews.@.product"),
)

NAMES = [
    "__typename", "_entities", "age", "author", "email", "id", "me", "name", "price", "product",
    "products", "rating", "reviews", "role", "shelf", "size", "stars", "text", "things", "upc",
]  # fmt: skip
SCALARS = st.sampled_from(
    (
        None,
        True,
        0,
        -1,
        2**40,
        1.5,
        3.0,
        "",
        "x",
        "u1",
        "ADMIN",
        "ROOT",
        "Product",
        "Bundle",
        "Draft",
        "User",
        "Node",
    )
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=6)
    ),
    max_leaves=25,
)


def plausible() -> st.SearchStrategy[Any]:
    """Answers that are right for the most part, so that the executor gets far."""
    product = st.fixed_dictionaries(
        {"__typename": st.just("Product") | SCALARS, "upc": st.sampled_from(["p1", "p2"]) | VALUES},
        optional={"price": SCALARS, "reviews": VALUES, "rating": SCALARS},
    )
    review = st.fixed_dictionaries(
        {"stars": st.integers(0, 5) | SCALARS},
        optional={"author": VALUES, "product": product | VALUES, "text": VALUES},
    )
    user = st.fixed_dictionaries(
        {"__typename": st.just("User") | SCALARS, "id": st.just("u1") | SCALARS},
        optional={
            "email": st.just("e") | VALUES,
            "role": SCALARS,
            "age": SCALARS,
            "reviews": st.lists(review, max_size=3) | VALUES,
        },
    )
    entity = user | product | VALUES
    return st.fixed_dictionaries(
        {},
        optional={
            "me": user | VALUES,
            "products": st.lists(product, max_size=3) | VALUES,
            "shelf": st.lists(st.lists(product, max_size=2), max_size=2) | VALUES,
            "things": st.lists(product | VALUES, max_size=3) | VALUES,
            "_entities": st.lists(entity, max_size=3),
        },
    )


ERRORS = st.lists(
    st.fixed_dictionaries(
        {},
        optional={
            "message": st.sampled_from(["m", None, 5]),
            "path": VALUES | st.lists(st.sampled_from([*NAMES, 0, 1, -1, None]), max_size=4),
            "extensions": VALUES,
        },
    ),
    max_size=2,
)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.none() | plausible(), ERRORS), min_size=5, max_size=5))
async def test_an_answer_is_always_valid(answers: list[tuple[Any, list[Any]]]) -> None:
    graph, client = shop()
    remaining = list(answers)

    def reply(request: SubgraphRequest) -> SubgraphResponse:
        data, errors = remaining.pop()
        data = json.loads(json.dumps(data))
        wanted = len(request.variables.get("representations", ()))
        if data and len(data.get("_entities", ())) > wanted > 0:
            data["_entities"] = data["_entities"][:wanted]
        return SubgraphResponse(data, errors)

    client.failures = dict.fromkeys(("users", "products", "reviews"), reply)
    result = await answer(graph, client, QUERY, plan=PLAN)
    prepared = prepare_operation(SUPERGRAPH.api_schema, QUERY)
    assert isinstance(prepared, PreparedOperation)
    json.dumps(result.to_json())
    assert not any("could not be processed" in error["message"] for error in result.errors)
    for error in result.errors:
        assert isinstance(error["message"], str)
        assert isinstance(error["extensions"]["code"], str)
        assert all(isinstance(key, str | int) for key in error.get("path", ()))
    if result.data is None:
        assert result.errors
    else:
        _check_object(result.data, prepared.shape.for_variables({}), "Query")


def _check_object(value: Any, shape: ObjectShape, type_name: str) -> None:
    fields = shape.fields(type_name)
    assert list(value) == list(fields)
    for name, field in fields.items():
        _check(value[name], field.type, field)


def _check(value: Any, type_: Any, field: FieldShape) -> None:
    if isinstance(type_, GraphQLNonNull):
        assert value is not None, field
        type_ = type_.of_type
    if value is None:
        return
    if isinstance(type_, GraphQLList):
        assert isinstance(value, list)
        for item in value:
            _check(item, type_.of_type, field)
    elif is_scalar_type(type_):
        assert type_.coerce_output_value(value) == value
    elif is_enum_type(type_):
        assert value in type_.values
    else:
        assert field.nested is not None
        names = field.nested.object_types()
        runtime = value.get("__typename") if len(names) > 1 else next(iter(names))
        assert runtime in names
        _check_object(value, field.nested, runtime)


async def test_introspection_is_graphql_cores() -> None:
    graph, client = shop()
    result = await answer(graph, client, get_introspection_query(), plan=QueryPlan(None))
    expected = graphql_sync(SUPERGRAPH.api_schema, get_introspection_query()).data
    assert json.dumps(result.data) == json.dumps(expected)
    assert not result.errors
