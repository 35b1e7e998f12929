"""What goes into representations, and for which objects none is sent."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from gateway.executor.facts import SupergraphFacts
from gateway.executor.representations import build_representation
from gateway.plan.nodes import (
    FetchNode,
    FieldSegment,
    FlattenNode,
    RenameKeyRewrite,
    RequiredField,
    RequiredFragment,
    RequiredSelection,
    SetValueRewrite,
)
from gateway.transport.base import SubgraphResponse
from tests.gateway.executor.shop import SUPERGRAPH, entities, fetch, plan, shop
from tests.testkit.subgraphs import answer

FACTS = SupergraphFacts(SUPERGRAPH)


def product_fetch(*required: RequiredSelection, **changes: Any) -> FetchNode:
    base = entities("reviews", "Product", "upc", "rating", "products.@").node
    selections = (RequiredField("__typename"), *required)
    return FetchNode(
        base.subgraph,
        base.kind,
        base.operation,
        requires=(RequiredFragment("Product", selections),),
        **changes,
    )


def build(target: dict[str, Any], *required: RequiredSelection, **changes: Any) -> Any:
    return build_representation(FACTS, product_fetch(*required, **changes), target)


UPC = RequiredField("upc")
PRODUCT = {"__typename": "Product", "upc": "p1", "name": "Pen"}


def test_holds_what_is_required_and_nothing_else() -> None:
    assert build(PRODUCT, UPC) == {"__typename": "Product", "upc": "p1"}


@pytest.mark.parametrize(
    "target",
    [
        {"__typename": "Product", "upc": None},
        {"__typename": "Product"},
        {"upc": "p1"},
        {"__typename": None, "upc": "p1"},
        {"__typename": "User", "upc": "p1"},
        {"__typename": 5, "upc": "p1"},
        {},
    ],
)
def test_none_without_type_or_key(target: dict[str, Any]) -> None:
    assert build(target, UPC) is None


def test_none_where_a_required_input_is_missing() -> None:
    assert build(PRODUCT, UPC, RequiredField("price")) is None


def test_null_is_a_value_for_a_required_input() -> None:
    target = {**PRODUCT, "price": None}
    assert build(target, UPC, RequiredField("price")) == {
        "__typename": "Product",
        "upc": "p1",
        "price": None,
    }


def test_nested_inputs_are_cut_to_what_is_required() -> None:
    target = {**PRODUCT, "parts": [{"id": 1, "x": 2}, None, [{"id": 3}]]}
    required = RequiredField("parts", (RequiredField("id"),))
    built = build(target, UPC, required)
    assert built["parts"] == [{"id": 1}, None, [{"id": 3}]]
    assert build({**PRODUCT, "parts": [{"x": 2}]}, UPC, required) is None
    assert build({**PRODUCT, "parts": "none"}, UPC, required) is None


def test_fragments_inside_inputs_apply_by_type() -> None:
    node = RequiredField(
        "thing",
        (
            RequiredField("__typename"),
            RequiredFragment("Node", (RequiredField("id"),)),
            RequiredFragment("Bundle", (RequiredField("size"),)),
        ),
    )
    bundle = {"__typename": "Bundle", "id": "b", "size": 2}
    product = {"__typename": "Product", "id": "n"}
    assert build({**PRODUCT, "thing": bundle}, UPC, node)["thing"] == bundle
    assert build({**PRODUCT, "thing": product}, UPC, node)["thing"] == product
    assert build({**PRODUCT, "thing": {"id": "n"}}, UPC, node) is None


def test_input_rewrites_set_and_rename() -> None:
    rewrites = (
        RenameKeyRewrite((FieldSegment("_0_price"),), "price"),
        SetValueRewrite((FieldSegment("__typename"),), "Goods"),
    )
    target = {**PRODUCT, "_0_price": 3}
    built = build(target, UPC, RequiredField("_0_price"), input_rewrites=rewrites)
    assert built == {"__typename": "Goods", "upc": "p1", "price": 3}
    assert target["_0_price"] == 3, "the response is only read"


def test_rewrites_inside_inputs_do_not_reach_the_response() -> None:
    rewrite = RenameKeyRewrite((FieldSegment("parts"), FieldSegment("a")), "b")
    target = {**PRODUCT, "parts": [{"a": 1}]}
    required = RequiredField("parts", (RequiredField("a"),))
    built = build(target, UPC, required, input_rewrites=(rewrite,))
    assert built["parts"] == [{"b": 1}]
    assert target["parts"] == [{"a": 1}]


async def test_a_bad_object_does_not_keep_the_others_from_their_answer() -> None:
    graph, client = shop()
    client.failures["users"] = SubgraphResponse(
        {"users": [{"__typename": "User", "id": None}, {"__typename": "User", "id": "u2"}]}
    )
    node = plan(
        fetch("users", "{ users { __typename id } }"),
        entities("reviews", "User", "id", "reviews { stars }", "users.@"),
    )
    result = await answer(graph, client, "{ users { reviews { stars } } }", plan=node)
    assert client.representations("reviews") == [[{"__typename": "User", "id": "u2"}]]
    assert result.to_json() == {"data": {"users": [{"reviews": None}, {"reviews": [{"stars": 2}]}]}}


async def test_no_call_where_there_is_nothing_to_ask() -> None:
    graph, client = shop()
    client.failures["users"] = SubgraphResponse({"me": None})
    node = plan(
        fetch("users", "{ me { __typename id } }"),
        entities("reviews", "User", "id", "reviews { stars }", "me"),
    )
    result = await answer(graph, client, "{ me { reviews { stars } } }", plan=node)
    assert result.to_json() == {"data": {"me": None}}
    assert client.sent_to("reviews") == []


async def test_none_where_an_input_deep_inside_failed() -> None:
    """The reviews of one product failed in part; what is computed from them is left out."""
    graph, client = shop()
    client.failures["products"] = SubgraphResponse(
        {
            "products": [
                {"__typename": "Product", "upc": "p1", "parts": [{"weight": 1}, {"weight": None}]},
                {"__typename": "Product", "upc": "p2", "parts": [{"weight": None}]},
            ]
        },
        [{"message": "no scales", "path": ["products", 0, "parts", 1, "weight"]}],
    )
    base = entities("reviews", "Product", "upc", "reviews { stars }", "products.@")
    node = product_fetch(UPC, RequiredField("parts", (RequiredField("weight"),)))
    flatten = FlattenNode(base.paths, replace(base.node, requires=node.requires))
    start = fetch("products", "{ products { __typename upc } }")
    await answer(graph, client, "{ products { reviews { stars } } }", plan=plan(start, flatten))
    assert client.representations("reviews") == [
        [{"__typename": "Product", "upc": "p2", "parts": [{"weight": None}]}]
    ]
