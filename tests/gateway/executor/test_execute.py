"""What each node of a plan does, and that the answer is the client's selection."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from gateway.plan.nodes import (
    ConditionNode,
    FieldSegment,
    FlattenNode,
    ParallelNode,
    QueryPlan,
    RenameKeyRewrite,
    SequenceNode,
    UnresolvableField,
)
from gateway.transport.base import SubgraphRequest
from tests.gateway.executor.shop import entities, fetch, flatten_path, plan, shop
from tests.testkit.subgraphs import answer

PRODUCTS = fetch("products", "{ products { __typename upc name price } }")
RATINGS = entities("reviews", "Product", "upc", "reviews { stars }", "products.@")


async def test_joins_entities_of_two_subgraphs() -> None:
    graph, client = shop()
    result = await answer(
        graph, client, "{ products { name reviews { stars } } }", plan=plan(PRODUCTS, RATINGS)
    )
    assert result.to_json() == {
        "data": {
            "products": [
                {"name": "Pen", "reviews": [{"stars": 5}]},
                {"name": "Ink", "reviews": [{"stars": 2}, {"stars": 4}]},
                {"name": "Pad", "reviews": []},
            ]
        }
    }
    assert len(client.sent_to("reviews")) == 1


async def test_answers_in_the_clients_order_and_nothing_else() -> None:
    graph, client = shop()
    query = "{ products { r: reviews { stars } __typename second: name upc } }"
    ratings = entities("reviews", "Product", "upc", "r: reviews { stars }", "products.@")
    products = fetch("products", "{ products { __typename upc second: name price } }")
    result = await answer(graph, client, query, plan=plan(products, ratings))
    assert result.data is not None
    first = result.data["products"][0]
    assert json.dumps(first) == json.dumps(
        {"r": [{"stars": 5}], "__typename": "Product", "second": "Pen", "upc": "p1"}
    )


async def test_sends_one_representation_per_distinct_entity() -> None:
    graph, client = shop()
    reviews = fetch("reviews", "{ reviews { author { __typename id } } }")
    names = entities("users", "User", "id", "name", "reviews.@.author")
    result = await answer(
        graph, client, "{ reviews { author { name } } }", plan=plan(reviews, names)
    )
    assert client.representations("users") == [
        [{"__typename": "User", "id": "u1"}, {"__typename": "User", "id": "u2"}]
    ]
    assert result.data == {
        "reviews": [
            {"author": {"name": "Ada"}},
            {"author": {"name": "Bob"}},
            {"author": {"name": "Ada"}},
        ]
    }


async def test_one_call_serves_several_paths() -> None:
    graph, client = shop()
    start = ParallelNode(
        (
            fetch("users", "{ me { __typename id } }"),
            fetch("reviews", "{ reviews { author { __typename id } } }"),
        )
    )
    names = entities("users", "User", "id", "name", "me", "reviews.@.author")
    query = "{ me { name } reviews { author { name } } }"
    result = await answer(graph, client, query, plan=plan(start, names))
    assert result.data is not None
    assert result.data["me"] == {"name": "Ada"}
    assert [review["author"]["name"] for review in result.data["reviews"]] == ["Ada", "Bob", "Ada"]
    assert len(client.representations("users")) == 1


async def test_two_paths_to_one_entity_do_not_share_what_is_below_it() -> None:
    """Below `left` and `right` the client gives one name to different fields."""
    graph, client = shop()
    start = fetch(
        "products",
        '{ left: product(upc: "p1") { __typename upc } '
        'right: product(upc: "p1") { __typename upc } }',
    )
    reviews = entities(
        "reviews", "Product", "upc", "reviews { author { __typename id } }", "left", "right"
    )
    left = entities("users", "User", "id", "x: name", "left.reviews.@.author")
    right = entities("users", "User", "id", "x: email", "right.reviews.@.author")
    query = """{
      left: product(upc: "p1") { reviews { author { x: name } } }
      right: product(upc: "p1") { reviews { author { x: email } } }
    }"""
    result = await answer(
        graph, client, query, plan=plan(start, reviews, ParallelNode((left, right)))
    )
    assert result.data == {
        "left": {"reviews": [{"author": {"x": "Ada"}}]},
        "right": {"reviews": [{"author": {"x": "ada@example.org"}}]},
    }


async def test_walks_lists_in_lists_and_nulls_on_the_way() -> None:
    graph, client = shop()
    shelf = fetch("products", "{ shelf { __typename upc } }")
    reviews = entities("reviews", "Product", "upc", "reviews { stars }", "shelf.@.@")
    result = await answer(
        graph, client, "{ shelf { reviews { stars } } }", plan=plan(shelf, reviews)
    )
    pen, ink = {"reviews": [{"stars": 5}]}, {"reviews": [{"stars": 2}, {"stars": 4}]}
    assert result.data == {"shelf": [[pen, ink], [pen], None]}


async def test_type_conditions_in_a_path_leave_out_other_types() -> None:
    graph, client = shop()
    things = fetch("products", "{ things { __typename ... on Product { upc } } }")
    names = entities("products", "Product", "upc", "name", "things.@.|[Product]")
    query = "{ things { ... on Product { name } ... on Bundle { __typename } } }"
    result = await answer(graph, client, query, plan=plan(things, names))
    assert result.data == {"things": [{"name": "Pen"}, {"__typename": "Bundle"}, None, None]}
    assert client.representations("products") == [[{"__typename": "Product", "upc": "p1"}]]


async def test_parallel_fetches_run_at_the_same_time() -> None:
    graph, client = shop()
    arrived: list[str] = []
    both = asyncio.Event()

    async def hold(request: SubgraphRequest) -> None:
        arrived.append(request.subgraph)
        if len(arrived) == 2:
            both.set()
        await asyncio.wait_for(both.wait(), timeout=5)

    client.before = hold
    start = ParallelNode(
        (fetch("users", "{ me { name } }"), fetch("reviews", "{ reviews { stars } }"))
    )
    result = await answer(graph, client, "{ me { name } reviews { stars } }", plan=plan(start))
    assert not result.errors
    assert sorted(arrived) == ["reviews", "users"]


@pytest.mark.parametrize("wanted", [True, False])
async def test_a_condition_decides_which_branch_is_fetched(wanted: bool) -> None:
    graph, client = shop()
    node = SequenceNode((PRODUCTS, ConditionNode("deep", RATINGS, None)))
    query = "query ($deep: Boolean!) { products { upc reviews @include(if: $deep) { stars } } }"
    result = await answer(graph, client, query, {"deep": wanted}, plan=QueryPlan(node))
    assert not result.errors
    assert result.data is not None
    assert ("reviews" in result.data["products"][0]) is wanted
    assert len(client.sent_to("reviews")) == wanted


async def test_the_default_of_a_variable_decides_conditions() -> None:
    graph, client = shop()
    node = SequenceNode((PRODUCTS, ConditionNode("flat", None, RATINGS)))
    query = "query ($flat: Boolean = true) { products { upc reviews @skip(if: $flat) { stars } } }"
    result = await answer(graph, client, query, plan=QueryPlan(node))
    assert result.data is not None
    assert result.data["products"][0] == {"upc": "p1"}
    assert client.sent_to("reviews") == []


async def test_sends_only_the_variables_a_fetch_uses() -> None:
    graph, client = shop()
    products = fetch("products", "query ($n: Int) { products(first: $n) { __typename upc } }", "n")
    query = (
        "query ($n: Int, $m: Int) { products(first: $n) { upc } p: products(first: $m) { upc } }"
    )
    await answer(graph, client, query, {"n": 1, "m": 2}, plan=plan(products))
    assert [dict(request.variables) for request in client.requests] == [{"n": 1}]


async def test_a_variable_that_was_not_sent_is_not_sent_on() -> None:
    graph, client = shop()
    products = fetch("products", "query ($n: Int) { products(first: $n) { upc } }", "n")
    query = "query ($n: Int) { products(first: $n) { upc } }"
    result = await answer(graph, client, query, plan=plan(products))
    assert [dict(request.variables) for request in client.requests] == [{}]
    assert result.data is not None
    assert len(result.data["products"]) == 3


async def test_mutations_run_one_after_the_other_and_are_marked() -> None:
    graph, client = shop()
    node = plan(
        fetch("users", 'mutation { rename(name: "Eve") { name } }'),
        fetch(
            "reviews", 'mutation { review(upc: "p1", stars: 1) { stars author { __typename id } } }'
        ),
        entities("users", "User", "id", "name", "review.author"),
    )
    query = """mutation {
      rename(name: "Eve") { name }
      review(upc: "p1", stars: 1) { stars author { name } }
    }"""
    result = await answer(graph, client, query, plan=node)
    assert result.data == {
        "rename": {"name": "Eve"},
        "review": {"stars": 1, "author": {"name": "Eve"}},
    }
    assert [request.is_mutation for request in client.requests] == [True, True, False]


async def test_two_subgraphs_answer_parts_of_one_shared_root_field() -> None:
    graph, client = shop()
    start = ParallelNode(
        (
            fetch("products", '{ product(upc: "p1") { name } }'),
            fetch("products", '{ product(upc: "p1") { price } }'),
        )
    )
    result = await answer(graph, client, '{ product(upc: "p1") { price name } }', plan=plan(start))
    assert result.data == {"product": {"price": 1.5, "name": "Pen"}}


async def test_an_output_rewrite_gives_a_field_the_clients_name() -> None:
    graph, client = shop()
    node = fetch("products", '{ product(upc: "p1") { internal: name } }')
    renamed = RenameKeyRewrite((FieldSegment("product"), FieldSegment("internal")), "label")
    node = type(node)(node.subgraph, node.kind, node.operation, output_rewrites=(renamed,))
    result = await answer(graph, client, '{ product(upc: "p1") { label: name } }', plan=plan(node))
    assert result.data == {"product": {"label": "Pen"}}


async def test_a_plan_without_fetches_answers_typename() -> None:
    graph, client = shop()
    result = await answer(graph, client, "{ __typename kind: __typename }", plan=QueryPlan(None))
    assert result.to_json() == {"data": {"__typename": "Query", "kind": "Query"}}


async def test_a_field_without_a_plan_is_null_with_its_reason() -> None:
    graph, client = shop()
    unresolvable = (UnresolvableField(("products", "worth"), "no subgraph can be asked for worth"),)
    sequence = QueryPlan(PRODUCTS, unresolvable)
    result = await answer(graph, client, "{ products { upc worth } }", plan=sequence)
    assert result.data is not None
    assert result.data["products"][1] == {"upc": "p2", "worth": None}
    assert result.errors == [
        {
            "message": "no subgraph can be asked for worth",
            "path": ["products"],
            "extensions": {"code": "UNRESOLVABLE_FIELD"},
        }
    ]


async def test_a_field_without_a_plan_is_no_error_where_it_is_skipped() -> None:
    graph, client = shop()
    unresolvable = (UnresolvableField(("products", "worth"), "no subgraph"),)
    query = "query ($w: Boolean!) { products { upc worth @include(if: $w) } }"
    result = await answer(
        graph, client, query, {"w": False}, plan=QueryPlan(PRODUCTS, unresolvable)
    )
    assert not result.errors


async def test_a_non_null_field_without_a_plan_makes_its_object_null() -> None:
    graph, client = shop()
    unresolvable = (UnresolvableField(("product", "rating"), "no subgraph"),)
    product = fetch("products", '{ product(upc: "p1") { __typename upc } }')
    result = await answer(
        graph,
        client,
        '{ product(upc: "p1") { upc rating } }',
        plan=QueryPlan(product, unresolvable),
    )
    assert result.data == {"product": None}
    assert [error["path"] for error in result.errors] == [["product", "rating"]]


async def test_cancelling_an_operation_cancels_its_calls() -> None:
    graph, client = shop()
    started, cancelled = asyncio.Event(), asyncio.Event()

    async def hang(_request: SubgraphRequest) -> None:
        started.set()
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.set()

    client.before = hang
    task: asyncio.Task[Any] = asyncio.create_task(
        answer(graph, client, "{ products { name } }", plan=plan(PRODUCTS))
    )
    await started.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert cancelled.is_set()


async def test_root_fields_below_a_field_that_returns_the_root() -> None:
    graph, client = shop()
    below = FlattenNode((flatten_path("self"),), fetch("products", "{ products { name } }"))
    node = plan(fetch("users", "{ self { __typename me { name } } }"), below)
    query = "{ self { products { name } me { name } } }"
    result = await answer(graph, client, query, plan=node)
    assert result.to_json() == {
        "data": {
            "self": {
                "products": [{"name": "Pen"}, {"name": "Ink"}, {"name": "Pad"}],
                "me": {"name": "Ada"},
            }
        }
    }
    client.fail("products")
    failed = await answer(graph, client, query, plan=node)
    assert failed.data == {"self": {"products": None, "me": {"name": "Ada"}}}
    assert [error["path"] for error in failed.errors] == [["self"]]
