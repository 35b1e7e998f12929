"""Whatever a subgraph's SDL is, composing ends in a result or in errors: values, never raised."""

from __future__ import annotations

import random

import pytest

from supergraph import CompositionResult, SubgraphInput, compose
from tests.supergraph.corpus_cases import read_cases

CLASHING_NAMES = (
    *("Query", "Int", "ID", "Boolean", "String", "__Schema", "__Type"),
    *("_Any", "_Entity", "_Service", "FieldSet", "federation__FieldSet", "federation__Scope"),
    *("link", "link__Import", "link__Purpose", "core__Purpose", "join__Graph", "join__FieldSet"),
    "key",
)
DEFINITIONS = (
    "scalar {name}",
    "type {name} {{ a: Int }}",
    "interface {name} {{ a: Int }}",
    "union {name} = T",
    "enum {name} {{ A }}",
    "input {name} {{ a: Int }}",
    "directive @{name} on FIELD_DEFINITION",
)
CUT_CASES = 60
LINK = (
    'extend schema @link(url: "https://specs.apollo.dev/federation/v2.7", import: ["@key"])\n'
    'type T @key(fields: "id") {{ id: ID! }}\n'
)


def _composed(*sdls: str) -> CompositionResult:
    inputs = [SubgraphInput(f"s{n}", f"http://s{n}", sdl) for n, sdl in enumerate(sdls)]
    result = compose(inputs)
    assert (result.supergraph_sdl is None) == bool(result.errors)
    return result


@pytest.mark.parametrize("name", CLASHING_NAMES)
def test_names_that_clash_with_the_specifications(name: str) -> None:
    for definition in DEFINITIONS:
        clash = definition.format(name=name)
        _composed(
            f"{LINK.format()}{clash}\nextend type Query {{ q: T }}", "type Query { other: Int }"
        )
        _composed(f"{clash}\nextend type Query {{ q: Int }}")


def test_texts_cut_anywhere_and_with_characters_exchanged() -> None:
    chance = random.Random(20261121)
    for case in chance.sample(list(read_cases().values()), CUT_CASES):
        sdls = [subgraph.sdl for subgraph in case]
        victim = chance.randrange(len(sdls))
        text = sdls[victim]
        place = chance.randrange(len(text) + 1)
        for broken in (
            text[:place],
            text[place:],
            text[:place] + chance.choice('{}[]()"#@!:&|\\\x00\ud800\u202e') + text[place + 1 :],
        ):
            _composed(*(broken if n == victim else sdl for n, sdl in enumerate(sdls)))


@pytest.mark.parametrize(
    "text",
    [
        "type Query { a: Int } # " + "x" * 10_000_000,
        '"' + "d" * 10_000_000 + '" type Query { a: Int }',
        "type Query { " + " ".join(f"f{n}: Int" for n in range(1_000_000)) + " }",
        "{" * 10_000_000,
    ],
    ids=["comment", "description", "fields", "braces"],
)
def test_ten_megabytes_end_soon(text: str) -> None:
    _composed(text)
