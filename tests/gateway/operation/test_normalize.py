"""Normalization: less to plan, the same answer, in the same order."""

from __future__ import annotations

import json
from typing import Any

import pytest
from graphql import build_schema, graphql_sync
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.executor.facts import SupergraphFacts
from gateway.executor.projection import Projection
from gateway.operation import PreparedOperation, prepare_operation
from supergraph.model import Supergraph
from tests.gateway.operation.printing import print_selections

SCHEMA = build_schema(
    """
    type Query { node: Node pet: Pet dog: Dog any: Any self: Query text(n: Int, m: Int): String }
    interface Node { id: ID friend: Node }
    interface Pet implements Node { id: ID friend: Node name: String }
    type Dog implements Pet & Node { id: ID friend: Node name: String barks: Boolean dog: Dog }
    type Cat implements Pet & Node { id: ID friend: Node name: String lives: Int cat: Cat }
    type Rock implements Node { id: ID friend: Node weight: Int }
    union Any = Dog | Rock
    """
)


def prepare(text: str) -> PreparedOperation:
    prepared = prepare_operation(SCHEMA, text)
    assert isinstance(prepared, PreparedOperation), prepared
    return prepared


def normalized(text: str) -> str:
    return print_selections(prepare(text).selections)


def planned(text: str) -> str:
    return print_selections(prepare(text).operation.selections)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # fragments
        ("{ ...F } fragment F on Query { dog { id } }", "{ dog { id } }"),
        ("{ ... { dog { id } } }", "{ dog { id } }"),
        ("{ dog { ... on Pet { name ... on Node { id } } } }", "{ dog { name id } }"),
        ("{ pet { ... on Node { id } } }", "{ pet { id } }"),
        ("{ node { ... on Pet { id } } }", "{ node { ... on Pet { id } } }"),
        ("{ any { ... on Node { id } } }", "{ any { ... on Node { id } } }"),
        ("{ pet { ... on Dog { ... on Node { id } } } }", "{ pet { ... on Dog { id } } }"),
        ("{ pet { ... on Dog { ... on Pet { ... on Cat { lives } name } } } }",
         "{ pet { ... on Dog { name } } }"),
        ("{ any { ... on Dog { id } ... on Rock { id } } }",
         "{ any { ... on Dog { id } ... on Rock { id } } }"),
        # equal selections
        ("{ dog { id id } dog { id name } }", "{ dog { id name } }"),
        ("{ dog: dog { id } }", "{ dog { id } }"),
        ("{ a: text(n: 1, m: 2) a: text(m: 2, n: 1) }", "{ a: text(n: 1, m: 2) }"),
        ("{ a: text(n: 1) b: text(n: 1) }", "{ a: text(n: 1) b: text(n: 1) }"),
        ("{ pet { ... on Dog { id } ... on Cat { id } ... on Dog { name } } }",
         "{ pet { ... on Dog { id name } ... on Cat { id } } }"),
        ("{ pet { id ... on Dog { id barks } } }", "{ pet { id ... on Dog { barks } } }"),
        ("{ pet { id ... on Dog { id } } }", "{ pet { id } }"),
        # what stands between keeps its place
        ("{ node { ... on Dog { id } ... on Pet { name } ... on Dog { barks } } }",
         "{ node { ... on Dog { id } ... on Pet { name } ... on Dog { barks } } }"),
        ("{ pet { ... on Dog { barks } id ... on Dog { name } } }",
         "{ pet { ... on Dog { barks } id ... on Dog { name } } }"),
        ("{ pet { friend { id } ... on Dog { friend { friend { id } } } friend { __typename } } }",
         "{ pet { friend { id } ... on Dog { friend { friend { id } } } friend { __typename } } }"),
        # literal conditions
        ("{ dog { id @skip(if: true) name @include(if: true) barks @include(if: false) } }",
         "{ dog { name } }"),
        ("{ ... @include(if: false) { dog { id } } text }", "{ text }"),
    ],
)  # fmt: skip
def test_normal_form(text: str, expected: str) -> None:
    assert normalized(text) == expected


@pytest.mark.parametrize(
    ("selections", "expected"),
    [
        ("dog { id @include(if: $a) }", "dog { id @include(if: $a) }"),
        ("dog { id @include(if: $a) @skip(if: $a) name }", "dog { name }"),
        ("dog { id id @include(if: $a) }", "dog { id }"),
        ("dog { id @include(if: $a) id }", "dog { id @include(if: $a) id }"),
        ("dog { id } dog @include(if: $a) { name }",
         "dog { id ... @include(if: $a) { name } }"),
        ("... @include(if: $a) { dog { id @include(if: $a) name @skip(if: $a) } }",
         "... @include(if: $a) { dog { id } }"),
        ("dog { ... on Pet @include(if: $a) { id } }", "dog { ... @include(if: $a) { id } }"),
        ("pet { ... on Dog @skip(if: $a) { id } }", "pet { ... on Dog @skip(if: $a) { id } }"),
    ],
)  # fmt: skip
def test_conditions_on_variables_stay(selections: str, expected: str) -> None:
    text = f"query ($a: Boolean!, $b: Boolean = true) {{ {selections} x: text @skip(if: $b) y: text @skip(if: $a) }}"  # noqa: E501 - both variables have to be used
    wanted = f"{{ {expected} x: text @skip(if: $b) y: text @skip(if: $a) }}"
    assert normalized(text) == wanted


@pytest.mark.parametrize(
    ("text", "for_planner"),
    [
        ("{ __schema { queryType { name } } text }", "{ text }"),
        ("{ self { __type(name: \"Dog\") { name } } }", "{ self { __typename } }"),
        ("{ dog { id @skip(if: true) } }", "{ dog { __typename } }"),
        ("{ any { ... on Dog { id @skip(if: true) } } }", "{ any { __typename } }"),
        ("{ __typename ... { t: __typename text } }", "{ text }"),
    ],
)  # fmt: skip
def test_the_planner_sees_what_subgraphs_answer(text: str, for_planner: str) -> None:
    assert planned(text) == for_planner


def test_the_operation_says_what_it_is() -> None:
    operation = prepare("query Name($v: Boolean!) { text @skip(if: $v) }").operation
    assert (operation.name, operation.root_type, operation.kind.value) == ("Name", "Query", "query")
    assert [d.variable.name.value for d in operation.variables] == ["v"]


def test_other_directives_are_kept() -> None:
    schema = build_schema("directive @mark(n: Int) on FIELD type Query { a: Int }")
    prepared = prepare_operation(schema, "{ a @mark(n: 1) @include(if: true) }")
    assert isinstance(prepared, PreparedOperation)
    assert print_selections(prepared.selections) == "{ a @mark(n: 1) }"


# --- the same answer, in the same order -----------------------------------------------------

_FIELDS: dict[str, dict[str, str | None]] = {
    "Query": {"node": "Node", "pet": "Pet", "dog": "Dog", "any": "Any", "self": "Query"},
    "Node": {"id": None, "friend": "Node"},
    "Pet": {"id": None, "friend": "Node", "name": None},
    "Dog": {"id": None, "friend": "Node", "name": None, "barks": None, "dog": "Dog"},
    "Cat": {"id": None, "friend": "Node", "name": None, "lives": None, "cat": "Cat"},
    "Rock": {"id": None, "friend": "Node", "weight": None},
    "Any": {"__typename": None},
}
_CONDITIONS = {
    "Query": ["Query"],
    "Pet": ["Pet", "Dog", "Cat", "Node", "Any"],
    "Any": ["Dog", "Rock", "Node", "Pet", "Any"],
    "Dog": ["Dog", "Pet", "Node", "Any"],
    "Cat": ["Cat", "Pet", "Node"],
    "Rock": ["Rock", "Node", "Any"],
}
_ANY_CONDITION = ["Dog", "Cat", "Rock", "Node", "Pet", "Any"]
_DIRECTIVES = st.sampled_from(
    (
        *[""] * 4,
        " @include(if: $a)",
        " @skip(if: $a)",
        " @skip(if: $b)",
        " @include(if: true)",
        " @skip(if: true)",
        " @include(if: $b) @skip(if: $a)",
    )
)


@st.composite
def selection_sets(draw: st.DrawFn, parent: str, depth: int) -> str:
    parts = []
    for _ in range(draw(st.integers(1, 4))):
        directive = draw(_DIRECTIVES)
        name = draw(st.sampled_from([*_FIELDS[parent], "...", "..."]))
        if name == "..." and depth > 0:
            condition = draw(st.sampled_from(_CONDITIONS.get(parent, _ANY_CONDITION)))
            inner = draw(selection_sets(condition, depth - 1))
            parts.append(f"... on {condition}{directive} {inner}")
        elif name == "..." or (target := _FIELDS[parent][name]) is None:
            leaf = "__typename" if name == "..." else name
            parts.append(f"{leaf}{directive}")
        elif depth > 0:
            parts.append(f"{name}{directive} {draw(selection_sets(target, depth - 1))}")
        else:
            parts.append(f"__typename{directive}")
    return "{ " + " ".join(parts) + " }"


def world() -> dict[str, Any]:
    rock: dict[str, Any] = {"__typename": "Rock", "id": "r", "weight": 9}
    cat: dict[str, Any] = {"__typename": "Cat", "id": "c", "name": "Tom", "lives": 7}
    dog: dict[str, Any] = {"__typename": "Dog", "id": "d", "name": "Rex", "barks": True}
    dog |= {"friend": cat, "dog": dog}
    cat |= {"friend": rock, "cat": cat}
    rock["friend"] = dog
    root: dict[str, Any] = {"node": rock, "pet": cat, "dog": dog, "any": dog}
    root["self"] = root
    return root


WORLD = world()


def run(text: str, variables: dict[str, bool]) -> str:
    result = graphql_sync(
        SCHEMA,
        text,
        root_value=WORLD,
        variable_values=dict(variables),
        field_resolver=lambda parent, info: parent.get(info.field_name),
    )
    assert not result.errors, (text, result.errors)
    return json.dumps(result.data)


FACTS = SupergraphFacts(
    Supergraph(sdl="", graphs={}, types={}, root_types={}, schema=SCHEMA, api_schema=SCHEMA)
)


@settings(max_examples=30, deadline=None)
@given(selection_sets("Query", 5), st.booleans(), st.booleans())
def test_normalizing_changes_neither_values_nor_order(body: str, a: bool, b: bool) -> None:
    """The shape of the normalized operation, filled from the data, is graphql-core's answer."""
    both_are_used = " y: text @skip(if: $a) z: text @skip(if: $b) }"
    text = "query ($a: Boolean!, $b: Boolean!) " + body[:-2] + both_are_used
    variables = {"a": a, "b": b}
    prepared = prepare(text)
    projection = Projection(FACTS, [], lambda _selection: None)
    data = projection.project(WORLD, prepared.shape.for_variables(variables))
    assert not projection.errors
    assert json.dumps(data) == run(text, variables)


@settings(max_examples=30, deadline=None)
@given(selection_sets("Query", 4))
def test_what_the_planner_gets_is_a_valid_operation(body: str) -> None:
    both_are_used = " y: text @skip(if: $a) z: text @skip(if: $b) }"
    head = "query ($a: Boolean!, $b: Boolean!) "
    operation = prepare(head + body[:-2] + both_are_used).operation
    again = prepare(head + print_selections(operation.selections)).operation
    assert print_selections(again.selections) == print_selections(operation.selections)
