"""A supergraph taken apart and composed again is the same supergraph."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings

from supergraph import InvalidSupergraphError, compose, extract_subgraphs
from supergraph.load import load_supergraph
from tests.supergraph.api.random_subgraphs import composing_subgraphs
from tests.supergraph.corpus_cases import read_disagreements, read_recorded
from tests.supergraph.meaning import meaning
from tests.testkit.composition import compose_sdl, subgraph_inputs

RECORDED = read_recorded()
CASES = [
    name
    for name, recorded in RECORDED.items()
    if recorded["sdl"] is not None and name not in read_disagreements()
]


def assert_comes_back(sdl: str, *, satisfiability: bool = True) -> None:
    again = compose(extract_subgraphs(sdl), satisfiability=satisfiability)
    assert again.supergraph_sdl is not None, [str(error) for error in again.errors]
    assert meaning(again.supergraph_sdl) == meaning(sdl)


@pytest.mark.parametrize("name", CASES)
def test_supergraphs_of_the_reference_come_back(name: str) -> None:
    sdl = RECORDED[name]["sdl"]
    assert sdl is not None
    assert_comes_back(sdl, satisfiability=False)


@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
@given(composing_subgraphs())
def test_random_sets_come_back(subgraphs: dict[str, str]) -> None:
    composed = compose(subgraph_inputs(subgraphs), satisfiability=False)
    assert composed.supergraph_sdl is not None, [str(error) for error in composed.errors]
    assert_comes_back(composed.supergraph_sdl, satisfiability=False)


def test_a_subgraph_reads_as_an_author_would_write_it() -> None:
    sdl = compose_sdl(
        products="""
            type Query { top(first: Int = 5): [Product!] }
            "What is sold."
            type Product @key(fields: "upc") { upc: ID! name: String @tag(name: "public") w: Int }
        """,
        shipping="""
            type Product @key(fields: "upc") {
              upc: ID! w: Int @override(from: "products") kind: Kind
            }
            enum Kind { BIG SMALL }
        """,
    )
    products, shipping = extract_subgraphs(sdl)
    assert (products.name, products.url) == ("products", "http://products")
    assert (
        products.sdl
        == '''\
extend schema
  @link(url: "https://specs.apollo.dev/federation/v2.7", import: ["@key", "@tag"])

"""
What is sold.
"""
type Product
  @key(fields: "upc")
{
  upc: ID!
  name: String @tag(name: "public")
  w: Int
}

type Query
{
  top(first: Int = 5): [Product!]
}
'''
    )
    assert (
        shipping.sdl
        == '''\
extend schema
  @link(url: "https://specs.apollo.dev/federation/v2.7", import: ["@key", "@override"])

enum Kind
{
  BIG
  SMALL
}

"""
What is sold.
"""
type Product
  @key(fields: "upc")
{
  upc: ID!
  w: Int @override(from: "products")
  kind: Kind
}
'''
    )


def test_takes_a_loaded_supergraph_too() -> None:
    sdl = compose_sdl(a="type Query { x: Int }")
    assert extract_subgraphs(load_supergraph(sdl)) == extract_subgraphs(sdl)


def test_a_directive_of_the_subgraphs_may_have_a_name_of_federation() -> None:
    composed = compose_sdl(
        a="type Query { x: Int @shareable }", b="type Query { x: Int @shareable }"
    )
    sdl = f"{composed}\ndirective @shareable(on: Int) on FIELD\n"
    for subgraph in extract_subgraphs(sdl):
        assert "directive @shareable(on: Int) on FIELD" in subgraph.sdl
        assert "x: Int @federation__shareable" in subgraph.sdl


def test_says_what_cannot_be_taken_apart() -> None:
    with pytest.raises(InvalidSupergraphError, match="no supergraph"):
        extract_subgraphs("type Query { x: Int }")
    old = """
    schema @core(feature: "https://specs.apollo.dev/core/v0.1")
           @core(feature: "https://specs.apollo.dev/join/v0.1") { query: Query }
    directive @core(feature: String!) repeatable on SCHEMA
    directive @join__graph(name: String!, url: String!) on ENUM_VALUE
    type Query { x: Int }
    enum join__Graph { A @join__graph(name: "a", url: "http://a") }
    """
    with pytest.raises(InvalidSupergraphError, match=r"join v0\.1"):
        extract_subgraphs(old)
