"""Errors: every part that can be resolved is, and each error says where and which subgraph."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.plan.nodes import FetchNode, FieldSegment, ParallelNode, RenameKeyRewrite, SequenceNode
from gateway.transport.base import SubgraphRequest, SubgraphResponse
from tests.gateway.executor.shop import entities, fetch, plan, shop
from tests.testkit.subgraphs import answer

PRODUCT_LIST = fetch("products", "{ products { __typename upc name } }")
REVIEWS = entities("reviews", "Product", "upc", "reviews { stars }", "products.@")
WITH_REVIEWS = plan(PRODUCT_LIST, REVIEWS)


async def test_a_subgraph_that_is_down_nulls_its_fields_and_the_rest_answers() -> None:
    graph, client = shop()
    client.fail("reviews")
    reviewers = entities("reviews", "User", "id", "reviews { stars }", "users.@")
    node = plan(fetch("users", "{ users { __typename id name } }"), reviewers)
    result = await answer(graph, client, "{ users { name reviews { stars } } }", plan=node)
    assert result.to_json() == {
        "data": {
            "users": [{"name": "Ada", "reviews": None}, {"name": "Bob", "reviews": None}],
        },
        "errors": [
            {
                "message": 'Subgraph "reviews" is not reachable.',
                "path": ["users"],
                "extensions": {"code": "SUBREQUEST_CONNECTION_ERROR", "service": "reviews"},
            }
        ],
    }


async def test_a_failure_in_non_null_places_propagates_with_one_error() -> None:
    graph, client = shop()
    client.fail("reviews", "SUBREQUEST_TIMEOUT")
    result = await answer(
        graph, client, "{ products { name reviews { stars } } }", plan=WITH_REVIEWS
    )
    assert result.data == {"products": None}
    assert [error["extensions"]["code"] for error in result.errors] == ["SUBREQUEST_TIMEOUT"]


async def test_a_failed_root_fetch_gives_an_error_for_each_of_its_fields() -> None:
    graph, client = shop()
    client.fail("users")
    start = ParallelNode((fetch("users", "{ me { name } other: me { id } }"), PRODUCT_LIST))
    query = "{ me { name } other: me { id } products { name } }"
    result = await answer(graph, client, query, plan=plan(start))
    assert result.data is not None
    assert result.data["me"] is None
    assert len(result.data["products"]) == 3
    assert [error["path"] for error in result.errors] == [["me"], ["other"]]


async def test_a_failure_at_one_place_names_it_exactly() -> None:
    graph, client = shop()
    client.fail("reviews")
    node = plan(
        fetch("users", "{ me { __typename id } }"),
        entities("reviews", "User", "id", "reviews { stars }", "me"),
    )
    result = await answer(graph, client, "{ me { id reviews { stars } } }", plan=node)
    assert result.data == {"me": {"id": "u1", "reviews": None}}
    assert [error["path"] for error in result.errors] == [["me"]]


async def test_an_entitys_error_stands_at_every_place_of_the_entity() -> None:
    graph, client = shop()

    def broken(request: SubgraphRequest) -> SubgraphResponse:
        data = {"_entities": [{"name": None}, {"name": "Bob"}]}
        error = {"message": "no name", "path": ["_entities", 0, "name"]}
        return SubgraphResponse(data, [error])

    client.failures["users"] = broken
    node = plan(
        fetch("reviews", "{ reviews { author { __typename id } } }"),
        entities("users", "User", "id", "name", "reviews.@.author"),
    )
    result = await answer(graph, client, "{ reviews { author { name } } }", plan=node)
    assert [error["path"] for error in result.errors] == [
        ["reviews", 0, "author", "name"],
        ["reviews", 2, "author", "name"],
    ]
    assert {error["extensions"]["service"] for error in result.errors} == {"users"}
    assert result.data is not None
    assert result.data["reviews"][1] == {"author": {"name": "Bob"}}


async def test_keeps_a_subgraphs_code_and_hides_its_insides() -> None:
    graph, client = shop()
    error: dict[str, Any] = {
        "message": "sold out",
        "path": ["products"],
        "locations": [{"line": 1, "column": 3}],
        "extensions": {"code": "SOLD_OUT", "hint": "later", "stacktrace": ["at secret.py"]},
    }
    client.failures["products"] = SubgraphResponse({"products": None}, [error])
    result = await answer(graph, client, "{ products { name } }", plan=plan(PRODUCT_LIST))
    assert result.errors == [
        {
            "message": "sold out",
            "path": ["products"],
            "extensions": {"code": "SOLD_OUT", "hint": "later", "service": "products"},
        }
    ]


async def test_a_path_ends_where_the_clients_selection_ends() -> None:
    """The client asked for `worth`; the gateway fetched `price` to compute it."""
    graph, client = shop()
    client.failures["products"] = SubgraphResponse(
        {"product": {"__typename": "Product", "upc": "p1", "price": None}},
        [{"message": "no price today", "path": ["product", "price"]}],
    )
    node = plan(
        fetch("products", '{ product(upc: "p1") { __typename upc price } }'),
        entities("reviews", "Product", "upc price", "worth", "product"),
    )
    result = await answer(graph, client, '{ product(upc: "p1") { worth } }', plan=node)
    assert result.data == {"product": {"worth": None}}
    assert [error["path"] for error in result.errors] == [["product"]]
    assert client.sent_to("reviews") == [], "a failed input is no value to compute from"


async def test_a_path_uses_the_clients_name_for_an_internally_aliased_field() -> None:
    graph, client = shop()
    client.failures["products"] = SubgraphResponse(
        {"product": {"_0_label": None}},
        [{"message": "no name", "path": ["product", "_0_label"]}],
    )
    base = fetch("products", '{ product(upc: "p1") { _0_label: name } }')
    rename = RenameKeyRewrite((FieldSegment("product"), FieldSegment("_0_label")), "label")
    node = FetchNode(base.subgraph, base.kind, base.operation, output_rewrites=(rename,))
    result = await answer(graph, client, '{ product(upc: "p1") { label: name } }', plan=plan(node))
    assert [error["path"] for error in result.errors] == [["product", "label"]]


async def test_an_error_without_a_path_is_attached_to_the_fetch() -> None:
    graph, client = shop()
    client.failures["reviews"] = SubgraphResponse(None, [{"message": "go away"}])
    result = await answer(
        graph, client, "{ products { name reviews { stars } } }", plan=WITH_REVIEWS
    )
    assert result.errors == [
        {
            "message": "go away",
            "path": ["products"],
            "extensions": {"code": "DOWNSTREAM_SERVICE_ERROR", "service": "reviews"},
        }
    ]


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"_entities": None},
        {"_entities": {}},
        {"_entities": []},
        {"_entities": [{"reviews": []}]},
        {"_entities": [{"reviews": []}] * 4},
        {"_entities": "abc"},
    ],
)
async def test_an_entity_list_that_cannot_be_matched_is_an_error(data: Any) -> None:
    graph, client = shop()
    client.failures["reviews"] = SubgraphResponse(data)
    result = await answer(
        graph, client, "{ products { name reviews { stars } } }", plan=WITH_REVIEWS
    )
    assert result.data == {"products": None}
    codes = [error["extensions"]["code"] for error in result.errors]
    assert codes == ["SUBREQUEST_MALFORMED_RESPONSE"]
    assert "3 entities" in result.errors[0]["message"]


@pytest.mark.parametrize("entity", [7, "x", [], {"__typename": "User", "reviews": []}])
async def test_an_entity_that_is_none_spoils_only_its_own_place(entity: Any) -> None:
    graph, client = shop()
    reviews = entities("reviews", "User", "id", "__typename reviews { stars }", "users.@")
    client.failures["reviews"] = SubgraphResponse(
        {"_entities": [{"__typename": "User", "reviews": [{"stars": 1}]}, entity]}
    )
    if isinstance(entity, dict):
        entity["__typename"] = "Product"
    node = plan(fetch("users", "{ users { __typename id } }"), reviews)
    result = await answer(graph, client, "{ users { reviews { stars } } }", plan=node)
    assert result.data == {"users": [{"reviews": [{"stars": 1}]}, {"reviews": None}]}
    assert [error["path"] for error in result.errors] == [["users", 1]]


async def test_an_entity_that_does_not_exist_is_null_without_an_error() -> None:
    graph, client = shop()
    client.failures["reviews"] = SubgraphResponse({"_entities": [None, {"reviews": []}]})
    node = plan(
        fetch("users", "{ users { __typename id } }"),
        entities("reviews", "User", "id", "reviews { stars }", "users.@"),
    )
    result = await answer(graph, client, "{ users { reviews { stars } } }", plan=node)
    assert result.to_json() == {"data": {"users": [{"reviews": None}, {"reviews": []}]}}


async def test_neither_data_nor_errors_is_an_error() -> None:
    graph, client = shop()
    client.failures["products"] = SubgraphResponse(None)
    result = await answer(graph, client, "{ products { name } }", plan=plan(PRODUCT_LIST))
    assert result.data == {"products": None}
    assert result.errors[0]["extensions"]["code"] == "SUBREQUEST_MALFORMED_RESPONSE"


@pytest.mark.parametrize(
    "error",
    [
        {},
        {"message": 5},
        {"message": "x", "path": 5},
        {"message": "x", "path": ["products", None]},
        {"message": "x", "path": ["products", True]},
        {"message": "x", "extensions": "none"},
        {"message": "x", "extensions": {"code": 5}},
    ],
)
async def test_errors_of_any_form_are_understood(error: dict[str, Any]) -> None:
    graph, client = shop()
    client.failures["products"] = SubgraphResponse({"products": None}, [error])
    result = await answer(graph, client, "{ products { name } }", plan=plan(PRODUCT_LIST))
    assert result.data == {"products": None}
    assert result.errors[0]["path"] == ["products"]
    assert isinstance(result.errors[0]["message"], str)
    assert isinstance(result.errors[0]["extensions"]["code"], str)


async def test_a_defect_in_a_call_is_masked_and_logged(caplog: pytest.LogCaptureFixture) -> None:
    graph, client = shop()

    def defect(_request: SubgraphRequest) -> SubgraphResponse:
        raise RuntimeError("password=hunter2")

    client.failures["products"] = defect
    start = ParallelNode((PRODUCT_LIST, fetch("users", "{ me { name } }")))
    result = await answer(graph, client, "{ products { name } me { name } }", plan=plan(start))
    assert result.data == {"products": None, "me": {"name": "Ada"}}
    assert result.errors[0]["extensions"]["code"] == "INTERNAL_SERVER_ERROR"
    assert "hunter2" not in str(result.errors)
    assert "failed unexpectedly" in caplog.text


async def test_a_missing_non_null_value_is_reported_where_nothing_explains_it() -> None:
    graph, client = shop()
    client.failures["users"] = SubgraphResponse({"me": {"name": "Ada"}})
    result = await answer(
        graph,
        client,
        "{ me { name email } }",
        plan=plan(fetch("users", "{ me { name email } }")),
    )
    assert result.data == {"me": None}
    assert result.errors == [
        {
            "message": "Cannot return null for non-nullable field User.email.",
            "path": ["me", "email"],
            "extensions": {"code": "NULL_IN_NON_NULL_FIELD"},
        }
    ]


async def test_an_unrelated_failure_does_not_hide_a_null_of_another_subgraph() -> None:
    graph, client = shop()
    client.failures["users"] = SubgraphResponse(
        {"users": [{"__typename": "User", "id": "u1", "email": None}]}
    )
    client.fail("reviews")
    node = plan(
        fetch("users", "{ users { __typename id email } }"),
        entities("reviews", "User", "id", "reviews { stars }", "users.@"),
    )
    result = await answer(graph, client, "{ users { email reviews { stars } } }", plan=node)
    assert result.data is None
    assert [error["extensions"]["code"] for error in result.errors] == [
        "SUBREQUEST_CONNECTION_ERROR",
        "NULL_IN_NON_NULL_FIELD",
    ]


async def test_a_null_that_goes_all_the_way_up_makes_data_null() -> None:
    graph, client = shop()
    client.fail("reviews")
    result = await answer(
        graph, client, "{ reviews { stars } }", plan=plan(fetch("reviews", "{ reviews { stars } }"))
    )
    assert result.data is None
    assert [error["path"] for error in result.errors] == [["reviews"]]


async def test_a_value_nested_without_end_spoils_only_its_own_fetch() -> None:
    graph, client = shop()

    def nested(_request: SubgraphRequest) -> SubgraphResponse:
        deep: Any = {}
        for _ in range(2_000):
            deep = {"name": deep}
        return SubgraphResponse({"product": deep})

    client.failures["products"] = nested
    twice = SequenceNode((fetch("products", '{ product(upc: "p1") { name } }'),) * 2)
    start = ParallelNode((twice, fetch("users", "{ me { name } }")))
    query = '{ product(upc: "p1") { name } me { name } }'
    result = await answer(graph, client, query, plan=plan(start))
    assert result.data == {"product": {"name": None}, "me": {"name": "Ada"}}
    assert "nested too deeply" in result.errors[0]["message"]
