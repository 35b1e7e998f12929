"""Merging fields: the verdicts and the words of graphql-core's rule, in less time."""

from __future__ import annotations

import random

import pytest
from graphql import GraphQLSchema, OverlappingFieldsCanBeMergedRule, build_schema, parse, validate

from gateway.operation import overlapping_fields
from gateway.operation.overlapping_fields import TooManyFieldsError, find_conflicts
from tests.gateway.operation.mutants import mutants, words_of
from tests.testkit.queries import RandomQueries

SCHEMA = build_schema("""
    type Query { pet: Pet pets: [Pet!] dog: Dog any: Any filter(by: By, n: Int): Dog }
    interface Pet { name: String age: Int owner: Person friend: Pet }
    type Dog implements Pet {
      name: String age: Int owner: Person friend: Pet barks(loud: Boolean, at: By): Int size: Int!
    }
    type Cat implements Pet {
      name: String age: Int owner: Person friend: Pet meows: String size: String lives: [Int]
    }
    union Any = Dog | Cat | Person
    type Person { name: String! pets: [Pet] dog: Dog age: Float }
    input By { name: String tags: [String] }
""")


def conflicts(text: str, schema: GraphQLSchema = SCHEMA) -> list[str]:
    return [error.message for error in find_conflicts(schema, parse(text))]


def theirs(text: str, schema: GraphQLSchema = SCHEMA) -> list[str]:
    document = parse(text)
    errors = validate(schema, document, [OverlappingFieldsCanBeMergedRule], max_errors=1000)
    return [error.message for error in errors]


@pytest.mark.parametrize(
    "text",
    [
        "{ dog { x: name x: age } }",
        "{ dog { barks barks(loud: true) } }",
        "{ dog { barks(loud: true) barks(loud: false) } }",
        "{ dog { barks(at: {name: $a}) barks(at: {name: $b}) } }",
        "{ pet { ... on Dog { size } ... on Cat { size } } }",
        "{ pet { ... on Dog { x: name } ... on Cat { x: lives } } }",
        "{ pet { ... on Dog { x: friend { a: name } } ... on Cat { x: friend { a: age } } } }",
        "{ dog { owner { x: name } } dog { owner { x: age } } }",
        "{ dog { ...A } dog { ...B } } fragment A on Dog { x: name } fragment B on Dog { x: age }",
        "{ a: pet { owner { x: name } } a: pet { friend { x: name } owner { x: age } } }",
        "{ pet { x: name ... on Dog { x: age } } }",
        "{ x: dog { name } x: any { __typename } }",
        "{ x: pets { name } x: pet { name } }",
        "fragment Unused on Dog { x: name x: age } { dog { name } }",
    ],
)
def test_one_conflict_is_said_in_the_same_words(text: str) -> None:
    assert conflicts(text) == theirs(text) != []


@pytest.mark.parametrize(
    "text",
    [
        "{ dog { name name } dog { name } }",
        "{ dog { barks(at: {name: $a, tags: []}, loud: true) "
        "barks(loud: true, at: {tags: [], name: $a}) } }",
        "{ pet { ... on Dog { x: name } ... on Cat { x: meows } } }",
        "{ pet { ... on Dog { x: barks(loud: true) } ... on Cat { x: age } } }",
        "{ pet { ... on Dog { x: owner { name } } ... on Cat { x: owner { dog { age } } } } }",
        "{ pet { ...F } } fragment F on Pet { friend { ...F } }",
        "{ pet { ... on Dog { x: __typename } ... on Cat { x: lives } } }",
        "{ unknown { a: b a: c } dog { x: nothing x: name } }",
    ],
)
def test_what_can_be_merged_is_no_conflict(text: str) -> None:
    assert bool(conflicts(text)) == bool(theirs(text))


def test_fields_of_a_conflict_are_named_from_the_outermost() -> None:
    (error,) = find_conflicts(
        SCHEMA, parse("{ dog { owner { x: name } } dog { owner { x: age } } }")
    )
    assert [(node.loc.start if node.loc else -1) for node in error.nodes or ()] == [
        2, 8, 16, 28, 34, 42,
    ]  # fmt: skip


def test_verdicts_on_random_documents_are_those_of_the_rule() -> None:
    chance = random.Random(4)
    words = [*words_of(SCHEMA), "x", "x", "x", "name", "age"]
    seen = {True: 0, False: 0}
    for seed in range(60):
        text = RandomQueries(SCHEMA, random.Random(seed)).query()
        for mutant in (text, *mutants(text, chance, 6, words)):
            has_conflict = bool(theirs(mutant))
            assert bool(conflicts(mutant)) == has_conflict, mutant
            seen[has_conflict] += 1
    assert min(seen.values()) > 20


def _nested(depth: int) -> str:
    """Fragments that each spread the next one in two fields, with something to compare."""
    parts = [
        f"fragment F{n} on Pet {{ friend {{ ...F{n + 1} name }} x: friend {{ ...F{n + 1} age }} }}"
        for n in range(depth)
    ]
    return " ".join(("{ pet { ...F0 } }", *parts, f"fragment F{depth} on Pet {{ age }}"))


@pytest.mark.parametrize(
    "text",
    [
        "{ dog { " + "name " * 10_000 + "} }",
        "{ " + "dog { owner { name } } " * 2_000 + "}",
        "{ pet { " + " ".join(f"...F{n}" for n in range(700)) + " } } "
        + " ".join(f"fragment F{n} on Pet {{ friend {{ age name }} }}" for n in range(700)),
        _nested(40),
        "{ pet { " + "... on Dog { friend { age } } ... on Cat { friend { age } } " * 1_000 + "} }",
    ],
    ids=["one field", "one path", "many fragments", "fragments that double", "two types"],
)  # fmt: skip
def test_no_more_fields_are_looked_at_than_the_document_is_long(
    text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(overlapping_fields, "MAX_COMPARED_FIELDS", len(text))
    assert not list(find_conflicts(SCHEMA, parse(text)))


def test_a_document_that_meets_itself_in_too_many_ways_is_given_up() -> None:
    # Of n fragments each field below picks another half: the sets that meet are ever new.
    count = 14
    fragments = []
    for n in range(count):
        below = " ".join(
            f"a{bit}: friend {{ ...F{(n + bit * 5 + 3) % count} ...F{(n * 3 + bit) % count} }}"
            for bit in range(6)
        )
        fragments.append(f"fragment F{n} on Pet {{ {below} }}")
    with pytest.raises(TooManyFieldsError):
        list(find_conflicts(SCHEMA, parse(f"{{ pet {{ ...F0 ...F1 }} }} {' '.join(fragments)}")))
