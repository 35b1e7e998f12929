"""What is reachable from where."""

from __future__ import annotations

from graphql import OperationType
from inline_snapshot import snapshot

from supergraph.federation.field_set import print_field_set
from supergraph.load import load_supergraph
from supergraph.model import SubgraphName, TypeName
from supergraph.query_graph import (
    Node,
    QueryGraph,
    build_query_graph,
    display_query_graph,
    query_graph_to_dot,
)
from tests.testkit.composition import compose_sdl


def _graph(**subgraphs: str) -> QueryGraph:
    return build_query_graph(load_supergraph(compose_sdl(**subgraphs)))


def _node(graph: QueryGraph, subgraph: str, type_name: str) -> Node:
    node = graph.node(SubgraphName(subgraph), TypeName(type_name))
    assert node is not None
    return node


def test_the_whole_graph_as_text() -> None:
    graph = _graph(
        a='type Query { top: T } type T @key(fields: "id") { id: ID! x: Int }',
        b="""
            type T @key(fields: "id") {
              id: ID! x: Int @external y: Int @requires(fields: "x")
            }
        """,
    )
    assert display_query_graph(graph) == snapshot("""\
query -> Query@a

Query@a
  top: T -> T@a

T@a
  id: ID! -> ID@a
  x: Int -> Int@a
  key { id } -> T@a
  key { id } -> T@b

Query@b

T@b
  id: ID! -> ID@b
  y: Int requires { x } -> Int@b
  key { id } -> T@a
  key { id } -> T@b
""")


def test_dot_has_a_cluster_per_subgraph() -> None:
    graph = _graph(
        a='type Query { top: T } type T @key(fields: "id") { id: ID! }',
        b='type T @key(fields: "id") { id: ID! y: Int }',
    )
    text = query_graph_to_dot(graph)
    assert text.count("subgraph cluster_") == 2
    assert text.count("{") == text.count("}")


def test_an_external_field_is_resolved_only_where_it_is_provided() -> None:
    graph = _graph(
        a="""
            type Query { plain: R provided: R @provides(fields: "t { name }") }
            type R { t: T @shareable }
            type T @key(fields: "id") { id: ID! name: String @external }
        """,
        b='type T @key(fields: "id") { id: ID! name: String @shareable }',
    )
    root = graph.root_edges(OperationType.QUERY)[0].head
    for field, is_provided in (("plain", False), ("provided", True)):
        to_r = graph.field_edge(root, field)
        assert to_r is not None
        to_t = graph.field_edge(to_r.head, "t")
        assert to_t is not None
        assert (graph.field_edge(to_t.head, "name") is not None) is is_provided


def test_key_fields_are_resolved_even_where_they_are_external() -> None:
    graph = _graph(
        a='type Query { t: T } extend type T @key(fields: "id") { id: ID! @external x: Int }',
        b='type T @key(fields: "id") { id: ID! }',
    )
    assert graph.field_edge(_node(graph, "a", "T"), "id") is not None


def test_an_interface_resolves_what_all_its_types_resolve_without_requirements() -> None:
    graph = _graph(
        a="""
            type Query { i: I }
            interface I { id: ID! x: Int y: Int }
            type A implements I @key(fields: "id") { id: ID! x: Int y: Int }
            type B implements I @key(fields: "id") {
              id: ID! x: Int y: Int @requires(fields: "w") w: Int @external
            }
        """,
        b='type B @key(fields: "id") { id: ID! w: Int }',
    )
    interface = _node(graph, "a", "I")
    assert graph.field_edge(interface, "x") is not None
    assert graph.field_edge(interface, "y") is None
    assert [edge.type_name for edge in graph.downcast_edges(interface)] == ["A", "B"]


def test_an_interface_object_is_entered_by_the_interfaces_key() -> None:
    graph = _graph(
        a="""
            type Query { i: I }
            interface I @key(fields: "id") { id: ID! }
            type A implements I @key(fields: "id") { id: ID! }
        """,
        b='type I @key(fields: "id") @interfaceObject { id: ID! rank: Int }',
    )
    entries = graph.entries(TypeName("A"))
    assert [(str(entry.node), print_field_set(entry.key)) for entry in entries] == [
        ("A@a", "id"),
        ("I@b", "id"),
    ]
    there = _node(graph, "b", "I")
    assert graph.facts(there).is_interface_object
    (downcast,) = graph.downcast_edges(there)
    assert downcast.is_fake
    assert downcast.head == there


def test_a_field_that_moved_away_has_no_edge_and_one_with_a_label_has_two() -> None:
    graph = _graph(
        a='type Query { t: T } type T @key(fields: "id") { id: ID! gone: Int half: Int }',
        b="""
            type T @key(fields: "id") {
              id: ID!
              gone: Int @override(from: "a")
              half: Int @override(from: "a", label: "percent(5)")
            }
        """,
    )
    assert graph.field_edge(_node(graph, "a", "T"), "gone") is None
    old = graph.field_edge(_node(graph, "a", "T"), "half")
    new = graph.field_edge(_node(graph, "b", "T"), "half")
    assert old is not None
    assert new is not None
    assert old.override is not None
    assert new.override is not None
    labels = frozenset({"percent(5)"})
    assert (old.override.holds(frozenset()), old.override.holds(labels)) == (True, False)
    assert (new.override.holds(frozenset()), new.override.holds(labels)) == (False, True)
