"""`parse` as graphql-core's, sooner: names and punctuation are read by one regular expression.

graphql-core's lexer looks at every character by itself, which is half of the time that parsing
takes, and a check of a large graph parses some million tokens. Here its parser is given a lexer
that reads plain tokens ahead. Whatever is not plain (comments, numbers, block strings, mistakes)
graphql-core reads itself, so tokens, documents and errors are the same.
"""

from __future__ import annotations

import re

import graphql
from graphql import DocumentNode, GraphQLSyntaxError, Lexer, Source, Token, TokenKind
from graphql.language.parser import Parser

_PLAIN = re.compile(
    r"[ \t,\ufeff]*(?:(\n|\r\n|\r)|([_A-Za-z][_0-9A-Za-z]*)|(\.\.\.|[!$&():=@\[\]{|}])"
    r'|"(?!"")([ !#-\[\]-~]*)")'
)
"""After what is ignored in a line: its end, a name, punctuation, a string without escapes."""

_LINE_END, _NAME, _PUNCTUATION = 1, 2, 3

_KINDS = {kind.value: kind for kind in TokenKind}

_AHEAD = 256
"""Tokens read ahead at most: so many more than a parser's limit may exist for a moment."""


def parse(
    source: str | Source, *, no_location: bool = False, max_tokens: int | None = None
) -> DocumentNode:
    """Parse a document, exactly as `graphql.parse` does.

    Raises:
        GraphQLError: if it is none.
    """
    given = Source(source) if isinstance(source, str) else source
    parser = Parser(given, no_location=no_location, max_tokens=max_tokens, lexer=_AheadLexer(given))
    try:
        return parser.parse_document()
    except RecursionError:
        pass
    # It is nested too deeply, and graphql-core has its words for that.
    return graphql.parse(given, no_location=no_location, max_tokens=max_tokens)


class _AheadLexer(Lexer):
    """Gives the tokens that `Lexer` gives, made by the hundred."""

    def advance(self) -> Token:
        """Go on to the next token that is not ignored."""
        token = self.token
        following = token.next
        if following is None or following.kind is TokenKind.COMMENT:
            return super().advance()
        self.last_token, self.token = token, following
        return following

    def read_next_token(self, start: int) -> Token:
        """The next token, with those that follow linked to it already."""
        body = self.source.body
        match = _PLAIN.match
        line, line_start = self.line, self.line_start
        first: Token | None = None
        last: Token | None = None
        after_last = line, line_start
        position = start
        count = 0
        while count < _AHEAD:
            found = match(body, position)
            group = found.lastindex if found is not None else None
            if found is None or group is None:
                self.line, self.line_start = line, line_start
                try:
                    token = super().read_next_token(position)
                except GraphQLSyntaxError:
                    if first is None or last is None:
                        raise
                    # It is said when the parser gets there, if it does.
                    self.line, self.line_start = after_last
                    return first
                line, line_start = self.line, self.line_start
            elif group == _LINE_END:
                position = line_start = found.end()
                line += 1
                continue
            else:
                begin, end = found.span(group)
                value: str | None = body[begin:end]
                if group == _NAME:
                    kind = TokenKind.NAME
                elif group == _PUNCTUATION:
                    kind, value = _KINDS[body[begin:end]], None
                else:
                    kind, begin, end = TokenKind.STRING, begin - 1, end + 1
                token = Token(kind, begin, end, line, 1 + begin - line_start, value)
            if last is None:
                first = token
            else:
                last.next, token.prev = token, last
            last = token
            after_last = line, line_start
            if token.kind is TokenKind.EOF:
                break
            position = token.end
            count += 1
        self.line, self.line_start = line, line_start
        assert first is not None  # noqa: S101 - there was a token or an error
        return first
