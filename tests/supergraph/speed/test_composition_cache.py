"""Composing with a cache gives what composing without one gives, and reads less."""

from __future__ import annotations

from dataclasses import replace

import pytest

from supergraph.cache import CompositionCache
from supergraph.compose import CompositionResult, compose
from supergraph.load import load_supergraph
from supergraph.subgraph.load import ParsedSubgraph, parse_subgraph
from supergraph.subgraph.model import SubgraphInput
from tests.benchmarks.large_graph import large_graph
from tests.supergraph.corpus_cases import read_cases

CASES = dict(list(read_cases().items())[::5])
"""A fifth of the corpus: cases about one rule stand side by side, so each rule is there."""


@pytest.fixture
def parsed_names(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the subgraphs that were parsed, in the order in which that happened."""
    names: list[str] = []

    def noting(given: SubgraphInput) -> ParsedSubgraph:
        names.append(given.name)
        return parse_subgraph(given)

    monkeypatch.setattr("supergraph.cache.parse_subgraph", noting)
    return names


def test_cases_of_the_corpus_compose_the_same_the_second_time() -> None:
    cache = CompositionCache()
    for name, subgraphs in CASES.items():
        first = compose(subgraphs, cache=cache)
        assert compose(subgraphs, cache=cache) == first, name
        assert compose(list(reversed(subgraphs)), cache=cache) == first, name


def test_only_what_changed_is_parsed_again(parsed_names: list[str]) -> None:
    cache = CompositionCache()
    subgraphs = large_graph(subgraphs=5, types=40, fields=300)
    compose(subgraphs, cache=cache)
    assert sorted(parsed_names) == [item.name for item in subgraphs]
    parsed_names.clear()
    subgraphs[3] = replace(
        subgraphs[3], sdl=subgraphs[3].sdl.replace("type Query {", "type Query {\n  added: Int")
    )

    result = compose(subgraphs, cache=cache)

    assert parsed_names == [subgraphs[3].name]
    assert result == compose(subgraphs)
    assert "added: Int" in _sdl(result)


def test_a_subgraph_that_moves_or_is_renamed_is_a_changed_one() -> None:
    cache = CompositionCache()
    before = SubgraphInput("users", "http://old", "type Query { me: Int }")
    assert "http://old" in _sdl(compose([before], cache=cache))
    assert "http://new" in _sdl(compose([replace(before, url="http://new")], cache=cache))
    renamed = _sdl(compose([replace(before, name="people")], cache=cache))
    assert "PEOPLE" in renamed
    assert "USERS" not in renamed


def test_errors_are_the_same_from_the_cache() -> None:
    cache = CompositionCache()
    broken = SubgraphInput("a", None, "type Query { x: Nowhere }", file="a.graphql")
    first = compose([broken], cache=cache)
    assert first.errors
    assert compose([broken], cache=cache) == first


def test_what_is_no_longer_composed_is_forgotten() -> None:
    cache = CompositionCache()
    subgraphs = large_graph(subgraphs=6, types=40, fields=300)
    compose(subgraphs, cache=cache)
    assert len(cache) == 6
    compose(subgraphs[:2], cache=cache)
    assert len(cache) == 2
    for number in range(20):
        changed = SubgraphInput("a", None, f"type Query {{ field{number}: Int }}")
        compose([changed], cache=cache)
    assert len(cache) == 1


def test_all_are_kept_where_graphs_are_compared(parsed_names: list[str]) -> None:
    cache = CompositionCache(keep_all=True)
    old = [SubgraphInput("a", None, "type Query { a: Int }", file="old/a.graphql")]
    new = [
        SubgraphInput("a", None, "type Query { a: Int }", file="new/a.graphql"),
        SubgraphInput("b", None, "type Query { b: Int }", file="new/b.graphql"),
    ]
    compose(old, cache=cache)
    compose(new, cache=cache)
    compose(old, cache=cache)
    assert parsed_names == ["a", "b"]
    assert cache.parse(new[0]).given.file == "new/a.graphql"


def test_an_error_in_a_text_stands_in_the_file_it_was_read_from() -> None:
    cache = CompositionCache(keep_all=True)
    for file in ("old/a.graphql", "new/a.graphql"):
        broken = SubgraphInput("a", None, "type Query { x: Nowhere }", file=file)
        assert compose([broken], cache=cache) == compose([broken])


def test_the_supergraph_that_was_composed_comes_along() -> None:
    result = compose(large_graph(subgraphs=5, types=40, fields=300))
    assert result.supergraph is not None
    assert result.supergraph.sdl == result.supergraph_sdl
    assert result.supergraph.types == load_supergraph(_sdl(result)).types


def _sdl(result: CompositionResult) -> str:
    assert result.supergraph_sdl is not None, result.errors
    return result.supergraph_sdl
