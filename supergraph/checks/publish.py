"""Which schemas an accepted graph has, and how each relates to the one accepted before."""

from __future__ import annotations

from supergraph.checks.catalog import AcceptedSchema
from supergraph.checks.change import Criticality, SchemaChange
from supergraph.checks.changes_found import graph_changes
from supergraph.checks.result import CheckResult
from supergraph.checks.side import GraphSide
from supergraph.checks.sources.read import subgraphs_of

SUPERGRAPH = "supergraph"


def subject_of(graph: str, subgraph: str | None = None) -> str:
    """The subject of a subgraph, or of the supergraph, in the graph of this name."""
    prefix = f"{graph}/" if graph else ""
    return f"{prefix}{SUPERGRAPH}" if subgraph is None else f"{prefix}subgraph:{subgraph}"


def accepted_schemas(
    graph: str, old: GraphSide | None, new: GraphSide, result: CheckResult
) -> list[AcceptedSchema]:
    """Every schema of an accepted graph; `result` is that of its check against `old`.

    A subgraph is compatible if no breaking change is at an element that it declares.
    """
    backward = {
        finding.coordinate or ""
        for finding in result.findings
        if finding.criticality is Criticality.BREAKING and finding.variant is None
    }
    reverse: list[SchemaChange] = graph_changes(new, old) if old is not None else []
    forward = {item.path for item in reverse if item.criticality is Criticality.BREAKING}
    subgraphs = [
        AcceptedSchema(
            subject_of(graph, given.name),
            given.sdl,
            not _touches(backward, given.name, old, new),
            old is not None and not _touches(forward, given.name, old, new),
        )
        for given in subgraphs_of(new.source)
    ]
    is_forward = old is not None and not forward
    return [*subgraphs, AcceptedSchema(subject_of(graph), new.sdl, not backward, is_forward)]


def _touches(coordinates: set[str], subgraph: str, old: GraphSide | None, new: GraphSide) -> bool:
    return any(
        subgraph in side.declared_in(coordinate)
        for coordinate in coordinates
        for side in (old, new)
        if side is not None
    )
