"""What solutions cost: each call once, each position below once."""

from __future__ import annotations

from gateway.planner.query_tree import Cost, PlacedItem, Placement, call_cost
from supergraph.model import SubgraphName


def calls_of(placements: tuple[Placement, ...]) -> set[tuple[SubgraphName, int]]:
    """Subgraph and depth of the calls that placements need for their own object."""
    found: set[tuple[SubgraphName, int]] = set()
    pending = list(placements)
    while pending:
        for source in pending.pop().sources:
            if source.visit is not None:
                found.add((source.visit.subgraph, source.visit.depth))
                pending.extend(source.visit.conditions)
    return found


def total_cost(items: tuple[PlacedItem, ...]) -> Cost:
    """The cost of a position: each call once, each position below once."""
    unresolved = sum(len(item.failed_types) for item in items)
    waiting = count = fields = 0
    calls: set[tuple[SubgraphName, int]] = set()
    below: set[tuple[str, int, int]] = set()
    seen: set[int] = set()
    pending = [placement for item in items for placement in item.placements]
    while pending:
        placement = pending.pop()
        if id(placement) in seen:
            continue
        seen.add(id(placement))
        if placement.below is not None:
            identity = (placement.item.response_name, id(placement.below), placement.below_from)
            if identity not in below:
                below.add(identity)
                unresolved += placement.cost_below.unresolved
                waiting += placement.cost_below.waiting
                count += placement.cost_below.calls
                fields += placement.cost_below.fields
        for source in placement.sources:
            fields += 1 + source.depth
            if source.visit is not None:
                calls.add((source.visit.subgraph, source.visit.depth))
                pending.extend(source.visit.conditions)
    waiting += sum(call_cost(depth) for _, depth in calls)
    return Cost(unresolved, waiting, count + len(calls), fields)


def placement_cost(placement: Placement) -> Cost:
    """The cost of one placement alone."""
    return total_cost((PlacedItem(placement.item, (placement,), None),))
