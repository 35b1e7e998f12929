"""Prints a query graph: as text for people and diffs, and as DOT for pictures."""

from __future__ import annotations

from collections.abc import Iterator

from graphql import OperationType, print_ast

from supergraph.federation.field_set import print_field_set
from supergraph.query_graph.build import QueryGraph
from supergraph.query_graph.edge import DowncastEdge, FieldEdge, KeyEdge
from supergraph.query_graph.node import Node


def display_query_graph(graph: QueryGraph) -> str:
    """One paragraph per node, its edges indented below it."""
    lines: list[str] = []
    for kind in OperationType:
        lines += [f"{kind.value} -> {edge.head}" for edge in graph.root_edges(kind)]
    for node in graph.all_nodes():
        lines += ["", str(node)]
        lines += [f"  {label} -> {head}" for label, head in _edges(graph, node)]
    return "\n".join(lines).strip() + "\n"


def query_graph_to_dot(graph: QueryGraph) -> str:
    """The graph in Graphviz's language, one cluster per subgraph."""
    nodes = graph.all_nodes()
    names = {node: f"n{index}" for index, node in enumerate(nodes)}
    lines = ["digraph query_graph {", "  rankdir=LR;", "  node [shape=box];"]
    for index, subgraph in enumerate(sorted({node.subgraph for node in nodes})):
        lines.append(f"  subgraph cluster_{index} {{")
        lines.append(f"    label={_quoted(subgraph)};")
        lines += [
            f"    {names[node]} [label={_quoted(str(node))}];"
            for node in nodes
            if node.subgraph == subgraph
        ]
        lines.append("  }")
    for node in nodes:
        lines += [
            f"  {names[node]} -> {names[head]} [label={_quoted(label)}];"
            for label, head in _edges(graph, node)
            if head in names
        ]
    return "\n".join([*lines, "}"]) + "\n"


def _edges(graph: QueryGraph, node: Node) -> Iterator[tuple[str, Node]]:
    for field_edge in graph.field_edges(node):
        yield _field_label(field_edge), field_edge.head
    for downcast in graph.downcast_edges(node):
        yield _downcast_label(downcast), downcast.head
    for key_edge in graph.key_edges(node):
        yield _key_label(key_edge), key_edge.head


def _field_label(edge: FieldEdge) -> str:
    text = f"{edge.field_name}: {print_ast(edge.type)}"
    if edge.conditions:
        text += f" requires {{ {print_field_set(edge.conditions)} }}"
    if edge.override:
        text += f" {'with' if edge.override.active else 'without'} label {edge.override.label}"
    return text


def _downcast_label(edge: DowncastEdge) -> str:
    return f"... on {edge.type_name}" + (" (type unknown here)" if edge.is_fake else "")


def _key_label(edge: KeyEdge) -> str:
    return f"key {{ {print_field_set(edge.conditions)} }}"


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
