"""Where an object can be asked about, once it has been met in some subgraphs.

An object met at a few nodes of the query graph can often be asked about in more: a key known here
enters a subgraph there, what that subgraph knows completes another key, and so on until nothing is
added. The naive way, following single paths, repeats this work for each of exponentially many
paths; here the object is at a *set* of nodes, which only grows, and each set is computed once.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeAlias

from graphql import OperationType

from supergraph.contexts import NO_VALUES, Contexts, ContextValue, ContextValues, value_of
from supergraph.federation.field_set import (
    FieldSet,
    FieldSetField,
    field_names,
    parse_field_set,
)
from supergraph.model import SubgraphName, TypeName
from supergraph.query_graph import FieldEdge, Node, QueryGraph

Nodes: TypeAlias = frozenset[Node]
"""One object, and every node at which it can be asked about."""

_Pending: TypeAlias = frozenset[tuple[Node, str | ContextValue]]
"""Fields whose requirements, and values of contexts whose selections, are being looked at: they
cannot depend on themselves."""

_NONE: _Pending = frozenset()


class Reachability:
    """Questions about one query graph, for requests that carry the override `labels`."""

    def __init__(self, graph: QueryGraph, labels: frozenset[str] = frozenset()) -> None:
        self.graph = graph
        self.labels = labels
        self._ordered: dict[Nodes, tuple[Node, ...]] = {}
        self.contexts = Contexts(graph.supergraph.types)
        self._resolvable: set[tuple[Nodes, FieldSet, ContextValues]] = set()
        self._unresolvable: dict[tuple[Nodes, FieldSet, ContextValues], set[_Pending]] = {}
        self._closures: dict[Nodes, Nodes] = {}
        self._usable: dict[tuple[Nodes, str], tuple[FieldEdge, ...]] = {}

    def closure(self, nodes: Nodes, pending: _Pending = _NONE) -> Nodes:
        """`nodes` and all that keys lead to from there."""
        if not pending and (known := self._closures.get(nodes)) is not None:
            return known
        reached = nodes | self._roots(nodes)
        waiting = {
            edge: None for node in sorted(reached) for edge in self.graph.entries(node.type_name)
        }
        added = True
        while added:
            added = False
            for entry in list(waiting):
                if entry.node in reached:
                    del waiting[entry]
                elif self.can_resolve(reached, entry.key, pending):
                    del waiting[entry]
                    reached |= {entry.node}
                    for more in self.graph.entries(entry.node.type_name):
                        if more.node not in reached:
                            waiting.setdefault(more)
                    added = True
        if not pending:
            self._closures[nodes] = reached
        return reached

    def _roots(self, nodes: Nodes) -> Nodes:
        """A root type met inside a query can be asked of every subgraph: nothing identifies it."""
        root_types = self.graph.supergraph.root_types
        kinds = [
            kind
            for kind in OperationType
            if any(node.type_name == root_types.get(kind.value) for node in nodes)
        ]
        return frozenset(edge.head for kind in kinds for edge in self.graph.root_edges(kind))

    def edges(self, nodes: Nodes, field: str, pending: _Pending = _NONE) -> tuple[FieldEdge, ...]:
        """The ways to ask for a field of an object at `nodes` (a closure), requirements met."""
        key = (nodes, field)
        if not pending and (known := self._usable.get(key)) is not None:
            return known
        found = tuple(
            edge
            for node in self._declaring(nodes, field)
            if (edge := self.graph.field_edge(node, field)) is not None
            and self._is_usable(nodes, edge, pending)
        )
        if not pending:
            self._usable[key] = found
        return found

    def _declaring(self, nodes: Nodes, field: str) -> list[Node]:
        """The nodes whose subgraph has such a field at all, in order."""
        ordered = self._ordered.get(nodes)
        if ordered is None:
            ordered = self._ordered[nodes] = tuple(sorted(nodes))
        graphs: dict[TypeName, frozenset[SubgraphName]] = {}
        for name in {node.type_name for node in ordered}:
            definition = self.graph.supergraph.types.get(name)
            declared = definition.fields.get(field) if definition else None
            joins = declared.joins if declared else ()
            graphs[name] = frozenset(join.graph for join in joins)
        return [node for node in ordered if node.subgraph in graphs[node.type_name]]

    def _is_usable(self, nodes: Nodes, edge: FieldEdge, pending: _Pending) -> bool:
        if edge.override is not None and not edge.override.holds(self.labels):
            return False
        if self.is_external(edge.tail, edge.field_name):
            return False
        if not edge.conditions:
            return True
        mark = (edge.tail, edge.field_name)
        if mark in pending:
            return False
        pending |= {mark}
        return self.can_resolve(nodes, edge.conditions, pending) and self.can_enter(
            nodes, edge.tail, pending
        )

    def is_external(self, node: Node, field: str) -> bool:
        """Whether the subgraph says that it does not resolve the field, and nothing provides it.

        A key field may be marked so: the subgraph takes it, but cannot give it.
        """
        if not self.is_declared_external(node, field):
            return False
        provided = (name for text in node.provides for name in field_names(parse_field_set(text)))
        return field not in provided

    def is_declared_external(self, node: Node, field: str) -> bool:
        """Whether the subgraph marks the field as external, provided here or not."""
        definition = self.graph.supergraph.types.get(node.type_name)
        declared = definition.fields.get(field) if definition else None
        join = declared.join(node.subgraph) if declared else None
        return join is not None and join.external

    def can_enter(self, nodes: Nodes, node: Node, pending: _Pending = _NONE) -> bool:
        """Whether a key for the node's subgraph is known at `nodes`, to send what it requires."""
        return any(
            entry.subgraph == node.subgraph and self.can_resolve(nodes, entry.key, pending)
            for entry in self.graph.entries(node.type_name)
        )

    def can_resolve(
        self,
        nodes: Nodes,
        field_set: FieldSet,
        pending: _Pending = _NONE,
        values: ContextValues = NO_VALUES,
    ) -> bool:
        """Whether all of a field set can be known of an object at `nodes`.

        What a requirement or key names is fetched apart. So only contexts that are set within the
        field set fill arguments in it: `values` are what those above the object give.
        """
        question = (nodes, field_set, values)
        if question in self._resolvable:
            return True
        refused = self._unresolvable.setdefault(question, set())
        if pending in refused:
            return False
        # What can be known while some requirements are off limits can be known without limits.
        if self._resolve(nodes, field_set, pending, values):
            self._resolvable.add(question)
            return True
        refused.add(pending)
        return False

    def _resolve(
        self, nodes: Nodes, field_set: FieldSet, pending: _Pending, values: ContextValues
    ) -> bool:
        for selection in field_set:
            if isinstance(selection, FieldSetField):
                if selection.name == "__typename":
                    continue
                if not self._can_resolve_field(nodes, selection, pending, values):
                    return False
            elif selection.type_condition is None:
                if not self.can_resolve(nodes, selection.selections, pending, values):
                    return False
            else:
                for name in sorted(self.graph.possible_types(TypeName(selection.type_condition))):
                    narrowed = self.narrow(nodes, name)
                    if narrowed and not self.can_resolve(
                        self.closure(narrowed, pending), selection.selections, pending, values
                    ):
                        return False
        return True

    def _can_resolve_field(
        self, nodes: Nodes, selection: FieldSetField, pending: _Pending, values: ContextValues
    ) -> bool:
        edges = self.filled_edges(nodes, selection.name, values, pending)
        types = self.possible_types(nodes)
        if edges:
            if not selection.selections:
                return True
            below = self.values_below(nodes, types, values, pending)
            heads = self.closure(frozenset(edge.head for edge in edges), pending)
            return self.can_resolve(heads, selection.selections, pending, below)
        # No subgraph resolves the field for the abstract type: ask each possible type.
        if not any(self._is_abstract(node) for node in nodes) or not types:
            return False
        for name in sorted(types):
            narrowed = self.closure(self.narrow(nodes, name), pending)
            if not self.can_resolve(narrowed, (selection,), pending, values):
                return False
        return True

    def filled_edges(
        self, nodes: Nodes, field: str, values: ContextValues, pending: _Pending = _NONE
    ) -> tuple[FieldEdge, ...]:
        """The usable edges of a field whose contextual arguments `values` can fill."""
        return tuple(
            edge
            for edge in self.edges(nodes, field, pending)
            if all(value_of(argument) in values for argument in edge.context_arguments)
        )

    def values_below(
        self,
        nodes: Nodes,
        types: Iterable[TypeName],
        above: ContextValues,
        pending: _Pending = _NONE,
    ) -> ContextValues:
        """What contexts give below an object of any of the types, at `nodes` (a closure).

        Of several types above that set a context the nearest counts, whether or not what is
        selected of it can be known.
        """
        return frozenset(
            value
            for value in self.contexts.wanted
            if all(
                self._gives(nodes, name, value, pending)
                if self.contexts.sets(name, value)
                else value in above
                for name in types
            )
        )

    def _gives(
        self, nodes: Nodes, type_name: TypeName, value: ContextValue, pending: _Pending
    ) -> bool:
        here = self.narrow(nodes, type_name)
        marks = {(node, value) for node in here}
        if not here or marks & pending:
            return False
        selection = parse_field_set(value.selection)
        pending = pending | marks
        return self.can_resolve(self.closure(here, pending), selection, pending)

    def _is_abstract(self, node: Node) -> bool:
        facts = self.graph.facts(node)
        return not facts.is_interface_object and facts.possible_types != {node.type_name}

    def possible_types(self, nodes: Iterable[Node]) -> frozenset[TypeName]:
        """The object types an object at these nodes can have.

        Like the reference, this leaves out what stands behind an interface object among the
        members of an abstract type: queries for these types are found out to have no plan.
        """
        return frozenset().union(*(self.graph.facts(node).shown_types for node in nodes))

    def narrow(self, nodes: Iterable[Node], type_name: TypeName) -> Nodes:
        """Where an object is that turned out to be of one type."""
        found = set()
        for node in nodes:
            if node.type_name == type_name:
                found.add(node)
            else:
                edge = self.graph.downcast_edge(node, type_name)
                if edge is not None and type_name in self.graph.facts(node).shown_types:
                    found.add(edge.head)
        return frozenset(found)
