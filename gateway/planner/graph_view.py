"""The query graph as one planning sees it: labels decided, and everything looked up once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from graphql import OperationType

from gateway.planner.contexts import ContextPass
from gateway.planner.query_tree import Arrival, Source
from gateway.planner.selections import TYPENAME, Item, SelectionPool
from supergraph.federation.field_set import FieldSet, FieldSetField
from supergraph.model import SubgraphName, TypeName
from supergraph.query_graph import Entry, FieldEdge, Node, QueryGraph


class GraphView:
    """Memoised answers about edges and keys, for one set of override labels."""

    def __init__(
        self,
        graph: QueryGraph,
        pool: SelectionPool,
        labels: frozenset[str],
        contexts: ContextPass,
    ) -> None:
        self.graph = graph
        self.direct_sources: dict[tuple[tuple[Arrival, ...], TypeName], list[Source]] = {}
        """Sources by arrivals and type, where all are reached from the arrivals directly."""
        self._pool = pool
        self._labels = labels
        self._contexts = contexts
        self._keyed: dict[
            tuple[str, TypeName], tuple[frozenset[SubgraphName], tuple[FieldEdge, ...]]
        ] = {}
        self._ways_in: dict[TypeName, list[Node]] = {}
        self._ways_by_graph: dict[TypeName, dict[TypeName, dict[SubgraphName, list[Node]]]] = {}
        self._declaring: dict[tuple[TypeName, str], frozenset[SubgraphName]] = {}
        self._edges: dict[tuple[Node, str, TypeName], FieldEdge | None] = {}
        self._entries: dict[TypeName, tuple[tuple[Entry, tuple[Item, ...]], ...]] = {}
        self._entries_for: dict[
            tuple[FieldEdge, TypeName], tuple[tuple[Entry, tuple[Item, ...], int], ...]
        ] = {}

    def declaring(self, type_name: TypeName, name: str) -> frozenset[SubgraphName]:
        """The subgraphs whose type has the field; in others no edge need be looked for."""
        key = (type_name, name)
        known = self._declaring.get(key)
        if known is None:
            definition = self.graph.supergraph.types.get(type_name)
            field = definition.fields.get(name) if definition else None
            joins = field.joins if field else ()
            known = self._declaring[key] = frozenset(join.graph for join in joins)
        return known

    def ways_in(self, type_name: TypeName) -> list[Node]:
        """Where an object of the type that is at hand somewhere can be asked for more."""
        known = self._ways_in.get(type_name)
        if known is None:
            known = list(dict.fromkeys(entry.node for entry in self.graph.entries(type_name)))
            if type_name == self.graph.supergraph.root_types.get(OperationType.QUERY.value):
                known += [edge.head for edge in self.graph.root_edges(OperationType.QUERY)]
            self._ways_in[type_name] = known
        return known

    def _ways_to(self, name: str, type_name: TypeName) -> Iterator[Node]:
        """Of the ways in, those to subgraphs whose type has the field."""
        known = self._ways_by_graph.get(type_name)
        if known is None:
            known = self._ways_by_graph[type_name] = {}
            for node in self.ways_in(type_name):
                by_graph = known.setdefault(node.type_name, {})
                by_graph.setdefault(node.subgraph, []).append(node)
        for entered, by_graph in known.items():
            for subgraph in sorted(self.declaring(entered, name)):
                yield from by_graph.get(subgraph, ())

    def providers(
        self, nodes: Iterable[Node], name: str, seen_as: TypeName
    ) -> frozenset[SubgraphName]:
        """The subgraphs among those of `nodes` that have an edge for the field."""
        found: set[SubgraphName] = set()
        type_name: TypeName | None = None
        declaring: frozenset[SubgraphName] = frozenset()
        for node in nodes:
            if node.type_name != type_name:
                type_name = node.type_name
                declaring = self.declaring(type_name, name)
            if node.subgraph in declaring and self.edge(node, name, seen_as) is not None:
                found.add(node.subgraph)
        return frozenset(found)

    def providers_by_key(self, name: str, seen_as: TypeName) -> frozenset[SubgraphName]:
        """The subgraphs that have an edge for the field where a key leads, or at the root."""
        return self._by_key(name, seen_as)[0]

    def names_by_subgraph(
        self, type_name: TypeName, names: Iterable[str]
    ) -> dict[SubgraphName, list[str]]:
        """Which of the fields each subgraph's type has."""
        found: dict[SubgraphName, list[str]] = {}
        for name in names:
            for subgraph in self.declaring(type_name, name):
                found.setdefault(subgraph, []).append(name)
        return found

    def has_any_field(self, node: Node, names: Iterable[str]) -> bool:
        """Whether the subgraph resolves one of the fields at the node, whatever the labels."""
        subgraph, type_name = node.subgraph, node.type_name
        for name in names:
            if subgraph in self.declaring(type_name, name) and self.graph.field_edge(node, name):
                return True
        return False

    def edge(self, node: Node, name: str, seen_as: TypeName) -> FieldEdge | None:
        """The edge of a field that the labels allow, for an object looked at as `seen_as`."""
        if node.subgraph not in self.declaring(node.type_name, name):
            return None
        key = (node, name, seen_as)
        if key not in self._edges:
            self._edges[key] = self._find_edge(node, name, seen_as)
        return self._edges[key]

    def _find_edge(self, node: Node, name: str, seen_as: TypeName) -> FieldEdge | None:
        edge = self.graph.field_edge_with_labels(node, name, self._labels)
        if edge is None:
            return None
        if node.type_name != seen_as and self._has_own_field(seen_as, name):
            return None  # an interface object answers only what the object type leaves to it
        return edge

    def _has_own_field(self, type_name: TypeName, name: str) -> bool:
        definition = self.graph.supergraph.types.get(type_name)
        field = definition.fields.get(name) if definition else None
        return field is not None and not all(join.external for join in field.joins)

    def requiring_edges(self, name: str, seen_as: TypeName) -> tuple[FieldEdge, ...]:
        """The edges that need values in a representation's call, where a key leads to them.

        These are the fields with `@requires` and those with arguments from contexts.
        """
        return self._by_key(name, seen_as)[1]

    def _by_key(
        self, name: str, seen_as: TypeName
    ) -> tuple[frozenset[SubgraphName], tuple[FieldEdge, ...]]:
        """The subgraphs with an edge for the field where a key leads; the edges that need more."""
        key = (name, seen_as)
        known = self._keyed.get(key)
        if known is None:
            found = [self.edge(node, name, seen_as) for node in self._ways_to(name, seen_as)]
            edges = [edge for edge in found if edge is not None]
            known = self._keyed[key] = (
                frozenset([edge.tail.subgraph for edge in edges]),
                tuple([edge for edge in edges if needs_more(edge)]),
            )
        return known

    def entries(self, seen_as: TypeName) -> tuple[tuple[Entry, tuple[Item, ...]], ...]:
        """All keys of a type, each with what has to be known: runtime type and key."""
        known = self._entries.get(seen_as)
        if known is None:
            # Most subgraphs have the same key.
            items: dict[FieldSet, tuple[Item, ...]] = {}
            for entry in self.graph.entries(seen_as):
                if entry.key not in items:
                    key = (FieldSetField(TYPENAME), *entry.key)
                    items[entry.key] = self._pool.field_set(key, seen_as)
            known = tuple((entry, items[entry.key]) for entry in self.graph.entries(seen_as))
            self._entries[seen_as] = known
        return known

    def entries_for(
        self, edge: FieldEdge, seen_as: TypeName
    ) -> tuple[tuple[Entry, tuple[Item, ...], int], ...]:
        """The keys that lead to the edge, each with what has to be known before it is used.

        The number says how many of these are the key's own.
        """
        key = (edge, seen_as)
        known = self._entries_for.get(key)
        if known is None:
            required = self._contexts.field_set(edge.conditions, edge.tail.type_name)
            known = self._entries_for[key] = tuple(
                (entry, _union(items, required), len(items))
                for entry, items in self.entries(seen_as)
                if entry.node == edge.tail
            )
        return known


def needs_more(edge: FieldEdge) -> bool:
    """Whether being at the edge's tail is not enough: the call has to be sent values."""
    return bool(edge.conditions or edge.context_arguments)


def _union(first: tuple[Item, ...], second: tuple[Item, ...]) -> tuple[Item, ...]:
    """Both lists, without what the second repeats."""

    def meaning(item: Item) -> tuple[object, ...]:
        return (item.name, item.arguments_text, item.types, item.children, item.context)

    known = {meaning(item) for item in first}
    return first + tuple(item for item in second if meaning(item) not in known)
