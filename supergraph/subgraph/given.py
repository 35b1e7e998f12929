"""A subgraph as it is given, before its SDL is looked at."""

from __future__ import annotations

from dataclasses import dataclass

from supergraph.source_parts import SourcePart


@dataclass(frozen=True, slots=True)
class SubgraphInput:
    """What composition is given for one subgraph.

    `file` is only named in errors; `url` is where a gateway reaches the subgraph. Of a schema in
    several files, `sdl` is all of them and `parts` says which line is whose.
    """

    name: str
    url: str | None
    sdl: str
    file: str | None = None
    parts: tuple[SourcePart, ...] = ()
