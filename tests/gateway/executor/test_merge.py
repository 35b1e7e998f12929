"""How answers about the same object come together."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.executor.facts import SupergraphFacts
from gateway.executor.merge import copy_json, merge_object
from gateway.executor.paths import common_path
from tests.gateway.executor.shop import SUPERGRAPH

FACTS = SupergraphFacts(SUPERGRAPH)


@pytest.mark.parametrize(
    ("target", "source", "merged"),
    [
        ({}, {"a": 1}, {"a": 1}),
        ({"a": {"b": 1}}, {"a": {"c": 2}}, {"a": {"b": 1, "c": 2}}),
        ({"a": [{"b": 1}, None]}, {"a": [{"c": 2}, {"c": 3}]}, {"a": [{"b": 1, "c": 2}, {"c": 3}]}),
        ({"a": {"b": 1}}, {"a": None}, {"a": {"b": 1}}),
        ({"a": None}, {"a": {"b": 1}}, {"a": {"b": 1}}),
        ({"a": 1}, {"a": None}, {"a": 1}),
        ({"a": [1, 2]}, {"a": [1]}, {"a": [1, 2]}),
        ({"a": {"b": 1}}, {"a": 5}, {"a": {"b": 1}}),
        ({"a": [[{"b": 1}]]}, {"a": [[{"c": 2}]]}, {"a": [[{"b": 1, "c": 2}]]}),
        ({"__typename": "Product"}, {"__typename": "Node"}, {"__typename": "Product"}),
        ({"__typename": "Node"}, {"__typename": "Product"}, {"__typename": "Product"}),
        ({"__typename": "Product"}, {"__typename": "Bundle"}, {"__typename": "Product"}),
    ],
)
def test_merging(target: Any, source: Any, merged: Any) -> None:
    merge_object(FACTS, target, source)
    assert target == merged
    merge_object(FACTS, target, copy_json(source))
    assert target == merged, "merging again changes nothing"


def test_a_copy_shares_no_object_and_no_list() -> None:
    original: Any = {"a": [{"b": []}]}
    copy = copy_json(original)
    copy["a"][0]["b"].append(1)
    assert original == {"a": [{"b": []}]}


@pytest.mark.parametrize(
    ("paths", "common"),
    [
        ([], ()),
        ([("a", 0, "b")], ("a", 0, "b")),
        ([("a", 0, "b"), ("a", 1, "b")], ("a",)),
        ([("a", 10, "b"), ("a", 9, "b"), ("a", 1)], ("a",)),
        ([("a",), ("b",)], ()),
        ([("a",), ("a", 0)], ("a",)),
        ([("a", "b"), ("a", 3)], ("a",)),
    ],
)
def test_the_path_that_several_places_share(paths: Any, common: Any) -> None:
    assert common_path(paths) == common
