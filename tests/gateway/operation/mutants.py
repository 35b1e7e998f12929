"""Documents that are a little wrong: valid ones, with tokens exchanged, dropped or repeated."""

from __future__ import annotations

import random
from collections.abc import Iterator

from graphql import DocumentNode, GraphQLError, GraphQLSchema, TokenKind, parse
from graphql.language import Lexer, Source

_FREE = (TokenKind.NAME, TokenKind.INT, TokenKind.STRING, TokenKind.FLOAT, TokenKind.BLOCK_STRING)


def tokens_of(text: str) -> list[tuple[TokenKind, str]]:
    """The document's tokens, each with its kind and as it is written."""
    lexer = Lexer(Source(text))
    found: list[tuple[TokenKind, str]] = []
    while lexer.advance().kind is not TokenKind.EOF:
        token = lexer.token
        found.append((token.kind, text[token.start : token.end]))
    return found


def mutants(text: str, chance: random.Random, count: int, words: list[str]) -> Iterator[str]:
    """Up to `count` variants of a document that can be parsed; `words` are names to use."""
    original = tokens_of(text)
    for _ in range(count):
        tokens = list(original)
        for _ in range(chance.choice((1, 1, 1, 2, 3))):
            _mutate(tokens, chance, words)
        mutant = " ".join(written for _, written in tokens)
        if _parses(mutant):
            yield mutant


def _mutate(tokens: list[tuple[TokenKind, str]], chance: random.Random, words: list[str]) -> None:
    at = chance.randrange(len(tokens))
    free = [index for index, (kind, _) in enumerate(tokens) if kind in _FREE]
    match chance.randrange(6):
        case 0 | 1 if free:
            tokens[chance.choice(free)] = (TokenKind.NAME, chance.choice(words))
        case 2 if free:
            one, other = chance.choice(free), chance.choice(free)
            tokens[one] = tokens[other]
        case 3 if len(tokens) > 10:
            del tokens[at : at + chance.randint(1, 4)]
        case 4 if free:
            # An alias, mostly a name that is there already.
            name = tokens[chance.choice(free)][1]
            at = chance.choice(free)
            tokens[at:at] = [(TokenKind.NAME, name), (TokenKind.COLON, ":")]
        case _:
            length = chance.randint(1, 12)
            to = chance.randrange(len(tokens))
            tokens[to:to] = tokens[at : at + length]


def _parses(text: str) -> bool:
    try:
        parse(text)
    except GraphQLError:
        return False
    return True


def words_of(schema: GraphQLSchema) -> list[str]:
    """Names of types, fields, arguments and values of the schema."""
    found: set[str] = {"true", "null", "a", "skip", "if", "__typename"}
    for name, definition in schema.type_map.items():
        if name.startswith("__"):
            continue
        found.add(name)
        found |= getattr(definition, "fields", {}).keys() | getattr(definition, "values", {}).keys()
        for field in getattr(definition, "fields", {}).values():
            found |= getattr(field, "args", {}).keys()
    return sorted(found)


def parsed(text: str) -> DocumentNode:
    """The document."""
    return parse(text, no_location=True)
