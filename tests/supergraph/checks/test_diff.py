"""`diff`: places, forms of input, mistakes in the texts, and how long it takes."""

from __future__ import annotations

import time

import pytest

from supergraph import Criticality, InvalidSchemaError, diff, load_supergraph
from supergraph.checks.federation import federation_changes
from supergraph.checks.regrade import simplify
from supergraph.checks.schema_text import pieces, without_common
from tests.supergraph.checks.change_cases import composed


def places(old: str, new: str) -> dict[str, list[str]]:
    return {
        item.kind: [str(place) for place in item.locations]
        for item in diff(old, new, old_file="old.graphql", new_file="new.graphql")
    }


def test_a_change_is_in_the_new_schema_and_what_is_gone_in_the_old() -> None:
    old = 'type Query {\n  a: Int\n  "b"\n  b(x: Int): Int\n}'
    new = "type T { a: Int }\ntype Query {\n  b: String @deprecated\n}"
    assert places(old, new) == {
        "FIELD_REMOVED": ["old.graphql:2:3"],
        "FIELD_ARGUMENT_REMOVED": ["old.graphql:4:5"],
        "FIELD_DESCRIPTION_REMOVED": ["new.graphql:3:3"],
        "FIELD_TYPE_CHANGED": ["new.graphql:3:3"],
        "FIELD_DEPRECATION_ADDED": ["new.graphql:3:3"],
        "DIRECTIVE_USAGE_FIELD_DEFINITION_ADDED": ["new.graphql:3:13"],
        "TYPE_ADDED": ["new.graphql:1:1"],
        "FIELD_ADDED": ["new.graphql:1:10"],
    }


def test_places_are_right_where_what_is_alike_was_left_out() -> None:
    same = 'type A {\r\n  a: Int # {\n}  """\nof B: }\n""" type B { b: Int } enum E { V }\n'
    (change,) = diff(same + "type Query { a: A }", same + "type Query { a: A b: B }")
    assert [(place.line, place.column) for place in change.locations] == [(6, 19)]
    (change,) = diff("type B { b: Int } type C { c: Int }", "type B { b: Int } type C { d: Int }")[
        :1
    ]
    assert change.path == "C.c"
    assert [(place.line, place.column) for place in change.locations] == [(1, 28)]


def test_what_is_alike_is_left_out() -> None:
    old, new = without_common(
        "type A { a: Int }\ntype B { b: Int }", "type B { b: Int }\ntype C { c: Int }"
    )
    assert old == "type A { a: Int }\n" + " " * 17
    assert new == "\ntype C { c: Int }"


@pytest.mark.parametrize(
    "sdl",
    [
        "union U =\n  | A\n  | B\ntype A { a: Int }\ntype B { b: Int }",
        "union U =\n  type\n  | A\ntype type { a: Int }\ntype A { b: Int }",
        "scalar\n  type\ntype Query { type: type }",
        "directive @d on\n  | FIELD\n  | QUERY\ntype Query { a: Int }",
        'type Query {\n  "type A {"\n  a: Int # type B {\n  type: Int\n  input: Int\n}',
        'enum E { type\n  scalar }\ntype Query { a(x: String = "}"): E }',
        "type Query { a: Int }\nextend\ntype Query { b: Int }",
    ],
)
def test_any_layout_is_the_schema_it_is(sdl: str) -> None:
    assert diff(sdl, sdl) == []
    more = diff(sdl, f"{sdl}\ntype More {{ a: Int }}")
    assert [item.kind for item in more] == ["TYPE_ADDED", "FIELD_ADDED"]


def test_a_definition_starts_at_its_description() -> None:
    sdl = '"""\ntype X {\n"""\ntype A { a: Int }\n\n"b" enum B { V }'
    assert [(item.key, item.start, item.end) for item in pieces(sdl)] == [
        ("A", 0, sdl.index('"b"')),
        ("B", sdl.index('"b"'), len(sdl)),
    ]


@pytest.mark.parametrize(
    ("sdl", "problem"),
    [
        ("", "the new schema is no GraphQL schema: Unexpected <EOF> (line 1, column 1)."),
        ("type Query {", "(line 1, column 13)."),
        ("{ a }", "the new schema is no GraphQL schema: line 1 is an operation or a fragment."),
        ("type Query { a: B }", 'line 1 refers to the type "B", which is not defined.'),
        ("type Query { a: Int }\ntype Query { a: Int }", 'line 2 defines "Query" a second time.'),
        ("type Query { a: " + "[" * 100_000 + "Int", "nested too deeply"),
        ("type Query { a: \x00 }", "no GraphQL schema"),
        ('"""' * 1001, "no GraphQL schema"),
    ],
    ids=["empty", "cut", "operation", "unknown", "twice", "deep", "control", "quotes"],
)
def test_a_text_that_is_no_schema_is_told_in_a_sentence(sdl: str, problem: str) -> None:
    with pytest.raises(InvalidSchemaError) as raised:
        diff("type Query { a: Int }", sdl)
    assert problem in raised.value.message
    assert "\n" not in raised.value.message
    with pytest.raises(InvalidSchemaError):
        diff(sdl, "type Query { a: Int }")


def test_a_supergraph_and_its_api_schema_are_the_same_to_clients() -> None:
    supergraph = composed({"a": "type Query { a: Int b: Int @inaccessible }"})
    assert diff(supergraph, "type Query { a: Int }") == []
    assert diff("type Query { a: Int }", supergraph) == []


def test_federation_changes_are_those_that_diff_adds() -> None:
    old = composed({"a": "type Query { a: Int b: Int @inaccessible }"})
    new = composed({"a": "type Query { a: Int @authenticated b: Int }"})
    added = federation_changes(load_supergraph(old), load_supergraph(new))
    assert [item.kind for item in added] == ["AUTHENTICATED_ADDED", "INACCESSIBLE_REMOVED"]
    assert [item.kind for item in diff(old, new)] == ["FIELD_ADDED", *(i.kind for i in added)]


def test_a_type_that_is_hidden_leaves_what_refers_to_it_though_that_is_written_alike() -> None:
    text = "type Query { u: U } union U = A | B type A { a: Int } type B %s { b: Int }"
    old, new = (composed({"a": text % mark}) for mark in ("@inaccessible", ""))
    assert [(item.kind, item.criticality, item.path) for item in simplify(diff(old, new))] == [
        ("TYPE_ADDED", Criticality.SAFE, "B"),
        ("UNION_MEMBER_ADDED", Criticality.DANGEROUS, "U"),
        ("INACCESSIBLE_REMOVED", Criticality.DANGEROUS, "B"),
    ]


def test_subgraphs_are_compared_for_what_their_directives_mean() -> None:
    link = '@link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key"])'
    old = f'extend schema {link} type T @key(fields: "a") {{ a: Int }}'
    new = old.replace('@key(fields: "a") {', "{")
    assert [item.kind for item in diff(old, new)] == ["KEY_REMOVED", "SHAREABLE_REMOVED"]


def big(fields: int) -> str:
    body = "\n".join(f"  f{number}(a: Int = 1): [String!]!" for number in range(20))
    types = [f"type T{number} {{\n{body}\n}}" for number in range(fields // 20)]
    return "type Query { t: T0 }\n" + "\n".join(types)


def test_twenty_thousand_fields_are_compared_well_under_a_second() -> None:
    old = big(20_000)
    new = old.replace("type T500 {", "type T500 {\n  more: Int")
    started = time.process_time()
    changes = diff(old, new)
    took = time.process_time() - started
    assert [item.path for item in changes] == ["T500.more"]
    assert took < 1, f"{took:.2f} s of processor time"
