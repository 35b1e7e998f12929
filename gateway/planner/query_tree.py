"""The outcome of the search: for every field, the subgraph to ask, and how to get there.

A `Solution` belongs to a position (an object in the response) and says how each of its items is
placed. Placements of fields with selections hold the solution of the position below; together they
form the tree that `build_fetch_graph.py` turns into subgraph calls.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

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


class Cost(NamedTuple):
    """What a solution costs, most important first.

    `waiting` sums the depths of all calls (a call at depth 0 counts a hundredth): later calls
    cost more, and more calls cost more. `fields` counts fields, later ones more.
    """

    unresolved: int = 0
    waiting: int = 0
    calls: int = 0
    fields: int = 0

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


@dataclass(frozen=True, slots=True, eq=False)
class Visit:
    """A further call for the object at this position, by key or (`entry` None) at the root.

    `seen_as` is the type whose key is used: an object type, or an interface. `conditions` place
    what has to be known before: runtime type and key, `key_length` of them, and then, for a call
    made because of `@requires`, the requirements.
    """

    subgraph: SubgraphName
    seen_as: TypeName
    depth: int
    entry: Entry | None = None
    conditions: tuple[Placement, ...] = ()
    key_length: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Source:
    """A node that can be asked for fields at a position: an arrival, or reached by a visit.

    `narrowed_to` is the object type looked at where the node's own object may have others.
    """

    node: Node
    depth: int
    arrival: Node | None = None
    visit: Visit | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Placement:
    """An item, for objects seen as `seen_as`, asked of `sources` (usually one).

    Several sources mean that the same field is asked of several subgraphs, because what is below
    it is not in one. `edges` has one edge per source, None for `__typename`. `done` is the depth
    at which everything below is known; depths in `below` count from `below_from`.
    """

    item: Item
    seen_as: TypeName
    sources: tuple[Source, ...]
    edges: tuple[FieldEdge | None, ...]
    below: Solution | None
    done: int
    below_from: int = 0
    cost_below: Cost = NO_COST


@dataclass(frozen=True, slots=True, eq=False)
class PlacedItem:
    """An item with one placement for all objects, or one per object type; empty if impossible.

    `types` are the object types that the item concerns here, None where it concerns all.
    """

    item: Item
    placements: tuple[Placement, ...]
    types: frozenset[TypeName] | None
    failed_types: tuple[TypeName, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Solution:
    """How to know `selections` about an object that is at hand at `arrivals`."""

    selections: Selections
    arrivals: tuple[Arrival, ...]
    items: tuple[PlacedItem, ...]
    cost: Cost
    done: int

    def visits(self) -> Iterator[Visit]:
        """All calls made for the object itself, those for conditions included; with repetition."""
        pending = [placement for item in self.items for placement in item.placements]
        while pending:
            placement = pending.pop()
            for source in placement.sources:
                if source.visit is not None:
                    yield source.visit
                    pending.extend(source.visit.conditions)
