"""What composing again can take from the composition before: subgraphs that did not change.

Most compositions follow another one closely: one team publishes, the other ninety-nine did not
change. Parsing and checking their SDL is half of the work, and the same every time.
"""

from __future__ import annotations

from collections.abc import Iterable

from supergraph.subgraph.load import ParsedSubgraph, parse_subgraph
from supergraph.subgraph.model import SubgraphInput


class CompositionCache:
    """Keeps the parsed and checked subgraphs of the last composition it was given to.

    Use one per graph: after a composition it holds exactly that composition's subgraphs (some 4 kB
    a field), so it does not grow. Results are the same with it and without. It may be shared by
    threads; compositions at the same time then parse more often than needed.
    """

    def __init__(self) -> None:
        self._parsed: dict[SubgraphInput, ParsedSubgraph] = {}

    def __len__(self) -> int:
        return len(self._parsed)

    def parse(self, given: SubgraphInput) -> ParsedSubgraph:
        """The subgraph as parsed before, or now."""
        known = self._parsed.get(given)
        if known is None:
            known = self._parsed[given] = parse_subgraph(given)
        return known

    def keep_only(self, used: Iterable[SubgraphInput]) -> None:
        """Forget every subgraph that is not among `used`."""
        parsed = self._parsed
        self._parsed = {given: parsed[given] for given in used if given in parsed}
