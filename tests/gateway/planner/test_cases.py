"""A case of the planner fails where plan, answer or data are not what they have to be."""

from __future__ import annotations

import re
from typing import Any

import pytest

from gateway.planner.best import BestSearch
from tests.testkit.cases import assert_case

THINGS = {
    "a": 'type Query { thing: Thing! } type Thing @key(fields: "id") { id: ID! }',
    "b": 'type Thing @key(fields: "id") { id: ID! size: Int }',
}


def test_another_text_fails() -> None:
    """Though the answer is right."""
    with pytest.raises(AssertionError, match=re.escape('Fetch(service: "a")')):
        assert_case(THINGS, "{ thing { size } }", "QueryPlan {\n}")


def test_a_wrong_answer_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    """A planner that takes labels for given asks a subgraph for what has not moved there."""
    moving = {
        "a": 'type Query { thing: Thing! } type Thing @key(fields: "id") { id: ID! size: Int }',
        "b": """
            type Thing @key(fields: "id") { id: ID! size: Int @override(from: "a", label: "moved") }
        """,
    }

    def search(graph: Any, pool: Any, _: object, contexts: Any) -> BestSearch:
        return BestSearch(graph, pool, frozenset({"moved"}), contexts)

    monkeypatch.setattr("gateway.planner.planner.BestSearch", search)
    with pytest.raises(AssertionError, match="has not moved to b yet"):
        assert_case(moving, "{ thing { size } }", "")


def test_a_call_that_is_never_made_fails() -> None:
    """Here the only value of the variable leaves it out; elsewhere it may be an empty list."""
    query = "query ($wanted: Boolean!) { thing { id size @include(if: $wanted) } }"
    with pytest.raises(AssertionError, match="never called"):
        assert_case(THINGS, query, "", {"wanted": False})
