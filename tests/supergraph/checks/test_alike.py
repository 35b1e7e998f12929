"""A graph beside one that is much like it: found out sooner, and the same is found."""

from __future__ import annotations

import pytest
from graphql import DocumentNode

from supergraph.checks import alike, side
from supergraph.checks.alike import parse_alike
from supergraph.compose import compose
from supergraph.load import parse_supergraph
from supergraph.model import InvalidSupergraphError
from supergraph.subgraph.model import SubgraphInput
from tests.benchmarks.large_graph import large_graph
from tests.supergraph.checks.project import PRICE, Project


def composed(graph: list[SubgraphInput]) -> str:
    sdl = compose(graph).supergraph_sdl
    assert sdl is not None
    return sdl


@pytest.fixture
def parsed_texts(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The texts that had to be parsed, without the places of what is blanked out in them."""
    found: list[str] = []

    def parse(sdl: str) -> DocumentNode:
        found.append("\n".join(filter(str.strip, sdl.splitlines())))
        return parse_supergraph(sdl)

    monkeypatch.setattr(alike, "parse_supergraph", parse)
    return found


OTHER = """\
schema { query: Query }
"One."
directive @d on OBJECT
type Query { a: A b: B }
type A { x: Int }
type B { y: Int }
"""


def test_only_what_differs_is_parsed(parsed_texts: list[str]) -> None:
    text = OTHER.replace("y: Int", "y: String")
    assert parse_alike(text, OTHER, parse_supergraph(OTHER)) == parse_supergraph(text)
    assert parsed_texts == ["schema { query: Query }\ntype B { y: String }"]


@pytest.mark.parametrize(
    "text",
    [
        "schema { query: Query }\ntype B { y: Int }\ntype A { x: Int }\ntype Query { a: A b: B }",
        OTHER.replace('"One."', '"Another."'),
        OTHER.replace("type A { x: Int }\n", ""),
        OTHER + "type C { z: Int }\n",
        OTHER + "extend type A { z: Int }\n",
        OTHER + "union U =\n type | A\nscalar type",
        "type Other { x: Int }",
    ],
    ids=[
        "another order", "another description", "less", "more", "an extension", "a wrong cut",
        "nothing in common",
    ],
)  # fmt: skip
def test_it_is_what_parsing_gives(text: str) -> None:
    assert parse_alike(text, OTHER, parse_supergraph(OTHER)) == parse_supergraph(text)


def test_a_text_that_is_cut_wrongly_in_both_is_parsed_whole() -> None:
    text = "union U =\n type | A\nscalar type\ntype A { x: Int }"
    assert parse_alike(text, text, parse_supergraph(text)) == parse_supergraph(text)


def test_a_mistake_has_its_place() -> None:
    text = OTHER.replace("y: Int", "y: ")
    with pytest.raises(InvalidSupergraphError) as whole:
        parse_supergraph(text)
    with pytest.raises(InvalidSupergraphError) as differing:
        parse_alike(text, OTHER, parse_supergraph(OTHER))
    assert differing.value.message == whole.value.message


def test_composed_graphs_of_one_change_are_as_parsed() -> None:
    graph = large_graph(6, 120, 900)
    first, *rest = graph
    changed = SubgraphInput(
        first.name, first.url, first.sdl.replace("type Query {", "type Query { new: Int", 1)
    )
    before, after = composed(graph), composed([changed, *rest])
    assert before != after
    assert parse_alike(before, after, parse_supergraph(after)) == parse_supergraph(before)


@pytest.mark.parametrize("change", ["  price: Float\n", "", "  price: Nowhere\n"])
@pytest.mark.parametrize("broken_base", [False, True])
def test_a_base_composed_beside_says_the_same(
    project: Project, monkeypatch: pytest.MonkeyPatch, change: str, broken_base: bool
) -> None:
    if broken_base:
        project.replace("ratings.graphql", "stars: Int", "stars: Int price: String")
    project.commit()
    if broken_base:
        project.replace("ratings.graphql", "stars: Int price: String", "stars: Int")
    project.replace("products.graphql", PRICE, change)
    arguments = ("--base", "main", "--no-cache", "--format", "json")
    apart = project.check(*arguments)
    monkeypatch.setattr(side, "MIN_BESIDE", 0)
    monkeypatch.setattr(side, "processors", lambda: 2)
    beside = project.check(*arguments)
    assert (beside.exit_code, beside.stdout) == (apart.exit_code, apart.stdout)
