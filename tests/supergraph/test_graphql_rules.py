"""GraphQL's own rules for SDL, asked by a walk of our own: they say the same."""

from __future__ import annotations

from graphql import GraphQLError
from graphql.validation.validate import validate_sdl

from supergraph.parsing import parse
from supergraph.subgraph.sdl_rules import sdl_errors
from tests.supergraph.corpus_cases import read_cases

BROKEN = """
  schema { query: Query query: Query }
  schema { mutation: Nowhere }
  directive @d(a: Int!, a: Int) on FIELD_DEFINITION
  directive @d on OBJECT
  type Query @d @unknown(x: {a: 1, a: 2}) { f(a: Gone, a: Int): Gone @d(b: 1) @d f: Int }
  type Query { g: Int }
  enum E { A A }
  input I { a: Int a: Gone = {b: 1, b: 2} }
  extend type Nothing { a: Int }
  extend input Query { a: Int }
"""


def test_the_library_says_the_same_of_the_corpus() -> None:
    texts = [given.sdl for subgraphs in read_cases().values() for given in subgraphs]
    for text in [BROKEN, *texts]:
        try:
            document = parse(text)
        except GraphQLError:
            continue
        assert sdl_errors(document) == validate_sdl(document), text


def test_there_is_something_to_say() -> None:
    assert len(sdl_errors(parse(BROKEN))) > 12
