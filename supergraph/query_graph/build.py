"""The query graph: what is reachable from where, and what has to be known first.

Satisfiability and the planner share it. It answers questions about nodes; edges are made when they
are first asked for, since a supergraph with a hundred subgraphs has far more than a query needs.

How to walk it: start at the `head` of each of `root_edges(kind)`. At a node

- `field_edge(node, name)` asks for a field there. It may have `conditions` (`@requires`), to be
  satisfied from the same object by any path that does not use this edge; and the subgraph then has
  to be entered again by key, so the object needs a key in it. It may have an `override` condition.
- `downcast_edge(node, type_name)` narrows an interface or union to one of `possible_types`.
- `key_edges(node)` leave for other subgraphs. Their `conditions` (the key) have to be satisfied
  from the same object, by edges of this subgraph or by further key edges.
- Being at several nodes at once is normal: a field that several subgraphs resolve may be asked
  of all of them, and a value type's fields then come from each.

An `@interfaceObject` has no true type: `__typename`, and whether a downcast applies, are known only
at a node with `is_interface_object` False.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from graphql import OperationType

from supergraph.api_schema import type_name as named_type
from supergraph.federation.field_set import (
    FieldSet,
    FieldSetField,
    FieldSetFragment,
    parse_field_set,
)
from supergraph.model import (
    JoinField,
    SubgraphName,
    Supergraph,
    TypeKind,
    TypeName,
)
from supergraph.query_graph.edge import (
    DowncastEdge,
    Entry,
    FieldEdge,
    KeyEdge,
    OverrideCondition,
    RootEdge,
)
from supergraph.query_graph.node import Node, NodeFacts, printed


def build_query_graph(supergraph: Supergraph) -> QueryGraph:
    """The query graph of a supergraph."""
    return QueryGraph(supergraph)


class QueryGraph:
    """Nodes and edges of one supergraph; everything it returns is in a fixed order."""

    def __init__(self, supergraph: Supergraph) -> None:
        self.supergraph = supergraph
        self._members = _members_by_graph(supergraph)
        self._interface_objects = _interface_objects_by_graph(supergraph)
        self._key_fields = _key_fields(supergraph)
        self._nodes: dict[tuple[SubgraphName, TypeName, tuple[str, ...]], Node] = {}
        self._facts: dict[Node, NodeFacts] = {}
        self._downcasts: dict[tuple[Node, TypeName], DowncastEdge | None] = {}
        self._fields: dict[tuple[Node, str], FieldEdge | None] = {}
        self._entries: dict[TypeName, tuple[Entry, ...]] = {}
        self._possible_types: dict[TypeName, frozenset[TypeName]] = {}
        self._declared: dict[TypeName, dict[SubgraphName, list[str]]] = {}

    # --- Nodes -----------------------------------------------------------------------------

    def node(self, subgraph: SubgraphName, type_name: TypeName) -> Node | None:
        """The node of a type in a subgraph, or None where the subgraph does not declare it."""
        definition = self.supergraph.types.get(type_name)
        if definition is None:
            return self._node(subgraph, type_name) if type_name in _BUILT_IN_SCALARS else None
        return self._node(subgraph, type_name) if subgraph in definition.graphs else None

    def _node(
        self, subgraph: SubgraphName, type_name: TypeName, provides: tuple[str, ...] = ()
    ) -> Node:
        """The one object for a node: lookups of it then compare by identity."""
        key = (subgraph, type_name, provides)
        known = self._nodes.get(key)
        if known is None:
            known = self._nodes[key] = Node(subgraph, type_name, provides)
        return known

    def facts(self, node: Node) -> NodeFacts:
        """Kind and possible types of a node."""
        known = self._facts.get(node)
        if known is None:
            known = self._facts[node] = self._make_facts(node)
        return known

    def _make_facts(self, node: Node) -> NodeFacts:
        definition = self.supergraph.types.get(node.type_name)
        if definition is None:
            return NodeFacts(TypeKind.SCALAR, frozenset())
        if definition.is_interface_object(node.subgraph):
            return NodeFacts(TypeKind.OBJECT, self.possible_types(node.type_name), True)
        if definition.kind is TypeKind.OBJECT:
            return NodeFacts(TypeKind.OBJECT, frozenset({node.type_name}))
        members = self._members.get((node.type_name, node.subgraph), frozenset())
        interface_objects = tuple(
            (interface, self.possible_types(interface) - members)
            for interface in self._interface_objects.get((node.type_name, node.subgraph), ())
        )
        possible = members.union(*(types for _, types in interface_objects))
        return NodeFacts(definition.kind, possible, interface_objects=interface_objects)

    def possible_types(self, type_name: TypeName) -> frozenset[TypeName]:
        """The object types of the supergraph that a type stands for."""
        known = self._possible_types.get(type_name)
        if known is None:
            known = self._possible_types[type_name] = self._find_possible_types(type_name)
        return known

    def _find_possible_types(self, type_name: TypeName) -> frozenset[TypeName]:
        definition = self.supergraph.types.get(type_name)
        if definition is None:
            return frozenset()
        if definition.kind is TypeKind.OBJECT:
            return frozenset({type_name})
        # By subgraph: looking through all members would be quadratic in the size of the graph.
        return frozenset().union(
            *(self._members.get((type_name, graph), ()) for graph in self.supergraph.graphs)
        )

    def all_nodes(self) -> tuple[Node, ...]:
        """Every node with fields or possible types, copies for `@provides` included; sorted."""
        found: dict[Node, None] = {}
        pending = [
            self._node(graph, name)
            for name, definition in self.supergraph.types.items()
            if definition.kind in _COMPOSITE
            for graph in definition.graphs
        ]
        while pending:
            node = pending.pop()
            if node in found:
                continue
            found[node] = None
            heads = [edge.head for edge in self.field_edges(node)]
            heads += [edge.head for edge in self.downcast_edges(node)]
            pending += [head for head in heads if self.facts(head).kind in _COMPOSITE]
        return tuple(sorted(found))

    # --- Edges -----------------------------------------------------------------------------

    def root_edges(self, kind: OperationType) -> tuple[RootEdge, ...]:
        """One edge per subgraph that has a root type for `kind` with a field of its own."""
        root = self.supergraph.root_types.get(kind.value)
        definition = self.supergraph.types.get(root) if root else None
        if root is None or definition is None:
            return ()
        declared = {join.graph for field in definition.fields.values() for join in field.joins}
        return tuple(
            RootEdge(kind, self._node(graph, root))
            for graph in sorted(definition.graphs)
            if graph in declared
        )

    def field_edge(self, node: Node, name: str) -> FieldEdge | None:
        """The edge of a field, or None where the subgraph does not resolve it at this node.

        An interface has an edge only for fields that every possible type in the subgraph
        resolves without requirements, whatever labels a request has (`field_edge_with_labels`
        looks at those it has); for other fields look at the possible types one by one.
        """
        key = (node, name)
        if key not in self._fields:
            self._fields[key] = self._make_field_edge(node, name)
        return self._fields[key]

    def field_edge_with_labels(
        self, node: Node, name: str, labels: frozenset[str]
    ) -> FieldEdge | None:
        """The edge of a field for requests that carry exactly these override labels."""
        edge = self.field_edge(node, name)
        if edge is None:
            if self.facts(node).kind is not TypeKind.INTERFACE:
                return None
            return self._make_field_edge(node, name, labels)
        return edge if edge.override is None or edge.override.holds(labels) else None

    def value_types(
        self, parents: frozenset[TypeName], name: str, type_name: TypeName
    ) -> frozenset[TypeName] | None:
        """The object types that a field of the object types `parents` can have as its value.

        Subgraphs that can be asked for the same field of the same object agree on its value, so
        it is of a type that all of them know. (Of a value type, each makes objects of its own.)
        None where nothing more is known than the field's type `type_name`.
        """
        possible = self.possible_types(type_name)
        if len(possible) < 2:
            return None
        found: set[TypeName] = set()
        for parent in parents:
            of_parent = self._value_types_of(parent, name)
            if of_parent is None:
                return None
            found |= of_parent
        return None if possible <= found or not found else frozenset(found)

    def _value_types_of(self, parent: TypeName, name: str) -> frozenset[TypeName] | None:
        definition = self.supergraph.types.get(parent)
        field = definition.fields.get(name) if definition else None
        joins = [join for join in field.joins if not join.used_overridden] if field else []
        if any(join.override_label is not None for join in joins):
            return None  # only one of two subgraphs answers; which one depends on the request
        joins = [join for join in joins if not join.external]
        entered = {entry.subgraph for entry in self.entries(parent)}
        if not joins or any(join.graph not in entered for join in joins):
            return None
        heads = [self.facts(self._node(j.graph, TypeName(named_type(j.type)))) for j in joins]
        return frozenset.intersection(*(head.possible_types for head in heads))

    def field_edges(self, node: Node) -> tuple[FieldEdge, ...]:
        """All fields the node's subgraph resolves here, by name."""
        names = self._declared_fields(node.type_name).get(node.subgraph, ())
        edges = (self.field_edge(node, name) for name in names)
        return tuple(edge for edge in edges if edge is not None)

    def _declared_fields(self, type_name: TypeName) -> Mapping[SubgraphName, Sequence[str]]:
        """Field names by subgraph, sorted; a root type has fields of every subgraph."""
        known = self._declared.get(type_name)
        if known is None:
            definition = self.supergraph.types.get(type_name)
            known = self._declared[type_name] = {}
            if definition is not None and definition.kind in _COMPOSITE:
                for name in sorted(definition.fields):
                    for graph in {join.graph for join in definition.fields[name].joins}:
                        known.setdefault(graph, []).append(name)
        return known

    def downcast_edge(self, node: Node, type_name: TypeName) -> DowncastEdge | None:
        """The edge to one possible type, or None where it is not possible (or already there)."""
        key = (node, type_name)
        if key not in self._downcasts:
            self._downcasts[key] = self._make_downcast_edge(node, type_name)
        return self._downcasts[key]

    def _make_downcast_edge(self, node: Node, type_name: TypeName) -> DowncastEdge | None:
        facts = self.facts(node)
        if type_name == node.type_name:
            return None
        interface = facts.interface_object_of(type_name)
        if interface is not None:
            head = self._node(node.subgraph, interface)
            return DowncastEdge(node, type_name, head, is_fake=type_name != interface)
        if type_name not in facts.possible_types:
            return None
        if facts.is_interface_object:
            return DowncastEdge(node, type_name, node, is_fake=True)
        provides = self._provides_for(node, type_name)
        return DowncastEdge(node, type_name, self._node(node.subgraph, type_name, provides))

    def downcast_edges(self, node: Node) -> tuple[DowncastEdge, ...]:
        """All downcasts of an interface, a union or an interface object, by name."""
        edges = (self.downcast_edge(node, name) for name in sorted(self.facts(node).possible_types))
        return tuple(edge for edge in edges if edge is not None)

    def key_edges(self, node: Node) -> tuple[KeyEdge, ...]:
        """The ways into other subgraphs, and into this one again (needed for `@requires`)."""
        return tuple(
            KeyEdge(node, entry.node, entry.key, entry.type_name, entry.is_interface_object)
            for entry in self.entries(node.type_name)
        )

    def entries(self, type_name: TypeName) -> tuple[Entry, ...]:
        """All resolvable keys by which an object of this type can be entered somewhere.

        For an object type these are its own keys, and those of interface objects for the
        interfaces it implements; for an interface its keys wherever it has them.
        """
        known = self._entries.get(type_name)
        if known is None:
            known = self._entries[type_name] = tuple(self._make_entries(type_name))
        return known

    def _make_entries(self, type_name: TypeName) -> Iterator[Entry]:
        definition = self.supergraph.types.get(type_name)
        if definition is None:
            return
        for graph in sorted(definition.graphs):
            is_interface_object = definition.is_interface_object(graph)
            for join in definition.keys(graph):
                if join.resolvable and join.key:
                    node = self._node(graph, type_name)
                    yield Entry(node, join.key, type_name, is_interface_object)
        if definition.kind is TypeKind.OBJECT:
            for interface in sorted({item.interface for item in definition.implements}):
                for entry in self.entries(interface):
                    if entry.is_interface_object:
                        yield entry

    # --- How edges come about --------------------------------------------------------------

    def _make_field_edge(
        self, node: Node, name: str, labels: frozenset[str] | None = None
    ) -> FieldEdge | None:
        definition = self.supergraph.types.get(node.type_name)
        field = definition.fields.get(name) if definition else None
        join = field.join(node.subgraph) if field else None
        if definition is None or join is None or join.used_overridden:
            return None
        provided = self._provided_selection(node, name)
        facts = self.facts(node)
        if facts.kind is TypeKind.INTERFACE:
            if not self._all_possible_types_resolve(node, name, labels):
                return None
        elif provided is None and join.external and not self._is_key_field(node, name):
            return None
        nested = (provided or ()) + (join.provides or ())
        target = named_type(join.type)
        return FieldEdge(
            tail=node,
            field_name=name,
            head=self._node(node.subgraph, TypeName(target), printed(nested)),
            type=join.type,
            conditions=join.requires or () if provided is None else (),
            override=_override(join),
            context_arguments=join.context_arguments,
        )

    def _all_possible_types_resolve(
        self, node: Node, name: str, labels: frozenset[str] | None
    ) -> bool:
        """Whether the interface's field can be asked for; `labels` is None for all requests."""
        edges = [self.field_edge(downcast.head, name) for downcast in self.downcast_edges(node)]
        return all(
            edge is not None
            and not edge.conditions
            and (edge.override is None or (labels is not None and edge.override.holds(labels)))
            and not edge.context_arguments
            for edge in edges
        )

    def _is_key_field(self, node: Node, name: str) -> bool:
        return (node.type_name, node.subgraph, name) in self._key_fields

    def _provided_selection(self, node: Node, name: str) -> FieldSet | None:
        """What is provided below the field, or None where the field itself is not provided."""
        found: FieldSet | None = None
        for selection in _parsed(node.provides):
            if isinstance(selection, FieldSetField) and selection.name == name:
                found = (found or ()) + selection.selections
        return found

    def _provides_for(self, node: Node, type_name: TypeName) -> tuple[str, ...]:
        """What of the node's provided field set applies to one of its possible types."""

        def applying(field_set: FieldSet) -> Iterator[FieldSetField]:
            for selection in field_set:
                if isinstance(selection, FieldSetField):
                    yield selection
                elif self._applies(selection, node.subgraph, type_name):
                    yield from applying(selection.selections)

        return printed(tuple(applying(_parsed(node.provides))))

    def _applies(
        self, fragment: FieldSetFragment, subgraph: SubgraphName, type_name: TypeName
    ) -> bool:
        condition = fragment.type_condition
        if condition is None or condition == type_name:
            return True
        return type_name in self._members.get((TypeName(condition), subgraph), frozenset())


_COMPOSITE = frozenset({TypeKind.OBJECT, TypeKind.INTERFACE, TypeKind.UNION})
_BUILT_IN_SCALARS = frozenset({"Int", "Float", "String", "Boolean", "ID"})


def _parsed(provides: tuple[str, ...]) -> FieldSet:
    return tuple(selection for text in provides for selection in parse_field_set(text))


def _override(join: JoinField) -> OverrideCondition | None:
    if join.override_label is None:
        return None
    return OverrideCondition(join.override_label, active=join.override is not None)


def _members_by_graph(
    supergraph: Supergraph,
) -> dict[tuple[TypeName, SubgraphName], frozenset[TypeName]]:
    """Object types per interface or union and subgraph."""
    found: dict[tuple[TypeName, SubgraphName], set[TypeName]] = {}
    for definition in supergraph.types.values():
        for member in definition.members:
            found.setdefault((definition.name, member.graph), set()).add(member.member)
        if definition.kind is TypeKind.OBJECT:
            for item in definition.implements:
                found.setdefault((item.interface, item.graph), set()).add(definition.name)
    return {key: frozenset(names) for key, names in found.items()}


def _interface_objects_by_graph(
    supergraph: Supergraph,
) -> dict[tuple[TypeName, SubgraphName], list[TypeName]]:
    """The interface objects that a subgraph makes implement an interface."""
    found: dict[tuple[TypeName, SubgraphName], list[TypeName]] = {}
    for definition in supergraph.types.values():
        for item in definition.implements:
            if definition.is_interface_object(item.graph):
                found.setdefault((item.interface, item.graph), []).append(definition.name)
    return found


def _key_fields(supergraph: Supergraph) -> frozenset[tuple[TypeName, SubgraphName, str]]:
    """Fields that stand in a key: the subgraph knows them, marked `@external` or not."""
    found: set[tuple[TypeName, SubgraphName, str]] = set()

    def collect(type_name: TypeName, graph: SubgraphName, field_set: FieldSet) -> None:
        definition = supergraph.types.get(type_name)
        for selection in field_set:
            if isinstance(selection, FieldSetFragment):
                condition = TypeName(selection.type_condition or type_name)
                collect(condition, graph, selection.selections)
            elif definition is not None and (field := definition.fields.get(selection.name)):
                found.add((type_name, graph, selection.name))
                collect(TypeName(named_type(field.type)), graph, selection.selections)

    for definition in supergraph.types.values():
        for join in definition.joins:
            collect(definition.name, join.graph, join.key or ())
    return frozenset(found)
