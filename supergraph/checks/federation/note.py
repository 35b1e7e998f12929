"""How the comparisons of this package note a change: with the subgraph it is about."""

from __future__ import annotations

from dataclasses import replace

from supergraph.checks.change import Criticality
from supergraph.checks.changes.found import Found
from supergraph.definitions import Element


def note(
    found: Found,
    kind: str,
    criticality: Criticality,
    path: str,
    message: str,
    subgraph: str | None,
    at: Element | None = None,
    *,
    gone: bool = False,
    directive: str | None = None,
) -> None:
    """Add a change that concerns `subgraph`, or the graph as a whole if that is None."""
    found.add(kind, criticality, path, message, at, gone=gone, directive=directive)
    if subgraph is not None:
        found.changes[-1] = replace(found.changes[-1], subgraph=subgraph)
