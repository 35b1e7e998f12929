"""What composing again can take from the composition before: subgraphs that did not change.

Most compositions follow another one closely: one team publishes, the other ninety-nine did not
change. Parsing and checking their SDL is half of the work, and the same every time.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from supergraph.subgraph.load import ParsedSubgraph, parse_subgraph
from supergraph.subgraph.model import SubgraphInput


class CompositionCache:
    """Keeps the parsed and checked subgraphs of the last composition it was given to.

    Use one per graph: after a composition it holds exactly that composition's subgraphs (some 4 kB
    a field), so it does not grow. With `keep_all` it holds those of every composition, for who
    composes several graphs that are much alike and ends. Results are the same with it and without.
    It may be shared by threads; compositions at the same time then parse more often than needed.
    """

    def __init__(self, *, keep_all: bool = False) -> None:
        self._keep_all = keep_all
        self._parsed: dict[SubgraphInput, ParsedSubgraph] = {}
        # Where a sound text comes from, and where it is served, changes nothing about it.
        self._sound: dict[tuple[str, str], ParsedSubgraph] = {}

    def __len__(self) -> int:
        return len(self._parsed)

    def parse(self, given: SubgraphInput) -> ParsedSubgraph:
        """The subgraph as parsed before, or now."""
        known = self._parsed.get(given)
        if known is not None:
            return known
        same = self._sound.get((given.name, given.sdl))
        found = replace(same, given=given) if same is not None else parse_subgraph(given)
        self._remember(found)
        return found

    def keep_only(self, used: Iterable[SubgraphInput]) -> None:
        """Forget every subgraph that is not among `used`, unless all are to be kept."""
        if self._keep_all:
            return
        kept = [self._parsed[given] for given in used if given in self._parsed]
        self._parsed, self._sound = {}, {}
        for parsed in kept:
            self._remember(parsed)

    def _remember(self, parsed: ParsedSubgraph) -> None:
        given = parsed.given
        self._parsed[given] = parsed
        if not parsed.errors:
            self._sound[given.name, given.sdl] = parsed
