"""The outcome of the search: for every field, the subgraph to ask, and how to get there.

A `Solution` belongs to a position (an object in the response) and says how each of its items is
placed. Placements of fields with selections hold the solution of the position below; together they
form the tree that `build_fetch_graph.py` turns into subgraph calls.

Nothing here changes once it is made, and all but costs and arrivals are compared by identity. The
classes are written out: thousands of their objects are made for one plan, in half the time that
dataclasses would take.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple, final

from gateway.planner.selections import Item, Selections
from supergraph.contexts import NO_VALUES, ContextValues
from supergraph.model import SubgraphName, TypeName
from supergraph.query_graph import Entry, FieldEdge, Node

CALL_COST = 100
"""Cost of a call for each call before it that it waits for; a first call costs 1."""


def call_cost(depth: int) -> int:
    """What a call at this depth adds to `Cost.waiting`."""
    return max(1, CALL_COST * depth)


class Arrival(NamedTuple):
    """A node at which the object is already at hand.

    Depths count calls, from the first call that has the object at hand. `values` are those that
    this call can be sent for contextual arguments here and below.
    """

    node: Node
    depth: int
    values: ContextValues = NO_VALUES


@final
class Cost:
    """What a solution costs, most important first.

    `waiting` sums the depths of all calls (a call at depth 0 counts a hundredth): later calls
    cost more, and more calls cost more. `fields` counts fields, later ones more.
    """

    __slots__ = ("calls", "fields", "unresolved", "waiting")

    def __init__(
        self, unresolved: int = 0, waiting: int = 0, calls: int = 0, fields: int = 0
    ) -> None:
        self.unresolved = unresolved
        self.waiting = waiting
        self.calls = calls
        self.fields = fields

    def _in_order(self) -> tuple[int, int, int, int]:
        return self.unresolved, self.waiting, self.calls, self.fields

    def __lt__(self, other: Cost) -> bool:
        return self._in_order() < other._in_order()

    def __le__(self, other: Cost) -> bool:
        return self._in_order() <= other._in_order()

    def starting_at(self, depth: int) -> Cost:
        """The same, when its first call is made `depth` calls later."""
        if not depth:
            return self
        return Cost(
            self.unresolved,
            self.waiting + CALL_COST * depth * self.calls,
            self.calls,
            self.fields + depth,
        )


NO_COST = Cost()


@final
class Visit:
    """A further call for the object at this position, by key or (`entry` None) at the root.

    `seen_as` is the type whose key is used: an object type, or an interface. `conditions` place
    what has to be known before: runtime type and key, `key_length` of them, and then, for a call
    made because of `@requires`, the requirements.
    """

    __slots__ = ("conditions", "depth", "entry", "key_length", "seen_as", "subgraph")

    def __init__(
        self,
        subgraph: SubgraphName,
        seen_as: TypeName,
        depth: int,
        entry: Entry | None = None,
        conditions: tuple[Placement, ...] = (),
        key_length: int = 0,
    ) -> None:
        self.subgraph = subgraph
        self.seen_as = seen_as
        self.depth = depth
        self.entry = entry
        self.conditions = conditions
        self.key_length = key_length


@final
class Source:
    """A node that can be asked for fields at a position: an arrival, or reached by a visit."""

    __slots__ = ("arrival", "depth", "node", "visit")

    def __init__(
        self,
        node: Node,
        depth: int,
        arrival: Node | None = None,
        visit: Visit | None = None,
    ) -> None:
        self.node = node
        self.depth = depth
        self.arrival = arrival
        self.visit = visit


@final
class Placement:
    """An item, for objects seen as `seen_as`, asked of `sources` (usually one).

    Several sources mean that the same field is asked of several subgraphs, because what is below
    it is not in one. `edges` has one edge per source, None for `__typename`. `done` is the depth
    at which everything below is known; depths in `below` count from `below_from`.
    """

    __slots__ = ("below", "below_from", "cost_below", "done", "edges", "item", "seen_as", "sources")

    def __init__(
        self,
        item: Item,
        seen_as: TypeName,
        sources: tuple[Source, ...],
        edges: tuple[FieldEdge | None, ...],
        below: Solution | None,
        done: int,
        below_from: int = 0,
        cost_below: Cost = NO_COST,
    ) -> None:
        self.item = item
        self.seen_as = seen_as
        self.sources = sources
        self.edges = edges
        self.below = below
        self.done = done
        self.below_from = below_from
        self.cost_below = cost_below


@final
class PlacedItem:
    """An item with one placement for all objects, or one per object type; empty if impossible.

    `types` are the object types that the item concerns here, None where it concerns all.
    """

    __slots__ = ("failed_types", "item", "placements", "types")

    def __init__(
        self,
        item: Item,
        placements: tuple[Placement, ...],
        types: frozenset[TypeName] | None,
        failed_types: tuple[TypeName, ...] = (),
    ) -> None:
        self.item = item
        self.placements = placements
        self.types = types
        self.failed_types = failed_types


@final
class Solution:
    """How to know `selections` about an object that is at hand at `arrivals`."""

    __slots__ = ("arrivals", "cost", "done", "items", "selections")

    def __init__(
        self,
        selections: Selections,
        arrivals: tuple[Arrival, ...],
        items: tuple[PlacedItem, ...],
        cost: Cost,
        done: int,
    ) -> None:
        self.selections = selections
        self.arrivals = arrivals
        self.items = items
        self.cost = cost
        self.done = done

    def visits(self) -> Iterator[Visit]:
        """All calls made for the object itself, those for conditions included; with repetition."""
        pending = [placement for item in self.items for placement in item.placements]
        while pending:
            placement = pending.pop()
            for source in placement.sources:
                if source.visit is not None:
                    yield source.visit
                    pending.extend(source.visit.conditions)
