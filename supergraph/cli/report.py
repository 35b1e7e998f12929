"""Errors and hints for people, with the line of SDL they are about, and for programs, as JSON."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import typer
from graphql import TypeDefinitionNode, parse

from supergraph.compose import CompositionResult
from supergraph.contracts import ContractResult
from supergraph.errors import CompositionError, SourceLocation
from supergraph.hints import CompositionHint, HintLevel
from supergraph.subgraph.model import SubgraphInput

if TYPE_CHECKING:
    from rich.console import Console  # imported where something is printed in colour


class Format(StrEnum):
    """How errors and hints are printed."""

    TEXT = "text"
    JSON = "json"


MAX_LINE_CHARACTERS = 160
"""Of longer lines the part around the place is shown."""

MAX_PLACES = 6

_LINE_BREAK = re.compile(r"\r\n|\n|\r")
"""What GraphQL counts as the end of a line."""


def report_result(
    result: CompositionResult,
    subgraphs: Sequence[SubgraphInput],
    format: Format,
    *,
    include_sdl: bool,
    indent: int | None = 2,
) -> None:
    """Print errors and hints: JSON to stdout, text to stderr, in colour on a terminal."""
    if format is Format.JSON:
        typer.echo(json_report(result, include_sdl=include_sdl, indent=indent))
        return
    console, lines = _console(), _lines(subgraphs)
    for hint in result.hints:
        if hint.code.level is not HintLevel.DEBUG:
            _print(console, hint, lines, "yellow")
    for error in result.errors:
        _print(console, error, lines, "bold red")
    if result.errors:
        console.print(f"The subgraphs do not compose: {_count(len(result.errors), 'error')}.")


def report_contract(
    result: ContractResult, supergraph: SubgraphInput, format: Format, *, include_sdl: bool
) -> None:
    """Print why a contract gives no supergraph, and which of its tags nothing has."""
    unknown = [
        f'Nothing in the supergraph has the tag "{name}". Is it misspelled?'
        for name in result.unknown_tags
    ]
    if format is Format.JSON:
        report: dict[str, Any] = {
            "errors": [_as_json(item) for item in result.errors],
            "hints": [],
            "hidden": list(result.hidden),
            "unknown_tags": list(result.unknown_tags),
        }
        if include_sdl and result.supergraph_sdl is not None:
            report["supergraph_sdl"] = result.supergraph_sdl
        typer.echo(json.dumps(report, indent=2, ensure_ascii=False))
        return
    from rich.text import Text

    console, lines = _console(), _lines([supergraph])
    for sentence in unknown:
        console.print(Text("warning: ", style="yellow") + Text(sentence))
    for error in result.errors:
        _print(console, error, lines, "bold red")
    if result.errors:
        count = _count(len(result.errors), "error")
        console.print(f"The contract does not leave a whole schema: {count}.")


def note(text: str) -> None:
    """A line on stderr that is no error."""
    _console().print(text, markup=False)


def summary(sdl: str, subgraphs: Sequence[SubgraphInput]) -> str:
    """How much was composed, e.g. `3 subgraphs with 12 types and 40 fields`."""
    definitions = parse(sdl, no_location=True).definitions
    types = [
        node
        for node in definitions
        if isinstance(node, TypeDefinitionNode) and "__" not in node.name.value
    ]
    fields = sum(len(getattr(node, "fields", None) or ()) for node in types)
    return (
        f"{_count(len(subgraphs), 'subgraph')} with {_count(len(types), 'type')} "
        f"and {_count(fields, 'field')}"
    )


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _console() -> Console:
    from rich.console import Console

    return Console(stderr=True, highlight=False, soft_wrap=True)


def _print(
    console: Console,
    item: CompositionError | CompositionHint,
    lines: _Lines,
    style: str,
) -> None:
    from rich.text import Text

    first, *rest = _paragraph(item, lines).split("\n")
    heading, _, sentence = first.partition(": ")
    text = Text(heading, style=style) + Text(f": {sentence}\n")
    for line in rest:
        if line.startswith("  --> "):
            text.append(f"{line}\n", style="cyan")
        elif line.rstrip().endswith("^") and line.lstrip().startswith("|"):
            text.append(f"{line}\n", style=style)
        else:
            text.append(f"{line}\n")
    console.print(text)


def json_report(result: CompositionResult, *, include_sdl: bool, indent: int | None = 2) -> str:
    """One JSON object with `errors` and `hints`, and `supergraph_sdl` if asked for and composed."""
    report: dict[str, Any] = {
        "errors": [_as_json(item) for item in result.errors],
        "hints": [{**_as_json(item), "level": item.code.level.value} for item in result.hints],
    }
    if include_sdl and result.supergraph_sdl is not None:
        report["supergraph_sdl"] = result.supergraph_sdl
    return json.dumps(report, indent=indent, ensure_ascii=False)


def _as_json(item: CompositionError | CompositionHint) -> dict[str, Any]:
    return {
        "code": item.code.value,
        "message": item.message,
        "coordinate": item.coordinate,
        "locations": [
            {
                "subgraph": place.subgraph,
                "file": place.file,
                "line": place.line,
                "column": place.column,
            }
            for place in item.locations
        ],
    }


def text_report(
    items: Iterable[CompositionError | CompositionHint], subgraphs: Sequence[SubgraphInput]
) -> str:
    """A paragraph per item: code, sentence, and each place with its line of SDL."""
    lines = _lines(subgraphs)
    return "\n\n".join(_paragraph(item, lines) for item in items)


_Lines = Mapping[tuple[str, str | None], Sequence[str]]
"""The lines of each subgraph's files, by subgraph and file."""


def _lines(subgraphs: Iterable[SubgraphInput]) -> _Lines:
    found: dict[tuple[str, str | None], Sequence[str]] = {}
    for item in subgraphs:
        lines = _LINE_BREAK.split(item.sdl)
        found[item.name, item.file] = lines
        for part, following in pairwise((*item.parts, None)):
            if part is not None:
                end = following.first_line - 1 if following is not None else len(lines)
                found[item.name, part.file] = lines[part.first_line - 1 : end]
    return found


def _paragraph(item: CompositionError | CompositionHint, lines: _Lines) -> str:
    kind = "error" if isinstance(item, CompositionError) else item.code.level.value.lower()
    parts = [f"{kind}[{item.code}]: {item.message}"]
    parts += [_excerpt(place, lines) for place in item.locations[:MAX_PLACES]]
    more = len(item.locations) - MAX_PLACES
    if more > 0:
        parts.append(f"  … and {more} more {'place' if more == 1 else 'places'}")
    return "\n".join(parts)


def _excerpt(place: SourceLocation, lines: _Lines) -> str:
    heading = f"  --> {place.file or 'subgraph ' + place.subgraph}:{place.line}:{place.column}"
    source = lines.get((place.subgraph, place.file), ())
    if not 0 < place.line <= len(source):
        return heading
    line, column = _window(source[place.line - 1], place.column - 1)
    number = str(place.line)
    margin = " " * len(number)
    return f"{heading}\n  {number} | {line}\n  {margin} | {' ' * column}^"


def _window(line: str, column: int) -> tuple[str, int]:
    """The line, or what is around the column of a long one; and where the column is in it."""
    from rich.cells import cell_len

    start = 0
    if len(line) > MAX_LINE_CHARACTERS:
        start = max(0, min(column - MAX_LINE_CHARACTERS // 2, len(line) - MAX_LINE_CHARACTERS))
    shown = line[start : start + MAX_LINE_CHARACTERS]
    # Control characters would move the cursor, or worse.
    shown = "".join(character if character.isprintable() else " " for character in shown)
    before = "… " if start else ""
    after = " …" if start + MAX_LINE_CHARACTERS < len(line) else ""
    # Some characters are two columns wide on a terminal.
    return f"{before}{shown}{after}", len(before) + cell_len(shown[: column - start])
