"""What solutions cost: each call once, each position below once."""

from __future__ import annotations

from typing import TypeAlias

from gateway.planner.query_tree import Cost, PlacedItem, Placement, Source, Visit, call_cost
from supergraph.model import SubgraphName

Call: TypeAlias = tuple[SubgraphName, int]
"""A call for a position's own object: subgraph and depth."""


def calls_for(source: Source) -> frozenset[Call]:
    """The calls that asking a source needs for the position's own object."""
    found: set[Call] = set()
    pending = [source]
    while pending:
        visit = pending.pop().visit
        if visit is not None:
            found.add((visit.subgraph, visit.depth))
            for placement in visit.conditions:
                pending.extend(placement.sources)
    return frozenset(found)


def total_cost(items: tuple[PlacedItem, ...]) -> Cost:
    """The cost of a position: each call once, each position below once."""
    unresolved = sum(len(item.failed_types) for item in items)
    waiting = count = fields = 0
    calls: set[Call] = set()
    below: set[tuple[str, int, int]] = set()
    seen: set[int] = set()
    visited: set[Visit] = set()
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
            visit = source.visit
            if visit is not None and visit not in visited:
                visited.add(visit)
                calls.add((visit.subgraph, visit.depth))
                pending.extend(visit.conditions)
    waiting += sum(call_cost(depth) for _, depth in calls)
    return Cost(unresolved, waiting, count + len(calls), fields)


def placement_cost(placement: Placement) -> Cost:
    """The cost of one placement alone."""
    return total_cost((PlacedItem(placement.item, (placement,), None),))
