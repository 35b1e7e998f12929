"""The least a set of subgraphs can cost at a position, so that hopeless sets are not tried.

The first, generous attempt at a position places every field with every subgraph at hand. It learns
what each field costs below with each of its sources alone, and with all of them together, which no
fewer sources can undercut. With a set of subgraphs, each of which is called, a position then costs
at least those calls and, for each field, the least that its sources within the set allow.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import combinations

from gateway.planner.query_tree import Placement, Source, call_cost
from gateway.planner.selections import Item
from supergraph.model import SubgraphName, TypeName

Least = tuple[int, int]
"""`waiting` and `calls` of a `Cost`, compared in this order."""


@dataclass(slots=True)
class Bounds:
    """What the generous attempt at one position learnt."""

    _floors: dict[tuple[Item, TypeName], Least] = field(default_factory=dict)
    _alone: dict[tuple[Item, TypeName], dict[SubgraphName, Least]] = field(default_factory=dict)
    _call_costs: dict[SubgraphName, int] = field(default_factory=dict)

    def learn(self, item: Item, seen_as: TypeName, options: list[Placement | None]) -> None:
        """Note the options for an item when every source may be asked, together ones included."""
        alone: dict[SubgraphName, Least] = {}
        floors: list[Least] = []
        for option in options:
            if option is None:
                continue
            below = option.cost_below
            # What one source leaves open another may close: no bound.
            least = (0, 0) if below.unresolved else (below.waiting, below.calls)
            if not below.unresolved:
                floors.append(least)
            if len(option.sources) == 1:
                subgraph = option.sources[0].node.subgraph
                alone[subgraph] = min(least, alone.get(subgraph, least))
        self._floors[item, seen_as] = min(floors, default=(0, 0))
        self._alone[item, seen_as] = alone

    def learn_sources(self, sources: list[Source]) -> None:
        """Note how deep the calls for the position's object are."""
        for source in sources:
            if source.visit is not None:
                cost = call_cost(source.depth)
                known = self._call_costs.get(source.node.subgraph, cost)
                self._call_costs[source.node.subgraph] = min(cost, known)

    def floor(self, item: Item, seen_as: TypeName) -> Least:
        """The least an item costs below, whichever of its sources are asked."""
        return self._floors.get((item, seen_as), (0, 0))

    def ranked(
        self,
        useful: list[SubgraphName],
        needed: list[frozenset[SubgraphName]],
        arrived: frozenset[SubgraphName],
    ) -> list[tuple[Least, frozenset[SubgraphName]]]:
        """The sets of `useful` subgraphs, each with the least it costs to call them all; by that.

        Left out are sets without any subgraph of one of `needed`.
        """
        # Sets are bits of a number here: there are many, and each is looked at for every item.
        bit_of = {subgraph: 1 << index for index, subgraph in enumerate(useful)}
        wanted = [sum([bit_of[name] for name in names if name in bit_of]) for names in needed]
        items: list[tuple[int, int, dict[int, Least], Least]] = []
        for key, alone in self._alone.items():
            at_hand = [least for subgraph, least in alone.items() if subgraph in arrived]
            by_bit = {bit_of[name]: least for name, least in alone.items() if name in bit_of}
            if len(at_hand) == 1:
                by_bit[0] = at_hand[0]
            items.append((len(at_hand), sum(by_bit), by_bit, self._floors[key]))
        ranked: list[tuple[Least, frozenset[SubgraphName]]] = []
        for count in range(1, len(useful) + 1):
            for chosen in combinations(useful, count):
                bits = sum([bit_of[subgraph] for subgraph in chosen])
                if any(not bits & providers for providers in wanted):
                    continue
                waiting = sum([self._call_costs.get(subgraph, 1) for subgraph in chosen])
                calls = count
                for sources, providers, by_bit, floor in items:
                    further = bits & providers
                    options = sources + further.bit_count()
                    if options:
                        below = floor if options > 1 else by_bit[further]
                        waiting += below[0]
                        calls += below[1]
                ranked.append(((waiting, calls), frozenset(chosen)))
        ranked.sort(key=lambda option: option[0])
        return ranked
