"""Where the items of one position can be asked, given the subgraphs that may be called for it.

The search (`best.py`) decides which further subgraphs are called for an object; a `Walk` then
places every item at the cheapest of the sources this opens. What is below a field depends only on
the node it leads to, so the search solves it once and the walk compares the costs.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol, final

from graphql import OperationType

from gateway.planner.bounds import Bounds
from gateway.planner.cost import Call, calls_for, placement_cost, total_cost
from gateway.planner.graph_view import GraphView, needs_more
from gateway.planner.path import (
    arrival_sources,
    is_direct,
    knows_type,
    reachable_sources,
    visit_by,
)
from gateway.planner.query_tree import (
    Arrival,
    PlacedItem,
    Placement,
    Solution,
    Source,
    Visit,
    call_cost,
)
from gateway.planner.selections import TYPENAME, Item, SelectionPool, Selections
from supergraph.contexts import NO_VALUES, ContextValues, value_of
from supergraph.federation.field_set import FieldSetField
from supergraph.model import SubgraphName, TypeName
from supergraph.query_graph import FieldEdge, QueryGraph, RootEdge


@final
class Candidate:
    """A source that resolves an item's field, by an edge."""

    __slots__ = ("edge", "source")

    def __init__(self, source: Source, edge: FieldEdge) -> None:
        self.source = source
        self.edge = edge


Candidates = list[Candidate]


class Memory:
    """What walks of one position share, whatever subgraphs each of them may call."""

    def __init__(self) -> None:
        self.placements: dict[tuple[object, ...], Placement | None] = {}
        """By item, type and sources."""
        self.candidates: dict[tuple[int, str], tuple[list[Source], Candidates]] = {}
        """By sources (kept with the answer: an id means something while its object lives) and
        field name."""
        self.calls: dict[Source, frozenset[Call]] = {}
        """What asking a source takes."""
        self.common_types: dict[frozenset[TypeName], list[TypeName]] = {}
        self.bounds = Bounds()
        self.has_choice = False
        """Whether something could be asked in more than one way. If not, fewer subgraphs to call
        cannot lead to anything else."""


class Search(Protocol):
    """What a walk needs of the search."""

    graph: QueryGraph
    pool: SelectionPool
    view: GraphView

    @property
    def is_hurried(self) -> bool:
        """Whether so much was tried already that the first thing that works has to do."""
        ...

    def solve(self, selections: Selections, arrivals: tuple[Arrival, ...]) -> Solution | None:
        """The best solution below; None if asked for what is being solved already."""
        ...

    def spend(self, steps: int = 1) -> None:
        """Count work against the bound."""
        ...


class Walk:
    """Places items for one set of subgraphs that may be called (`allowed`).

    With `counts_opening` a call costs its first user, so that items prefer calls already made:
    for use with a generous `allowed`. Without it, all of `allowed` counts as called anyway.
    `ambiguous_names` are response names that mean different fields for different object types.
    """

    def __init__(
        self,
        search: Search,
        arrivals: tuple[Arrival, ...],
        roots: tuple[RootEdge, ...],
        allowed: frozenset[SubgraphName],
        *,
        counts_opening: bool = False,
        ambiguous_names: frozenset[str] = frozenset(),
        memory: Memory | None = None,
    ) -> None:
        self._search = search
        self._graph = search.graph
        self._arrivals = arrivals
        self._roots = roots
        self._arrived = frozenset(arrival.node.subgraph for arrival in arrivals)
        self._allowed = allowed | self._arrived
        self._opened: set[Call] | None = set() if counts_opening else None
        self._ambiguous_names = ambiguous_names
        self._memory = memory or Memory()
        # A mutation is made once, by one subgraph, whatever its result lacks there.
        self._changes_data = any(edge.kind is not OperationType.QUERY for edge in roots)
        self._here: frozenset[TypeName] | None = None
        self._sources: dict[TypeName, list[Source]] = {}
        self._late: dict[tuple[TypeName, FieldEdge], Visit | None] = {}
        self._requiring: set[tuple[TypeName, FieldEdge]] = set()

    # --- Items -----------------------------------------------------------------------------

    def place_item(self, item: Item) -> PlacedItem:
        """Place an item for all objects at once if that is possible and not dearer."""
        if item.is_if_known and not self._type_is_at_hand():
            return PlacedItem(item, (), None)
        here = self.possible_types()
        concerned = here if item.types is None else item.types & here
        restricted = item.types is not None and concerned != here
        types = concerned if restricted else None
        if not concerned and here:
            return PlacedItem(item, (), types)
        whole: Placement | None = None
        if not restricted:
            common = self._common_types(concerned)
            if len(common) == 1:
                whole = self.place(item, common[0])
            else:
                self._memory.has_choice = True
                whole = self._cheapest(self.place(item, seen_as) for seen_as in common)
            if whole is not None and (
                whole.seen_as in concerned or not placement_cost(whole).waiting
            ):
                self._open(whole)
                return PlacedItem(item, (whole,), types)
            self._memory.has_choice = True
        placements: list[Placement] = []
        failed: list[TypeName] = []
        for object_type in sorted(concerned):
            placement = self.place(item, object_type)
            if placement is None:
                failed.append(object_type)
            else:
                placements.append(placement)
        if whole is not None and (
            failed
            or total_cost((PlacedItem(item, (whole,), types),))
            <= total_cost((PlacedItem(item, tuple(placements), types),))
        ):
            self._open(whole)
            return PlacedItem(item, (whole,), types)
        for placement in placements:
            self._open(placement)
        if not concerned:
            failed = [self._arrivals[0].node.type_name] if self._arrivals else []
        return PlacedItem(item, tuple(placements), types, tuple(failed))

    def possible_types(self) -> frozenset[TypeName]:
        """The object types that the object at this position can have."""
        if self._here is None:
            nodes = [arrival.node for arrival in self._arrivals]
            nodes = nodes or [edge.head for edge in self._roots]
            self._here = frozenset().union(
                *(self._graph.facts(node).possible_types for node in nodes)
            )
        return self._here

    def type_is_unknown(self) -> bool:
        """Whether the object is at hand as an interface object, that may be asked alone."""
        return any(self._graph.facts(arrival.node).hides_types for arrival in self._arrivals)

    def _type_is_at_hand(self) -> bool:
        return not self._arrivals or not all(
            self._graph.facts(arrival.node).hides_types for arrival in self._arrivals
        )

    def runtime_type_item(self, selections: Selections) -> Item:
        """The item `__typename`."""
        (item,) = self._search.pool.field_set((FieldSetField(TYPENAME),), selections.type_name)
        return item

    def _common_types(self, concerned: frozenset[TypeName]) -> list[TypeName]:
        """The types of arrivals that cover all objects."""
        known = self._memory.common_types.get(concerned)
        if known is None:
            found = {edge.head.type_name for edge in self._roots} or {
                arrival.node.type_name
                for arrival in self._arrivals
                if concerned <= self._graph.facts(arrival.node).possible_types
            }
            known = self._memory.common_types[concerned] = sorted(found)
        return known

    def _open(self, placement: Placement) -> None:
        if self._opened is not None:
            for source in placement.sources:
                if source.visit is not None:
                    self._opened |= self._calls_for(source)

    def _calls_for(self, source: Source) -> frozenset[Call]:
        known = self._memory.calls.get(source)
        if known is None:
            known = self._memory.calls[source] = calls_for(source)
        return known

    def _opening_cost(self, sources: Sequence[Source]) -> int:
        """What asking the sources costs beyond the calls that are made already."""
        opened = self._opened
        if opened is None:
            return 0
        calls: frozenset[Call] = frozenset()
        for source in sources:
            if source.visit is not None:
                calls |= self._calls_for(source)
        return sum([call_cost(call[1]) for call in calls if call not in opened])

    # --- Placements ------------------------------------------------------------------------

    def place(self, item: Item, seen_as: TypeName) -> Placement | None:
        """The cheapest way to know an item of objects looked at as `seen_as`."""
        self._search.spend()
        sources = self.sources(seen_as)
        if item.name == TYPENAME:
            return self._place_typename(item, seen_as, self._usable(sources))
        key = (id(sources), item.name)
        known = self._memory.candidates.get(key)
        if known is None or item.contexts:
            known = (sources, self._candidates(item, seen_as, sources))
            if not item.contexts:
                self._memory.candidates[key] = known
        allowed = self._allowed
        candidates = [found for found in known[1] if found.source.node.subgraph in allowed]
        return self._place(item, seen_as, candidates, sources)

    def _usable(self, sources: list[Source]) -> list[Source]:
        return [source for source in sources if source.node.subgraph in self._allowed]

    def _candidates(self, item: Item, seen_as: TypeName, sources: list[Source]) -> Candidates:
        """The sources that resolve the item's field as they stand, each with the edge."""
        view, name = self._search.view, item.name
        found: Candidates = []
        type_name: TypeName | None = None
        declaring: frozenset[SubgraphName] = frozenset()
        for source in sources:
            node = source.node
            if node.type_name != type_name:
                type_name = node.type_name
                declaring = view.declaring(type_name, name)
            if node.subgraph in declaring:
                edge = view.edge(node, name, seen_as)
                if edge is not None and (
                    not needs_more(edge) or self._takes_what_is_known(item, edge, source)
                ):
                    found.append(Candidate(source, edge))
        return found

    def sources(self, seen_as: TypeName) -> list[Source]:
        """All sources of the object looked at as `seen_as`, nearest first."""
        known = self._sources.get(seen_as)
        if known is None:
            known = self._sources[seen_as] = self._find_sources(seen_as)
            self._memory.bounds.learn_sources(known)
        return known

    def _find_sources(self, seen_as: TypeName) -> list[Source]:
        if not self._arrivals:
            return [
                Source(edge.head, 0, visit=Visit(edge.head.subgraph, seen_as, 0))
                for edge in self._roots
            ]
        key = (self._arrivals, seen_as)
        known = self._search.view.direct_sources.get(key)
        if known is not None:
            return known
        start = arrival_sources(self._graph, self._arrivals, seen_as)
        is_object_type = self._graph.possible_types(seen_as) == {seen_as}
        if is_object_type and not any(knows_type(self._graph, source) for source in start):
            # Only interface objects are at hand: go by the interface to who knows the type.
            for source in list(start):
                interface = source.node.type_name
                for further in self.sources(interface) if interface != seen_as else ():
                    downcast = self._graph.downcast_edge(further.node, seen_as)
                    if further.visit is not None and downcast is not None:
                        start.append(Source(downcast.head, further.depth, visit=further.visit))
        found = reachable_sources(
            self._search.view, seen_as, start, self._allowed, self._place_condition
        )
        found += self._root_sources(seen_as, found)
        if all(is_direct(source) for source in found):
            # Which subgraphs may be called makes no difference: no key is learnt on the way.
            self._search.view.direct_sources[key] = found
        else:
            self._memory.has_choice = True
        return found

    def _root_sources(self, seen_as: TypeName, sources: list[Source]) -> list[Source]:
        """Subgraphs that answer a field whose value is the query root once more: no key needed.

        They are asked when the object is known to be there, so that null stays null.
        """
        if seen_as != self._graph.supergraph.root_types.get(OperationType.QUERY.value):
            return []
        (runtime_type,) = self._search.pool.field_set((FieldSetField(TYPENAME),), seen_as)
        known = self._place_typename(runtime_type, seen_as, sources)
        if known is None:
            return []
        entered = {source.node.subgraph for source in sources}
        depth = known.done + 1
        return [
            Source(
                edge.head, depth, visit=Visit(edge.head.subgraph, seen_as, depth, None, (known,), 1)
            )
            for edge in self._graph.root_edges(OperationType.QUERY)
            if edge.head.subgraph not in entered
        ]

    def _place_condition(
        self, item: Item, seen_as: TypeName, sources: list[Source]
    ) -> Placement | None:
        if item.name == TYPENAME and self._graph.possible_types(seen_as) != {seen_as}:
            # Entering by an interface's key: the representation's type may be the interface.
            first = sources[0] if sources else None
            if first is None:
                return None
            return Placement(item, seen_as, (first,), (None,), None, first.depth)
        if item.name == TYPENAME:
            return self._place_typename(item, seen_as, sources)
        candidates = self._candidates(item, seen_as, sources)
        return self._place(item, seen_as, candidates, sources, is_condition=True)

    def _place_typename(
        self, item: Item, seen_as: TypeName, sources: list[Source]
    ) -> Placement | None:
        source = next((source for source in sources if knows_type(self._graph, source)), None)
        if source is None:
            return None
        if source.visit is not None:
            self._memory.has_choice = True
        return Placement(item, seen_as, (source,), (None,), None, source.depth)

    def _place(
        self,
        item: Item,
        seen_as: TypeName,
        candidates: Candidates,
        sources: list[Source],
        *,
        is_condition: bool = False,
    ) -> Placement | None:
        if item.response_name in self._ambiguous_names:
            candidates = [c for c in candidates if not self._would_mix(c.source, seen_as)]
        requiring = [
            edge
            for edge in self._search.view.requiring_edges(item.name, seen_as)
            if all(argument.context in item.contexts for argument in edge.context_arguments)
        ]
        if len(candidates) > 1 or requiring:
            self._memory.has_choice = True
        if item.children is None and candidates and not requiring:
            candidate = self._cheapest_leaf(candidates, is_condition=is_condition)
            return self._below(item, seen_as, (candidate,))
        if item.children is not None and len(candidates) > 1 and self._search.is_hurried:
            at_hand = self._nearest_at_hand(candidates)
            option = self._below(item, seen_as, at_hand)
            if option is not None and not option.cost_below.unresolved:
                return option
        options = [self._below(item, seen_as, (candidate,)) for candidate in candidates]
        if requiring:
            options += [
                self._below(
                    item, seen_as, (Candidate(Source(edge.tail, visit.depth, visit=visit), edge),)
                )
                for edge, visit in self._visits_for_requirements(requiring, seen_as, sources)
            ]
        best = self._cheapest(options, is_condition=is_condition)
        if item.children is None:
            return best
        may_ask_several = len(candidates) > 1 and not self._changes_data
        if may_ask_several and (
            best is None or best.below is None or self._may_improve(best, seen_as)
        ):
            distinct = {candidate.edge.head: candidate for candidate in reversed(candidates)}
            everywhere = self._below(item, seen_as, tuple(reversed(distinct.values())))
            options.append(everywhere)
            best = self._cheapest((best, everywhere), is_condition=is_condition)
        if self._opened is not None and not is_condition:
            self._memory.bounds.learn(item, seen_as, options)
        return best

    def _cheapest_leaf(self, candidates: Candidates, *, is_condition: bool) -> Candidate:
        """The candidate to ask for a field with nothing below it; compares as `_rank` does."""
        best, best_rank = candidates[0], None
        if self._opened is not None:
            self._search.spend(len(candidates) - 1)
        for candidate in candidates if len(candidates) > 1 else ():
            source = candidate.source
            opening, depth = self._opening_cost((source,)), source.depth
            rank = (depth, opening) if is_condition else (opening, depth)
            if best_rank is None or rank < best_rank:
                best, best_rank = candidate, rank
        return best

    def _nearest_at_hand(self, candidates: Candidates) -> Candidates:
        """The candidates at arrivals, or else the nearest one: what to take without comparing."""
        arrived = [candidate for candidate in candidates if candidate.source.visit is None]
        if not arrived or self._changes_data:
            return [min(candidates, key=lambda candidate: candidate.source.depth)]
        distinct = {candidate.edge.head: candidate for candidate in reversed(arrived)}
        return list(distinct.values())[::-1]

    def _may_improve(self, placement: Placement, seen_as: TypeName) -> bool:
        """Whether asking several subgraphs for the same field could cost less below it."""
        below = placement.cost_below
        if below.unresolved:
            return True
        floor = self._memory.bounds.floor(placement.item, seen_as)
        return (below.waiting, below.calls) > floor

    def _would_mix(self, source: Source, seen_as: TypeName) -> bool:
        """Whether an interface object would answer for one type what others call the same."""
        return (
            source.visit is None
            and source.node.type_name != seen_as
            and not knows_type(self._graph, source)
        )

    def _below(
        self,
        item: Item,
        seen_as: TypeName,
        candidates: Sequence[Candidate],
    ) -> Placement | None:
        sources = tuple([candidate.source for candidate in candidates])
        key = (item, seen_as, sources)
        placements = self._memory.placements
        if key not in placements:
            edges = tuple([candidate.edge for candidate in candidates])
            placements[key] = self._make_placement(item, seen_as, sources, edges)
        return placements[key]

    def _make_placement(
        self,
        item: Item,
        seen_as: TypeName,
        sources: tuple[Source, ...],
        edges: tuple[FieldEdge, ...],
    ) -> Placement | None:
        self._search.spend()
        if item.children is None:
            return Placement(item, seen_as, sources, edges, None, sources[0].depth)
        if len(sources) == 1:
            start = sources[0].depth
            values = item.carried and self._carried(item, sources[0])
            arrivals: tuple[Arrival, ...] = (Arrival(edges[0].head, 0, values),)
        else:
            start = min(source.depth for source in sources)
            arrivals = tuple(
                Arrival(
                    edge.head,
                    source.depth - start,
                    item.carried and self._carried(item, source),
                )
                for source, edge in zip(sources, edges, strict=True)
            )
        below = self._search.solve(item.children, arrivals)
        if below is None:
            return None
        return Placement(
            item,
            seen_as,
            sources,
            edges,
            below,
            start + below.done,
            start,
            below.cost.starting_at(start),
        )

    # --- Values from contexts --------------------------------------------------------------

    def _carried(self, item: Item, source: Source) -> ContextValues:
        """Of the values that fields below take, those that a call asking for the item can be sent.

        An entity call is sent whatever its objects' ancestors set.
        """
        if source.visit is not None:
            return item.carried if source.visit.entry is not None else NO_VALUES
        return item.carried & self._values_at(source)

    def _values_at(self, source: Source) -> ContextValues:
        """The values that the call which brings the object can be sent, if there is one."""
        known = (arrival.values for arrival in self._arrivals if arrival.node == source.arrival)
        return next(known, NO_VALUES)

    def _takes_what_is_known(self, item: Item, edge: FieldEdge, source: Source) -> bool:
        """Whether contextual arguments are all that the edge needs, with values at hand."""
        if edge.conditions or not item.contexts or source.visit is not None:
            return False
        return self._values_at(source).issuperset(map(value_of, edge.context_arguments))

    # --- Requirements ----------------------------------------------------------------------

    def _visits_for_requirements(
        self, edges: Sequence[FieldEdge], seen_as: TypeName, sources: list[Source]
    ) -> Iterator[tuple[FieldEdge, Visit]]:
        """Calls made for an item with `@requires`, after its requirements are known."""
        for edge in edges:
            if edge.tail.subgraph not in self._allowed:
                continue
            visit = self._visit_for_requirement(edge, seen_as, sources)
            if visit is not None:
                yield edge, visit

    def _visit_for_requirement(
        self, edge: FieldEdge, seen_as: TypeName, sources: list[Source]
    ) -> Visit | None:
        key = (seen_as, edge)
        if key in self._requiring:
            return None
        if key in self._late:
            return self._late[key]
        self._requiring.add(key)
        try:
            visits = [
                visit
                for entry, items, key_length in self._search.view.entries_for(edge, seen_as)
                if (
                    visit := visit_by(
                        entry, items, key_length, seen_as, sources, self._place_condition
                    )
                )
                is not None
            ]
        finally:
            self._requiring.discard(key)
        visit = min(visits, key=lambda visit: visit.depth, default=None)
        if not self._requiring:
            self._late[key] = visit
        return visit

    # --- Comparing -------------------------------------------------------------------------

    def _cheapest(
        self,
        options: Iterator[Placement | None] | list[Placement | None] | tuple[Placement | None, ...],
        *,
        is_condition: bool = False,
    ) -> Placement | None:
        possible = [
            option
            for option in options
            if option is not None
            and not (is_condition and option.below is not None and option.below.cost.unresolved)
        ]
        if len(possible) < 2:
            return possible[0] if possible else None
        return min(possible, key=lambda option: self._rank(option, is_condition=is_condition))

    def _rank(self, option: Placement, *, is_condition: bool) -> tuple[int, ...]:
        below = option.cost_below
        waiting = below.waiting + self._opening_cost(option.sources)
        first = option.done if is_condition else 0
        count = len(option.sources)
        return (first, below.unresolved, waiting, below.calls, option.sources[-1].depth, count)
