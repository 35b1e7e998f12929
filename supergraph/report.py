"""Errors and hints for people, with the line of SDL they are about, and for programs, as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from supergraph.compose import CompositionResult
from supergraph.errors import CompositionError, SourceLocation
from supergraph.hints import CompositionHint
from supergraph.subgraph.model import SubgraphInput

MAX_LINE_CHARACTERS = 160
"""Longer lines of SDL are cut: the place still stands in the heading."""

MAX_PLACES = 6


def json_report(result: CompositionResult, *, include_sdl: bool) -> str:
    """One JSON object with `errors` and `hints`, and `supergraph_sdl` if asked for and composed."""
    report: dict[str, Any] = {
        "errors": [_as_json(item) for item in result.errors],
        "hints": [{**_as_json(item), "level": item.code.level.value} for item in result.hints],
    }
    if include_sdl and result.supergraph_sdl is not None:
        report["supergraph_sdl"] = result.supergraph_sdl
    return json.dumps(report, indent=2, ensure_ascii=False)


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
    lines = {item.name: item.sdl.splitlines() for item in subgraphs}
    return "\n\n".join(_paragraph(item, lines) for item in items)


def _paragraph(item: CompositionError | CompositionHint, lines: Mapping[str, Sequence[str]]) -> str:
    kind = "error" if isinstance(item, CompositionError) else item.code.level.value.lower()
    parts = [f"{kind}[{item.code}]: {item.message}"]
    parts += [_excerpt(place, lines) for place in item.locations[:MAX_PLACES]]
    more = len(item.locations) - MAX_PLACES
    if more > 0:
        parts.append(f"  … and {more} more {'place' if more == 1 else 'places'}")
    return "\n".join(parts)


def _excerpt(place: SourceLocation, lines: Mapping[str, Sequence[str]]) -> str:
    heading = f"  --> {place.file or 'subgraph ' + place.subgraph}:{place.line}:{place.column}"
    source = lines.get(place.subgraph, ())
    if not 0 < place.line <= len(source):
        return heading
    line = source[place.line - 1].expandtabs(1)
    number = str(place.line)
    margin = " " * len(number)
    if len(line) > MAX_LINE_CHARACTERS or not line.isprintable():
        return heading
    return f"{heading}\n  {number} | {line}\n  {margin} | {' ' * (place.column - 1)}^"
