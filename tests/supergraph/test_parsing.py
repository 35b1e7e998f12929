"""Parsing as graphql-core does, only sooner: the same tokens, documents and errors."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

import graphql
import pytest
from graphql import DocumentNode, GraphQLError, Token

from supergraph.parsing import parse
from tests.benchmarks.large_graph import large_graph
from tests.supergraph.corpus_cases import read_cases

PIECES = (
    "{", "}", "(", ")", "[", "]", ":", "=", "!", "|", "&", "@d", "$x", ".", "...", " ", ",", "a",
    "type A", "query", "fragment F on", "true", "1", "-2.5", "0x", "01", '"', '""', '"""', '"a b"',
    "'", "#", "#c", "\n", "\r", "\r\n", "\\n", "\t", "\ufeff", "é", "\x00", "\ud800",
)  # fmt: skip


def _tokens(document: DocumentNode) -> list[tuple[object, ...]]:
    assert document.loc is not None
    found: list[tuple[object, ...]] = []
    token: Token | None = document.loc.start_token
    while token is not None:
        before = token.prev.start if token.prev is not None else None
        found.append((token.kind, token.start, token.end, token.line, token.column, token.value))
        found.append((before,))
        token = token.next
    return found


def _said(read: Callable[..., DocumentNode], text: str, max_tokens: int | None) -> object:
    try:
        document = read(text, max_tokens=max_tokens)
    except GraphQLError as error:
        return error.message, error.locations, error.positions
    return document, _tokens(document)


def _assert_same(text: str, max_tokens: int | None = None) -> None:
    assert _said(parse, text, max_tokens) == _said(graphql.parse, text, max_tokens), repr(text)


def test_the_corpus_is_read_as_graphql_core_reads_it() -> None:
    for subgraphs in read_cases().values():
        for given in subgraphs:
            _assert_same(given.sdl)


@pytest.mark.parametrize("seed", range(4))
def test_so_is_whatever_else_one_may_write(seed: int) -> None:
    chance = Random(seed)
    for _ in range(2_000):
        text = "".join(chance.choice(PIECES) for _ in range(chance.randint(1, 12)))
        _assert_same(text if chance.random() < 0.5 else f"{{{text}}}")


def test_mistakes_show_where_they_are_in_a_long_text() -> None:
    chance = Random(3)
    sdl = large_graph(subgraphs=1, types=20, fields=200)[0].sdl
    for _ in range(40):
        at = chance.randrange(len(sdl))
        _assert_same(sdl[:at] + chance.choice(PIECES) + sdl[at + chance.randint(0, 3) :])


@pytest.mark.parametrize("limit", [1, 2, 5, 6, 7, 300])
def test_limits_count_the_same(limit: int) -> None:
    _assert_same("{ a #x\n#y\n b c }" * 3, limit)
    _assert_same("{" + " a" * 400 + "}", limit)


def test_what_is_nested_too_deeply_is_an_error_in_the_same_words() -> None:
    text = "{ a " * 100_000
    with pytest.raises(GraphQLError, match="nested too deeply"):
        parse(text)


def test_places_can_be_left_out() -> None:
    assert parse("{ a }", no_location=True).loc is None
