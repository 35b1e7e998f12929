"""How an object can be reached in further subgraphs, by its keys.

An object stands at its arrivals. From there each further subgraph is entered by one of its keys,
whose fields have to be known: from an arrival, or from a subgraph that was entered before. So the
ways are found in the order of their depth, like shortest paths, where an edge may need several
nodes at once (a key whose fields come from two subgraphs).

The object is looked at as one type at a time: an object type, or an interface that has keys. An
`@interfaceObject` arrival does not know the object's type; then subgraphs that do come first.
"""

from __future__ import annotations

from collections.abc import Callable

from gateway.planner.graph_view import GraphView
from gateway.planner.query_tree import Arrival, Placement, Source, Visit
from gateway.planner.selections import Item
from supergraph.model import SubgraphName, TypeName
from supergraph.query_graph import Entry, Node, QueryGraph

Place = Callable[[Item, TypeName, list[Source]], Placement | None]
"""Places a condition, given the sources known so far."""

Conditions = tuple[tuple[Placement, ...], int]
"""What has to be known before a call, placed, and the depth of the call."""


def arrival_sources(
    graph: QueryGraph, arrivals: tuple[Arrival, ...], seen_as: TypeName
) -> list[Source]:
    """The arrivals at which an object, looked at as `seen_as`, can be asked."""
    found: list[Source] = []
    for arrival in arrivals:
        node = arrival.node
        if node.type_name == seen_as:
            found.append(Source(node, arrival.depth, arrival=node))
        elif (downcast := graph.downcast_edge(node, seen_as)) is not None:
            found.append(Source(downcast.head, arrival.depth, arrival=node))
    return found


def knows_type(graph: QueryGraph, source: Source) -> bool:
    """Whether `__typename` is true at this source."""
    return not graph.facts(source.node).hides_types


def is_direct(source: Source) -> bool:
    """Whether the source is an arrival, or is entered with what arrivals know."""
    return source.visit is None or not any(
        supplier.visit for placement in source.visit.conditions for supplier in placement.sources
    )


def reachable_sources(
    view: GraphView,
    seen_as: TypeName,
    start: list[Source],
    preferred: frozenset[SubgraphName],
    place: Place,
) -> list[Source]:
    """`start`, and a source per further subgraph that its keys open, nearest first.

    At equal depth a subgraph in `preferred` comes first, so that keys are learnt there.
    """
    sources = list(start)
    # An interface object may be entered again once the type is known: see `Walk.ambiguous_names`.
    open_subgraphs = {
        source.node.subgraph
        for source in start
        if source.node.type_name == seen_as or knows_type(view.graph, source)
    }
    waiting = [
        (entry, items)
        for entry, items in view.entries(seen_as)
        if entry.subgraph not in open_subgraphs
    ]
    while waiting:
        # A call made now makes none of the same depth earlier, so they are taken all at once.
        known: dict[int, Conditions | None] = {}
        ranked: list[tuple[tuple[int, bool, int], Visit, Entry]] = []
        for index, (entry, items) in enumerate(waiting):
            if id(items) not in known:
                known[id(items)] = _conditions(items, seen_as, sources, place)
            conditions = known[id(items)]
            if conditions is not None:
                placed, depth = conditions
                visit = Visit(entry.subgraph, seen_as, depth, entry, placed, len(placed))
                rank = (visit.depth, entry.subgraph not in preferred, index)
                ranked.append((rank, visit, entry))
        if not ranked:
            return sources
        ranked.sort(key=lambda option: option[0])
        entered: set[Node] = set()
        for _, visit, entry in ranked:
            if visit.depth == ranked[0][1].depth and entry.node not in entered:
                entered.add(entry.node)
                sources.append(Source(entry.node, visit.depth, visit=visit))
        waiting = [(entry, items) for entry, items in waiting if entry.node not in entered]
    return sources


def visit_by(
    entry: Entry,
    items: tuple[Item, ...],
    key_length: int,
    seen_as: TypeName,
    sources: list[Source],
    place: Place,
) -> Visit | None:
    """The call that enters by this key, made as early as `sources` allow; None if they do not.

    Of `items` the first `key_length` are the key's, the others what else is to be sent.
    """
    conditions = _conditions(items, seen_as, sources, place)
    if conditions is None:
        return None
    of_key = sum(item.types is None or seen_as in item.types for item in items[:key_length])
    return Visit(entry.subgraph, seen_as, conditions[1], entry, conditions[0], of_key)


def _conditions(
    items: tuple[Item, ...], seen_as: TypeName, sources: list[Source], place: Place
) -> Conditions | None:
    placements: list[Placement] = []
    depth = 0
    for item in items:
        if item.types is not None and seen_as not in item.types:
            continue
        placement = place(item, seen_as, sources)
        if placement is None:
            return None
        placements.append(placement)
        depth = max(depth, placement.done + 1)
    return tuple(placements), depth
