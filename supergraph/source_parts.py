"""Texts made of several files, and where a line of such a text really stands.

A subgraph's SDL may be spread over files, and an operation uses fragments of other files. What
parses and checks such a text sees one text; what people are told are the files' own lines.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SourcePart:
    """From its line `first_line` on, a text is that of `file` from the file's line `line` on.

    Lines count from 1. Columns are the same in both.
    """

    first_line: int
    file: str
    line: int = 1


def join_files(files: Iterable[tuple[str, str]]) -> tuple[str, tuple[SourcePart, ...]]:
    """One text of (name, text) pairs, each beginning on a line of its own."""
    parts: list[SourcePart] = []
    texts: list[str] = []
    next_line = 1
    for name, text in files:
        # GraphQL counts "\r\n" and "\r" as one line end each, as `split` below does after this.
        text = text.replace("\r\n", "\n").replace("\r", "\n")
        if not text.endswith("\n"):
            text += "\n"
        parts.append(SourcePart(next_line, name))
        texts.append(text)
        next_line += text.count("\n")
    return "".join(texts), tuple(parts)


def place_in_parts(parts: Sequence[SourcePart], line: int) -> tuple[str, int] | None:
    """File and line of the text's `line`; None if the text has no parts."""
    index = bisect_right([part.first_line for part in parts], line) - 1
    if index < 0:
        return None
    part = parts[index]
    return part.file, part.line + line - part.first_line
