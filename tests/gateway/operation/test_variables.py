"""Variables: coerced as the specification says, with errors that say what to send."""

from __future__ import annotations

from typing import Any

import pytest
from graphql import build_schema

from gateway.operation import PreparedOperation, coerce_variables, prepare_operation

SCHEMA = build_schema(
    """
    type Query {
      find(id: ID, n: Int, price: Float, kind: Kind, filter: Filter, ids: [ID!], any: Any): String
      need(id: ID!): String
    }
    enum Kind { NEW OLD }
    input Filter { name: String, min: Int = 3, kinds: [Kind!], and: [Filter!] }
    scalar Any
    """
)


def coerce(declaration: str, variables: Any, field: str = "find") -> Any:
    name = {"ID": "id", "ID!": "id", "Int": "n", "Float": "price", "Kind": "kind"}
    name |= {"Filter": "filter", "[ID!]": "ids", "Any": "any"}
    argument = name[declaration.split(" ")[0]]
    text = f"query ($v: {declaration}) {{ {field}({argument}: $v) }}"
    prepared = prepare_operation(SCHEMA, text)
    assert isinstance(prepared, PreparedOperation), prepared
    return coerce_variables(SCHEMA, prepared.operation.variables, variables)


@pytest.mark.parametrize(
    ("declaration", "sent", "coerced"),
    [
        ("ID", {"v": 5}, {"v": "5"}),
        ("ID", {"v": None}, {"v": None}),
        ("ID", {}, {}),
        ("ID", None, {}),
        ("ID", {"v": "a", "other": 1}, {"v": "a"}),
        ("Int = 7", {}, {"v": 7}),
        ("Int = 7", {"v": None}, {"v": None}),
        ("Int", {"v": 3.0}, {"v": 3}),
        ("Float", {"v": 3}, {"v": 3.0}),
        ("Kind", {"v": "NEW"}, {"v": "NEW"}),
        ("Kind = OLD", {}, {"v": "OLD"}),
        ("[ID!]", {"v": "a"}, {"v": ["a"]}),
        ("[ID!]", {"v": [1, "b"]}, {"v": ["1", "b"]}),
        ("Filter", {"v": {"name": "x"}}, {"v": {"name": "x", "min": 3}}),
        ("Filter", {"v": {"min": None, "kinds": "OLD"}}, {"v": {"min": None, "kinds": ["OLD"]}}),
        ("Any", {"v": {"deep": [1, {"x": None}]}}, {"v": {"deep": [1, {"x": None}]}}),
    ],
)
def test_coerces(declaration: str, sent: Any, coerced: Any) -> None:
    assert coerce(declaration, sent) == coerced


@pytest.mark.parametrize(
    ("declaration", "sent"),
    [
        ("ID!", {}),
        ("ID!", {"v": None}),
        ("ID!", {"v": True}),
        ("Int", {"v": "3"}),
        ("Int", {"v": 2**31}),
        ("Int", {"v": 1.5}),
        ("Int", {"v": True}),
        ("Float", {"v": "x"}),
        ("Kind", {"v": "UNKNOWN"}),
        ("Kind", {"v": 1}),
        ("[ID!]", {"v": [None]}),
        ("Filter", {"v": {"unknown": 1}}),
        ("Filter", {"v": "x"}),
        ("Filter", {"v": {"and": [{"min": "x"}]}}),
        ("ID", ["v"]),
        ("ID", "v"),
        ("ID", 5),
    ],
)
def test_says_what_is_wrong(declaration: str, sent: Any) -> None:
    field = "need" if declaration == "ID!" else "find"
    errors = coerce(declaration, sent, field)
    assert isinstance(errors, list)
    assert errors
    for error in errors:
        assert error.extensions == {"code": "BAD_USER_INPUT"}
        assert "v" in error.message


def test_values_nested_without_end_are_an_error() -> None:
    value: dict[str, Any] = {}
    for _ in range(3_000):
        value = {"and": [value]}
    errors = coerce("Filter", {"v": value})
    assert isinstance(errors, list)
    assert errors[0].extensions == {"code": "BAD_USER_INPUT"}


def test_a_huge_bad_value_makes_no_huge_error() -> None:
    errors = coerce("Int", {"v": "x" * 1_000_000})
    assert len(errors[0].message) < 2_000
    many = coerce("Filter", {"v": {f"x{i}": 1 for i in range(10_000)}})
    assert len(many) < 50
