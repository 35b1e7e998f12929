"""A graph as it was given, before anything is made of it: texts, and where they come from."""

from __future__ import annotations

from dataclasses import dataclass

from supergraph.subgraph.given import SubgraphInput


@dataclass(frozen=True, slots=True)
class GraphSource:
    """One side of a check.

    Exactly one of `subgraphs` (to be composed), `supergraph_sdl` and `api_sdl` (all that a gateway
    tells by introspection) is there. `label` says for people where it comes from; `file` is that of
    a supergraph's SDL.
    """

    label: str
    subgraphs: tuple[SubgraphInput, ...] = ()
    supergraph_sdl: str | None = None
    api_sdl: str | None = None
    file: str | None = None
