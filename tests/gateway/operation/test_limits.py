"""Hostile and broken documents: a clear error with a code, soon."""

from __future__ import annotations

import sys
from collections.abc import Callable

import pytest
from graphql import build_schema

from gateway.operation import OperationLimits, prepare_operation

SCHEMA = build_schema(
    """
    type Query { me: User user(id: ID!, filter: Filter): User users: [User!]! name: String }
    type User { id: ID! name: String friends: [User!]! best: User }
    input Filter { any: [Filter!] name: String }
    """
)


def codes(text: str, name: str | None = None, **limits: int | bool) -> list[str]:
    """Prepare; the codes of the errors, or an empty list."""
    result = prepare_operation(SCHEMA, text, name, OperationLimits(**limits))  # type: ignore[arg-type]  # ints and bools by name
    if not isinstance(result, list):
        return []
    for error in result:
        assert error.message
        assert len(error.message) < 1000
    return [(error.extensions or {})["code"] for error in result]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "GRAPHQL_PARSE_FAILED"),
        (" \n,", "GRAPHQL_PARSE_FAILED"),
        ("{ me { name }", "GRAPHQL_PARSE_FAILED"),
        ('{ me(x: "', "GRAPHQL_PARSE_FAILED"),
        ("{ me { name } } \x00", "GRAPHQL_PARSE_FAILED"),
        ("\ud800", "GRAPHQL_PARSE_FAILED"),
        ("{" * 5_000, "GRAPHQL_PARSE_FAILED"),
        ("{ user(id: " + "[" * 5_000, "GRAPHQL_PARSE_FAILED"),
        ("type Query { me: Int }", "GRAPHQL_VALIDATION_FAILED"),
        ("fragment F on Query { name }", "OPERATION_RESOLUTION_FAILURE"),
        ("query A { name } query B { name }", "OPERATION_RESOLUTION_FAILURE"),
        ("{ nothing }", "GRAPHQL_VALIDATION_FAILED"),
        ("{ me }", "GRAPHQL_VALIDATION_FAILED"),
        ("{ me { } }", "GRAPHQL_VALIDATION_FAILED"),
        ("{ user { name } }", "GRAPHQL_VALIDATION_FAILED"),
        ("{ name: me { name } name }", "GRAPHQL_VALIDATION_FAILED"),
        ("{ __typename: name }", "GRAPHQL_VALIDATION_FAILED"),
        ("query ($v: Int) { name }", "GRAPHQL_VALIDATION_FAILED"),
        (
            "{ ...F } fragment F on Query { ...G } fragment G on Query { ...F }",
            "GRAPHQL_VALIDATION_FAILED",
        ),
        ("{ ...F } fragment F on Query { name ...F }", "GRAPHQL_VALIDATION_FAILED"),
        ("{ ...Unknown }", "GRAPHQL_VALIDATION_FAILED"),
        ("{ me { name @defer } }", "GRAPHQL_VALIDATION_FAILED"),
        ("mutation { rename }", "GRAPHQL_VALIDATION_FAILED"),
        ("subscription { changes }", "SUBSCRIPTIONS_NOT_SUPPORTED"),
    ],
)
def test_what_is_no_operation(text: str, code: str) -> None:
    assert code in codes(text)


def test_chooses_the_operation_by_name() -> None:
    text = "query A { name } query B { me { id } }"
    assert codes(text, "B") == []
    assert codes(text, "C") == ["OPERATION_RESOLUTION_FAILURE"]
    assert codes("{ name }", "") == []


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("{ name #" + "x" * 600_000 + "\n}", "MAX_SIZE_LIMIT"),
        ("{" + " name" * 20_000 + "}", "MAX_TOKENS_LIMIT"),
        ("{ me { " + " ".join(f"a{i}: name" for i in range(3_000)) + "} }", "MAX_ALIASES_LIMIT"),
        ("{" + " ".join(f"a{i}: name" for i in range(10_000)) + "}", "MAX_TOKENS_LIMIT"),
        ("{" + " name" * 300 + "}", "MAX_ROOT_FIELDS_LIMIT"),
        ("{ me " + "{ best " * 60 + "{ id }" + "}" * 61, "MAX_DEPTH_LIMIT"),
        ("{" + "... {" * 160 + " name " + "}" * 161, "MAX_DEPTH_LIMIT"),
    ],
)
def test_documents_beyond_a_limit(text: str, code: str) -> None:
    assert code in codes(text)


@pytest.mark.parametrize("spreads", ["...F{n}", "best { ...F{n} }"])
def test_exponential_fragments_cost_nothing(spreads: str) -> None:
    parts = ["{ me { ...F0 } }"]
    for n in range(30):
        inner = spreads.replace("{n}", str(n + 1))
        parts.append(
            f"fragment F{n} on User {{ a: friends {{ {inner} }} b: friends {{ {inner} }} }}"
        )
    parts.append("fragment F30 on User { id }")
    assert "MAX_SELECTIONS_LIMIT" in codes(" ".join(parts))


def test_a_long_chain_of_fragments_is_no_recursion_error() -> None:
    parts = ["{ ...F0 }", *(f"fragment F{n} on Query {{ ...F{n + 1} }}" for n in range(1_500))]
    parts.append("fragment F1500 on Query { name }")
    assert codes(" ".join(parts)) == ["MAX_DEPTH_LIMIT"]


def test_fragments_count_where_they_are_spread() -> None:
    text = "{ me { best { ...F } } } fragment F on User { best { best { id } } }"
    assert codes(text, max_depth=5) == []
    assert codes(text, max_depth=4) == ["MAX_DEPTH_LIMIT"]
    aliases = "{ me { ...F best { ...F } } } fragment F on User { x: id }"
    assert codes(aliases, max_aliases=2) == []
    assert codes(aliases, max_aliases=1) == ["MAX_ALIASES_LIMIT"]
    roots = "{ ...F ...F } fragment F on Query { name me { id } }"
    assert codes(roots, max_root_fields=4) == []
    assert codes(roots, max_root_fields=3) == ["MAX_ROOT_FIELDS_LIMIT"]


@pytest.mark.parametrize(
    "written",
    [
        lambda n: " friends { id }" * n + "} }",
        lambda n: " ".join(f"friends {{ x{i}: name }}" for i in range(n)) + "} }",
        lambda n: " ... on User { friends { best { id } } }" * n + "} }",
        lambda n: " ...F" * n + "} } fragment F on User { friends { id } }",
    ],
)
def test_repetitions_cost_no_more_each_where_there_are_many(written: Callable[[int], str]) -> None:
    few, many = (functions_called("{ me {" + written(n)) for n in (200, 800))
    assert many < 5 * few


def functions_called(text: str) -> int:
    """How many functions preparing a valid document calls, Python's and others."""
    count = 0

    def note(_frame: object, event: str, _argument: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        assert codes(text) == []
    finally:
        sys.setprofile(before)
    return count


def test_says_what_to_do_where_checking_takes_too_long() -> None:
    # The operation that runs is small; the other one meets itself in ever new ways.
    text = "query A { name } query B { me { ...F0 ...F1 } }" + "".join(
        f" fragment F{n} on User {{"
        + "".join(
            f" a{bit}: best {{ ...F{(n + bit * 5 + 3) % 14} ...F{(n * 3 + bit) % 14} }}"
            for bit in range(6)
        )
        + " }"
        for n in range(14)
    )
    result = prepare_operation(SCHEMA, text, "A")
    assert isinstance(result, list)
    assert any("Select each field once" in error.message for error in result)


def test_introspection_is_deeper_than_the_limit_allows_for_data() -> None:
    from graphql import get_introspection_query

    assert codes(get_introspection_query(), max_depth=3) == []


def test_recursive_introspection_is_refused() -> None:
    nested = "fields { type { " * 10 + "name" + " } }" * 10
    assert "GRAPHQL_VALIDATION_FAILED" in codes(f'{{ __type(name: "User") {{ {nested} }} }}')


def test_introspection_can_be_switched_off() -> None:
    text = '{ __typename __schema { queryType { name } } t: __type(name: "X") { name } }'
    assert codes(text, introspection=False) == ["INTROSPECTION_DISABLED"] * 2
    assert codes("{ __typename }", introspection=False) == []


def test_suggestions_can_be_switched_off() -> None:
    with_names = prepare_operation(SCHEMA, "{ mee { id } }")
    without = prepare_operation(SCHEMA, "{ mee { id } }", None, OperationLimits(suggestions=False))
    assert isinstance(with_names, list)
    assert isinstance(without, list)
    assert "Did you mean" in with_names[0].message
    assert "Did you mean" not in without[0].message


def test_the_number_of_errors_is_bounded() -> None:
    text = "{" + " ".join(f"x{i}" for i in range(150)) + "}"
    assert 5 <= len(codes(text, max_validation_errors=5)) <= 6
