"""Enums a database has without saying so: in `CHECK (status IN ('open', 'paid'))`.

The text of a check is as the user wrote it (SQLite) or as the database prints it:
PostgreSQL `((status)::text = ANY ((ARRAY['open'::character varying, ...])::text[]))`, MySQL
`(`status` in (_utf8mb4'open',...))`. Casts, prefixes and parentheses dropped, all are one name, one
word for "is one of", and texts.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from subgraph_kit.scaffold.model import EnumModel, EnumValue
from subgraph_kit.scaffold.names import Names, enum_value_name

MAX_VALUES = 200
"""A longer list is data, not an enum."""

_TOKEN = re.compile(
    r"""
    (?P<text>(?:_\w+\s*|[NE])?'(?:[^'\\]|''|\\.)*')
    | (?P<cast>::\s*(?:"[^"]+"|\w+)(?:\s*\.\s*(?:"[^"]+"|\w+))?(?:\s+varying)?
        (?:\s*\(\s*\d+\s*\))?(?:\s*\[\s*\])*)
    | (?P<name>"(?:[^"]|"")+"|`(?:[^`]|``)+`|\[[A-Za-z_][^\]']*\]|[^\W\d]\w*)
    | (?P<sign>=|,|\(|\)|\[|\])
    | (?P<space>\s+)
    | (?P<other>.)
    """,
    re.VERBOSE | re.DOTALL,
)


def values_of_check(check: str) -> tuple[str, tuple[str, ...]] | None:
    """The column and the only texts that a check allows for it, or None if it says else."""
    tokens = _tokens(check)
    if tokens is None:
        return None
    names = [text for kind, text in tokens if kind == "name"]
    words = [name.upper() for name in names]
    texts = [text for kind, text in tokens if kind == "text"]
    equals = sum(kind == "equal" for kind, _ in tokens)
    if not texts or not names or tokens[0][0] != "name":
        return None
    column, rest = names[0], words[1:]
    # `x IN (..)`, `x = ANY (ARRAY[..])`, `x = 'a' OR x = 'b'`; each may have `OR x IS NULL`.
    for allowed_null in (["OR", column.upper(), "IS", "NULL"], []):
        if rest[len(rest) - len(allowed_null) :] != allowed_null:
            continue
        core = rest[: len(rest) - len(allowed_null)]
        is_in = core == ["IN"] and equals == 0
        is_any = core == ["ANY", "ARRAY"] and equals == 1
        ors = ["OR", column.upper()] * (len(texts) - 1)
        is_or = core == ors and equals == len(texts)
        if (is_in or is_any or is_or) and len(texts) <= MAX_VALUES:
            return column, tuple(dict.fromkeys(texts))
    return None


def make_enum(name: str, values: Iterable[str], description: str | None = None) -> EnumModel:
    """An enum of the values of the source."""
    names = Names()
    made = [EnumValue(names.take(value, enum_value_name(value)), value) for value in values]
    return EnumModel(name, tuple(made), description)


def _tokens(check: str) -> list[tuple[str, str]] | None:
    """Names, texts and equal signs; None if there is anything that changes the meaning."""
    found: list[tuple[str, str]] = []
    for match in _TOKEN.finditer(check):
        text = match.group()
        match match.lastgroup:
            case "text":
                inner = text[text.index("'") + 1 : -1]
                found.append(("text", inner.replace("''", "'")))
            case "name":
                found.append(("name", _unquoted(text)))
            case "sign" if text == "=":
                found.append(("equal", text))
            case "other":
                return None
            case _:
                pass
    return found


def _unquoted(name: str) -> str:
    if name[0] in '"`[':
        closing = {"[": "]"}.get(name[0], name[0])
        return name[1:-1].replace(closing * 2, closing)
    return name
