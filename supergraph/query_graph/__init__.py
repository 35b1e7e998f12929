"""What is reachable from where; see `build.py` for how to walk it."""

from supergraph.query_graph.build import QueryGraph, build_query_graph
from supergraph.query_graph.display import display_query_graph, query_graph_to_dot
from supergraph.query_graph.edge import (
    DowncastEdge,
    Edge,
    Entry,
    FieldEdge,
    KeyEdge,
    OverrideCondition,
    RootEdge,
)
from supergraph.query_graph.node import Node, NodeFacts

__all__ = [
    "DowncastEdge",
    "Edge",
    "Entry",
    "FieldEdge",
    "KeyEdge",
    "Node",
    "NodeFacts",
    "OverrideCondition",
    "QueryGraph",
    "RootEdge",
    "build_query_graph",
    "display_query_graph",
    "query_graph_to_dot",
]
