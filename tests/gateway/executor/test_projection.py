"""Values: what a subgraph sent, as the client's schema promises it, or null with a reason."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.plan.nodes import QueryPlan
from gateway.transport.base import SubgraphResponse
from tests.gateway.executor.shop import fetch, plan, shop
from tests.testkit.subgraphs import answer


async def project(query: str, subgraph: str, data: Any) -> dict[str, Any]:
    """Answer `query` from what one subgraph sent."""
    graph, client = shop()
    client.failures[subgraph] = SubgraphResponse(data)
    result = await answer(graph, client, query, plan=plan(fetch(subgraph, "{ __typename }")))
    return result.to_json()


@pytest.mark.parametrize(
    ("sent", "answered"),
    [(36, 36), (36.0, 36), (None, None), (-(2**31), -(2**31))],
)
async def test_an_int_that_is_one(sent: Any, answered: Any) -> None:
    response = await project("{ me { age } }", "users", {"me": {"age": sent}})
    assert response == {"data": {"me": {"age": answered}}}


@pytest.mark.parametrize("sent", ["36", 36.5, True, 2**31, [36], {"a": 1}, float("inf")])
async def test_an_int_that_is_none_is_null_with_an_error(sent: Any) -> None:
    response = await project("{ me { age } }", "users", {"me": {"age": sent}})
    assert response["data"] == {"me": {"age": None}}
    assert response["errors"] == [
        {
            "message": "The value that a subgraph sent for User.age is no 32-bit integer.",
            "path": ["me", "age"],
            "extensions": {"code": "INVALID_SUBGRAPH_VALUE"},
        }
    ]


@pytest.mark.parametrize(("sent", "answered"), [("u1", "u1"), (7, "7"), (7.0, "7")])
async def test_an_id_is_answered_as_a_text(sent: Any, answered: str) -> None:
    response = await project("{ me { id } }", "users", {"me": {"id": sent}})
    assert response == {"data": {"me": {"id": answered}}}


@pytest.mark.parametrize(("sent", "answered"), [(1, 1), (1.5, 1.5)])
async def test_a_float_may_be_whole(sent: Any, answered: Any) -> None:
    query = '{ product(upc: "p") { price } }'
    response = await project(query, "products", {"product": {"price": sent}})
    assert response == {"data": {"product": {"price": answered}}}


async def test_an_error_never_holds_the_value() -> None:
    response = await project("{ me { age } }", "users", {"me": {"age": "secret"}})
    assert "secret" not in str(response)


@pytest.mark.parametrize(
    ("sent", "answered", "fails"),
    [
        ("ADMIN", "ADMIN", False),
        ("ROOT", None, False),
        ("NOBODY", None, True),
        (5, None, True),
        (["ADMIN"], None, True),
    ],
)
async def test_enum_values_clients_may_see(sent: Any, answered: Any, fails: bool) -> None:
    response = await project("{ me { role } }", "users", {"me": {"role": sent}})
    assert response["data"] == {"me": {"role": answered}}
    assert ("errors" in response) is fails


@pytest.mark.parametrize(
    ("type_name", "answered", "fails"),
    [
        ("Product", {"__typename": "Product"}, False),
        ("Bundle", {"__typename": "Bundle"}, False),
        ("Draft", None, False),
        ("User", None, True),
        ("Thing", None, True),
        ("Unheard", None, True),
        (None, None, True),
        (7, None, True),
        (["Product"], None, True),
    ],
)
async def test_runtime_types_clients_may_see(type_name: Any, answered: Any, fails: bool) -> None:
    response = await project(
        "{ things { __typename } }", "products", {"things": [{"__typename": type_name}]}
    )
    assert response["data"] == {"things": [answered]}
    assert ("errors" in response) is fails


async def test_a_member_that_matches_no_fragment_is_an_empty_object() -> None:
    things = {"things": [{"__typename": "Bundle", "id": "b"}, {"__typename": "Product", "upc": 1}]}
    response = await project("{ things { ... on Product { upc } } }", "products", things)
    assert response == {"data": {"things": [{}, {"upc": "1"}]}}


async def test_fragments_on_an_interface_apply_to_its_objects() -> None:
    things = {"things": [{"__typename": "Bundle", "id": "b"}, {"__typename": "Product", "id": "p"}]}
    response = await project("{ things { ... on Node { id } } }", "products", things)
    assert response == {"data": {"things": [{"id": "b"}, {"id": "p"}]}}


@pytest.mark.parametrize("sent", [5, "x", {"a": 1}, True])
async def test_what_is_no_list_is_null_with_an_error(sent: Any) -> None:
    response = await project("{ things { __typename } }", "products", {"things": sent})
    assert response["data"] == {"things": None}
    assert response["errors"][0]["path"] == ["things"]


@pytest.mark.parametrize("sent", [5, "x", [], True])
async def test_what_is_no_object_is_null_with_an_error(sent: Any) -> None:
    response = await project("{ me { name } }", "users", {"me": sent})
    assert response["data"] == {"me": None}
    assert response["errors"][0]["path"] == ["me"]


async def test_null_moves_up_to_the_nearest_place_that_may_be_null() -> None:
    shelf = [[{"upc": "a"}, {"upc": None}], [{"upc": "c"}]]
    response = await project("{ shelf { upc } }", "products", {"shelf": shelf})
    assert response["data"] == {"shelf": [None, [{"upc": "c"}]]}
    assert [error["path"] for error in response["errors"]] == [["shelf", 0, 1, "upc"]]


async def test_null_in_a_list_of_non_null_items() -> None:
    response = await project("{ products { name } }", "products", {"products": [None]})
    assert response["data"] == {"products": None}
    assert [error["path"] for error in response["errors"]] == [["products", 0]]


async def test_same_name_with_different_fields_by_type() -> None:
    things = {
        "things": [
            {"__typename": "Product", "x": "p1", "id": "n1"},
            {"__typename": "Bundle", "x": "b1"},
        ]
    }
    query = "{ things { ... on Bundle { x: id } ... on Product { id x: upc } } }"
    response = await project(query, "products", things)
    assert response == {"data": {"things": [{"id": "n1", "x": "p1"}, {"x": "b1"}]}}


async def test_introspection_is_answered_without_a_fetch() -> None:
    graph, client = shop()
    query = """query ($name: String!, $more: Boolean = true) {
      __schema { queryType { name } }
      user: __type(name: $name) { kind fields @include(if: $more) { name } }
      draft: __type(name: "Draft") { name }
      me { self: __typename }
    }"""
    node = plan(fetch("users", "{ me { __typename } }"))
    result = await answer(graph, client, query, {"name": "User"}, plan=node)
    assert not result.errors
    assert result.data is not None
    assert list(result.data) == ["__schema", "user", "draft", "me"]
    assert result.data["__schema"] == {"queryType": {"name": "Query"}}
    assert {"name": "email"} in result.data["user"]["fields"]
    assert result.data["draft"] is None, "what is inaccessible does not exist for clients"
    assert len(client.requests) == 1


async def test_introspection_below_a_field_that_returns_the_root() -> None:
    graph, client = shop()
    node = plan(fetch("users", "{ self { __typename } }"))
    query = '{ self { __type(name: "Role") { enumValues { name } } } }'
    result = await answer(graph, client, query, plan=node)
    assert result.to_json() == {
        "data": {"self": {"__type": {"enumValues": [{"name": "ADMIN"}, {"name": "GUEST"}]}}}
    }


async def test_introspection_of_the_same_name_in_several_fragments_is_merged() -> None:
    graph, client = shop()
    query = """query ($a: Boolean = true) {
      ... @include(if: $a) { __schema { queryType { name } } }
      __schema { mutationType { name } }
    }"""
    result = await answer(graph, client, query, plan=QueryPlan(None))
    assert result.data == {
        "__schema": {"queryType": {"name": "Query"}, "mutationType": {"name": "Mutation"}}
    }
