"""The search: which subgraphs to call for an object, so that the whole below it costs least.

The problem is choosing places, not paths: calling one more subgraph costs once and then serves
every field it has. Choosing field by field misses what fields share, trying all combinations of
paths explodes with every level. What makes it tractable is that the best way to know some
selections depends only on the nodes at which their object is at hand. So

- each distinct (selections, arrivals) pair is solved once, bottom up by recursion;
- at one object, sets of further subgraphs are tried (those that may cost least first, `bounds.py`;
  where they are many, a good one is improved step by step), and every field goes to its cheapest
  source within the set;
- the more work was done, the more a set must promise to be tried; beyond a bound the first thing
  that works is taken, beyond the next the search ends with an error.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator
from typing import Protocol

from graphql import OperationType

from gateway.planner.bounds import Least
from gateway.planner.contexts import ContextPass
from gateway.planner.cost import total_cost
from gateway.planner.errors import PlanningError
from gateway.planner.graph_view import GraphView
from gateway.planner.query_tree import Arrival, Cost, PlacedItem, Solution
from gateway.planner.selections import TYPENAME, SelectionPool, Selections
from gateway.planner.walk import Memory, Walk
from supergraph.model import SubgraphName, TypeName
from supergraph.query_graph import Node, QueryGraph, RootEdge

EXHAUSTIVE_LIMIT = 5
"""Up to this many useful subgraphs every set of them is tried (32 sets)."""

TIE_STEPS = 300
"""Placements tried before sets of subgraphs that can only be as good are left out."""

THOROUGH_STEPS = 20_000
"""Placements tried before the search takes the first thing that works; some 0.2 seconds."""

MAX_STEPS = 120_000
"""Placements tried before the search gives up; a second or so."""

STEPS_AT_A_TIME = 500
"""Placements tried before other threads get a turn; some milliseconds. Compiled code gives them
none by itself, and the event loop is one of them."""


class _Attempt(Protocol):
    """Solves a position with a given set of further subgraphs."""

    def __call__(
        self, allowed: frozenset[SubgraphName], *, counts_opening: bool = False
    ) -> Solution: ...


class BestSearch:
    """Solves positions of one operation."""

    def __init__(
        self,
        graph: QueryGraph,
        pool: SelectionPool,
        labels: frozenset[str],
        contexts: ContextPass,
    ) -> None:
        self.graph = graph
        self.pool = pool
        self.view = GraphView(graph, pool, labels, contexts)
        self.steps = 0
        self._next_pause = STEPS_AT_A_TIME
        self._solved: dict[tuple[int, tuple[Arrival, ...]], Solution] = {}
        self._solving: set[tuple[int, tuple[object, ...]]] = set()
        self._cut_short = 0

    @property
    def is_hurried(self) -> bool:
        """Whether so much was tried already that the first thing that works has to do."""
        return self.steps > THOROUGH_STEPS

    def spend(self, steps: int = 1) -> None:
        """Count work.

        Raises:
            PlanningError: beyond the bound.
        """
        self.steps += steps
        if self.steps > self._next_pause:
            self._next_pause = self.steps + STEPS_AT_A_TIME
            time.sleep(0)
            if self.steps > MAX_STEPS:
                raise PlanningError(
                    "The operation is too complex to be planned; ask for less at once."
                )

    def solve_root(self, selections: Selections, kind: OperationType) -> Solution:
        """The best way to know the operation's root fields."""
        return self._search(selections, (), self.graph.root_edges(kind))

    def solve(self, selections: Selections, arrivals: tuple[Arrival, ...]) -> Solution | None:
        """The best way to know `selections` of an object at hand at `arrivals`.

        None if this very question is being answered already: a requirement that needs itself.
        """
        if len(arrivals) > 1:
            arrivals = tuple(sorted(arrivals, key=lambda item: (item.depth, item.node)))
        key = (selections.uid, arrivals)
        known = self._solved.get(key)
        if known is not None:
            return known
        identity = (selections.uid, tuple(arrival.node for arrival in arrivals))
        if identity in self._solving:
            self._cut_short += 1
            return None
        self._solving.add(identity)
        cut_before = self._cut_short
        try:
            solution = self._search(selections, arrivals, ())
        finally:
            self._solving.discard(identity)
        if self._cut_short == cut_before or not self._solving:
            self._solved[key] = solution
        return solution

    def _search(
        self,
        selections: Selections,
        arrivals: tuple[Arrival, ...],
        roots: tuple[RootEdge, ...],
    ) -> Solution:
        memory = Memory()

        def attempt(allowed: frozenset[SubgraphName], *, counts_opening: bool = False) -> Solution:
            walk = Walk(
                self,
                arrivals,
                roots,
                allowed,
                counts_opening=counts_opening,
                ambiguous_names=selections.ambiguous_names,
                memory=memory,
            )
            items = _place_all(walk, selections)
            return Solution(selections, arrivals, items, total_cost(items), _done(items, arrivals))

        lacking = self._lacking(selections, arrivals, roots)
        alone: Solution | None = None
        if arrivals and not lacking:
            alone = attempt(frozenset())
            if not alone.cost.unresolved and not alone.cost.waiting:
                return alone
        useful, others = self._candidates(selections, arrivals, roots)
        if not useful and not others:
            return alone if alone is not None else attempt(frozenset())
        best = attempt(frozenset(useful + others), counts_opening=True)
        if arrivals and alone is None and best.cost.unresolved:
            alone = attempt(frozenset())
        if alone is not None and alone.cost <= best.cost:
            best = alone
        if self.is_hurried or not memory.has_choice:
            return best
        needed = [providers.intersection(useful) for providers in lacking]
        needed = [providers for providers in needed if providers]
        if len(useful) > EXHAUSTIVE_LIMIT:
            return self._improve(best, useful, attempt, needed)
        arrived = frozenset(arrival.node.subgraph for arrival in arrivals)
        for least, allowed in memory.bounds.ranked(useful, needed, arrived):
            if not best.cost.unresolved and self._is_hopeless(least, best.cost):
                break  # this set and all others are hardly better than what is known
            solution = attempt(allowed)
            if solution.cost < best.cost:
                best = solution
        return best

    def _is_hopeless(self, least: Least, known: Cost) -> bool:
        """Whether a set promises too little: it has to promise more, the more work has been done.

        While little was done, sets with as many calls as the known one are tried, too: they may
        know more fields earlier.
        """
        if self.steps < TIE_STEPS:
            return least > (known.waiting, known.calls)
        slack = self.steps / THOROUGH_STEPS
        return least >= (round(known.waiting * (1 - slack)), known.calls)

    def _lacking(
        self, selections: Selections, arrivals: tuple[Arrival, ...], roots: tuple[RootEdge, ...]
    ) -> list[frozenset[SubgraphName]]:
        """For each field that no arrival has, the subgraphs of which one has to be called.

        Only for objects of one type: of others, each type may find its field elsewhere.
        """
        nodes = {arrival.node.type_name for arrival in arrivals}
        nodes |= {edge.head.type_name for edge in roots}
        if len(nodes) != 1:
            return []
        (seen_as,) = nodes
        if self.graph.possible_types(seen_as) != {seen_as}:
            return []
        at_hand = [arrival.node for arrival in arrivals]
        heads = [edge.head for edge in roots]
        found: dict[frozenset[SubgraphName], None] = {}
        for item in selections.items:
            if item.name == TYPENAME or self.view.providers(at_hand, item.name, seen_as):
                continue
            if roots:
                found[self.view.providers(heads, item.name, seen_as)] = None
            else:
                found[self.view.providers_by_key(item.name, seen_as)] = None
        found.pop(frozenset(), None)
        return list(found)

    def _improve(
        self,
        best: Solution,
        useful: list[SubgraphName],
        attempt: _Attempt,
        needed: list[frozenset[SubgraphName]],
    ) -> Solution:
        """Leave out, add and exchange single subgraphs as long as that makes it cheaper."""
        tried: set[frozenset[SubgraphName]] = set()
        improved = True
        while improved and not self.is_hurried:
            improved = False
            used = frozenset(visit.subgraph for visit in best.visits())
            for allowed in _neighbours(used, useful):
                if allowed in tried:
                    continue
                tried.add(allowed)
                if any(providers.isdisjoint(allowed) for providers in needed):
                    continue
                solution = attempt(allowed)
                if solution.cost < best.cost:
                    best, improved = solution, True
                    break
        return best

    def _candidates(
        self,
        selections: Selections,
        arrivals: tuple[Arrival, ...],
        roots: tuple[RootEdge, ...],
    ) -> tuple[list[SubgraphName], list[SubgraphName]]:
        """Further subgraphs that have one of the fields, and further ones that have a key."""
        arrived = {arrival.node.subgraph for arrival in arrivals}
        names = dict.fromkeys(item.name for item in selections.items)
        useful: set[SubgraphName] = set()
        others: set[SubgraphName] = set()
        heads = [edge.head for edge in roots]
        if not roots:
            seen_as = {arrival.node.type_name for arrival in arrivals}
            seen_as.update(*(self.graph.facts(item.node).possible_types for item in arrivals))
            for type_name in sorted(seen_as):
                heads += self.view.ways_in(type_name)
        names_of: dict[TypeName, dict[SubgraphName, list[str]]] = {}
        for node in heads:
            if node.subgraph in arrived or node.subgraph in useful:
                continue
            declared = names_of.get(node.type_name)
            if declared is None:
                declared = names_of[node.type_name] = self.view.names_by_subgraph(
                    node.type_name, names
                )
            resolves = self.view.has_any_field(node, declared.get(node.subgraph, ()))
            target = useful if resolves or self._is_useful(node, names) else others
            target.add(node.subgraph)
        return sorted(useful), sorted(others - useful)

    def _is_useful(self, node: Node, names: Collection[str]) -> bool:
        """Whether a subgraph without the fields at the node has the type, or them for one type."""
        facts = self.graph.facts(node)
        if TYPENAME in names and not facts.hides_types:
            return True
        return facts.possible_types != {node.type_name} and any(
            self.view.has_any_field(downcast.head, names)
            for downcast in self.graph.downcast_edges(node)
        )


def _place_all(walk: Walk, selections: Selections) -> tuple[PlacedItem, ...]:
    items = selections.items
    if walk.type_is_unknown() and any(
        item.types is not None or (item.name == TYPENAME and item.response_name != TYPENAME)
        for item in items
    ):
        # Which fields the client gets depends on a type that nobody at hand can tell.
        items = (*items, walk.runtime_type_item(selections))
    return tuple(walk.place_item(item) for item in items)


def _done(items: tuple[PlacedItem, ...], arrivals: tuple[Arrival, ...]) -> int:
    depths = [placement.done for item in items for placement in item.placements]
    return max(depths, default=max((arrival.depth for arrival in arrivals), default=0))


def _neighbours(
    used: frozenset[SubgraphName], useful: list[SubgraphName]
) -> Iterator[frozenset[SubgraphName]]:
    yield used
    for name in sorted(used):
        yield used - {name}
    for name in useful:
        if name not in used:
            yield used | {name}
    for out in sorted(used):
        for name in useful:
            if name not in used:
                yield (used - {out}) | {name}
