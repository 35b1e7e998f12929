"""Filling the arguments that a field takes from above (`@fromContext`) with variables of its call.

The search has placed each value as an item of the object that sets the context (`contexts.py`).
When a field that takes it is written, the value is looked for from the field's object upwards, and
written there; the call of the field is then sent it as a variable, and waits for whoever supplies
it. That no depth of the search accounts for.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Set
from dataclasses import replace
from typing import Protocol

from graphql import NameNode, ValueNode, VariableNode

from gateway.operation.model import Conditions
from gateway.plan.nodes import (
    ContextRewrite,
    FieldSegment,
    FlattenPath,
    RewritePath,
    TypeConditionSegment,
)
from gateway.planner.contexts import ContextFacts
from gateway.planner.fetch_graph import FetchGroup, RequiredNode, wait_for
from gateway.planner.positions import Needed, Position, ValueAbove
from gateway.planner.query_tree import PlacedItem, Placement
from gateway.planner.selections import TYPENAME
from supergraph.contexts import value_of
from supergraph.model import JoinContextArgument, TypeName
from supergraph.query_graph import FieldEdge, QueryGraph


class Writer(Protocol):
    """Writes fields into the calls that supply values."""

    def add_placement(
        self,
        placement: Placement,
        types: frozenset[TypeName] | None,
        position: Position,
        needed: Needed | None,
        wanted: Conditions,
    ) -> None:
        """Write one placement, and note in `needed` how it is read and who supplies it."""
        ...

    def type_suppliers(self, position: Position, wanted: Conditions) -> dict[FetchGroup, None]:
        """The calls that tell an object's type where not all calls for it can."""
        ...


class ContextFiller:
    """Finds and sends the values of contextual arguments, for one operation.

    `client_variables` are names that are taken.
    """

    def __init__(
        self,
        graph: QueryGraph,
        facts: ContextFacts,
        client_variables: Set[str],
    ) -> None:
        self._graph = graph
        self._facts = facts
        self._client_variables = client_variables
        self.takes_values = False
        """Whether some call waits for a value, whatever its depth is."""

    def values_above(
        self, edge: FieldEdge, position: Position, wanted: Conditions, writer: Writer
    ) -> Iterator[ValueAbove]:
        """Where values of a field's arguments may stand, nearest first; `writer` writes them."""
        for argument in edge.context_arguments:
            variable = self._variable(edge, argument)
            yield from self._value_above(argument, variable, position, wanted, writer)

    def fill(
        self,
        group: FetchGroup,
        edge: FieldEdge,
        values: Iterable[ValueAbove],
        position: Position,
    ) -> tuple[tuple[str, ValueNode], ...]:
        """The arguments that a field of `position` takes; its call then waits for the values.

        The call may have been made for an object further up than the field's own.
        """
        arguments: list[tuple[str, ValueNode]] = []
        for argument in edge.context_arguments:
            variable = self._variable(edge, argument)
            group.context_types[variable] = argument.type
            arguments.append((argument.name, VariableNode(name=NameNode(value=variable))))
        below = _count_fields(position.place.path) - _count_fields(group.place.path)
        for value in values:
            levels = value.rewrite.levels - below
            if levels < 1:
                continue  # for objects of another type; what is here takes its value further up
            if wait_for(value.suppliers, group):
                # What supplies it is written for objects above, from field sets: it has calls of
                # its own, and composition refuses field sets that need what they are for.
                raise AssertionError("a value waits for a call that is to be sent it")
            self.takes_values = True
            group.contexts[replace(value.rewrite, levels=levels)] = None
            group.parents.update(value.suppliers)
        return tuple(arguments)

    def _variable(self, edge: FieldEdge, argument: JoinContextArgument) -> str:
        variable = self._facts.variable(edge, argument)
        while variable in self._client_variables:
            variable = f"_{variable}"
        return variable

    def _value_above(
        self,
        argument: JoinContextArgument,
        variable: str,
        position: Position,
        wanted: Conditions,
        writer: Writer,
    ) -> Iterator[ValueAbove]:
        value = value_of(argument)
        levels = 1
        types, above = position.types_above, position.above
        while above is not None and above.solution is not None:
            selections = above.solution.selections
            needed = Needed()
            for placed in above.solution.items:
                if placed.item.context == value:
                    self._add_value(placed, above, needed, wanted, writer)
            if not needed.suppliers:
                for placement in above.values.get(value, ()):
                    writer.add_placement(placement, None, above, needed, wanted)
            suppliers = needed.suppliers
            if needed.required.fragments:
                suppliers = suppliers | writer.type_suppliers(above, wanted)
            for path in _leaf_paths(needed.required):
                yield ValueAbove(ContextRewrite(levels, path, variable), suppliers)
            concerned = types or self._graph.possible_types(selections.type_name)
            if concerned == self._facts.setters(value.context, concerned):
                return
            levels += 1
            types, above = above.types_above, above.above

    def _add_value(
        self,
        placed: PlacedItem,
        position: Position,
        needed: Needed,
        wanted: Conditions,
        writer: Writer,
    ) -> None:
        for placement in placed.placements:
            below = needed
            if placed.types is not None or len(placed.placements) > 1:
                types = placed.types or self._graph.possible_types(placement.seen_as)
                for name in sorted(types & self._graph.possible_types(placement.seen_as)):
                    fragment = needed.required.fragments.setdefault(name, RequiredNode())
                    below = Needed(fragment, needed.suppliers)
                    writer.add_placement(placement, placed.types, position, below, wanted)
            else:
                writer.add_placement(placement, placed.types, position, below, wanted)


def _count_fields(path: FlattenPath) -> int:
    return sum(isinstance(segment, FieldSegment) for segment in path)


def _leaf_paths(node: RequiredNode) -> Iterator[RewritePath]:
    """The ways to the leaves, `__typename` left out."""
    for name, below in node.fields.items():
        if name != TYPENAME:
            ways = _leaf_paths(below) if below.fields or below.fragments else iter(((),))
            for rest in ways:
                yield (FieldSegment(name), *rest)
    for type_name, below in node.fragments.items():
        for rest in _leaf_paths(below):
            yield (TypeConditionSegment(frozenset({type_name})), *rest)
