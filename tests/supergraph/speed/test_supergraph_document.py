"""The composer reads its own supergraph without parsing it: what it reads is what it printed."""

from __future__ import annotations

from importlib import import_module

import pytest
from graphql import parse

from supergraph.compose import compose
from supergraph.definitions import TypeDefinition, TypeKind
from supergraph.model import InvalidSupergraphError
from supergraph.printer import print_supergraph, supergraph_document
from supergraph.subgraph.model import SubgraphInput
from supergraph.syntax import type_definition_node
from tests.benchmarks.large_graph import large_graph
from tests.supergraph.corpus_cases import read_cases

AWKWARD = '''
  extend schema @link(url: "https://specs.apollo.dev/federation/v2.9",
    import: ["@tag", "@listSize"])
  """
  The root of all: "quoted", back\\\\slash, \\""" and

    an indented line
  """
  type Query {
    "One line."
    f(
      """ spaces around """
      a: In = { list: [1, -2.5e3], text: """block "in" value""", nothing: null, e: ONE }
        @tag(name: "é")
      b: [[Int!]]! = []
    ): [[I]!]! @deprecated(reason: """
      Two
        lines
    """) @listSize(assumedSize: 3)
    u: U
  }
  interface I { x: Int }
  type A implements I { x: Int }
  type B implements I { x: Int y: Date }
  union U = A | B
  scalar Date @specifiedBy(url: "https://example.com/date")
  enum E { "First" ONE TWO @tag(name: "t") }
  input In { list: [Float] text: String nothing: Int e: E = TWO }
'''


@pytest.fixture
def documents(monkeypatch: pytest.MonkeyPatch) -> list[tuple[object, object]]:
    """Pairs of what parsing the printed SDL gives and of what was read, as plain objects."""
    pairs: list[tuple[object, object]] = []

    def noting(*arguments: object) -> object:
        made = supergraph_document(*arguments)  # type: ignore[arg-type]  # passed on as they come
        text = print_supergraph(*arguments)  # type: ignore[arg-type]  # passed on as they come
        parsed = parse(text, no_location=True)
        pairs.append((parsed.to_dict(locations=True), made.to_dict(locations=True)))
        return made

    # The package has the function under the module's name, so the module is asked for by text.
    monkeypatch.setattr(import_module("supergraph.compose"), "supergraph_document", noting)
    return pairs


def test_what_is_read_is_what_parsing_the_text_gives(
    documents: list[tuple[object, object]],
) -> None:
    cases = [*list(read_cases().values())[::8], large_graph(6, 60, 500)]
    cases.append([SubgraphInput("awkward", None, AWKWARD)])
    for case in cases:
        compose(case)
    assert len(documents) > 20
    for parsed, read in documents:
        assert parsed == read


def test_the_awkward_schema_composes() -> None:
    assert compose([SubgraphInput("awkward", None, AWKWARD)]).errors == ()


@pytest.mark.parametrize("kind", [kind for kind in TypeKind if kind is not TypeKind.SCALAR])
def test_a_type_with_nothing_in_it_is_refused(kind: TypeKind) -> None:
    with pytest.raises(InvalidSupergraphError, match='"Empty" has nothing in it'):
        type_definition_node(TypeDefinition("Empty", kind=kind))
