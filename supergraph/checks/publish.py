"""Which schemas an accepted graph has, and how each relates to the one accepted before.

The catalog belongs to another package; whoever has it implements `SchemaCatalog`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from supergraph.checks.change import Criticality, SchemaChange
from supergraph.checks.changes_found import graph_changes
from supergraph.checks.result import CheckResult
from supergraph.checks.side import GraphSide
from supergraph.checks.sources.read import subgraphs_of

SUPERGRAPH = "supergraph"


class CatalogError(Exception):
    """The catalog cannot be reached or refuses; the message is a sentence fit for users."""


@dataclass(frozen=True, slots=True)
class AcceptedSchema:
    """A schema to record. `subject` is `subgraph:NAME`, or that of the whole supergraph.

    Backward compatible: clients of the schema before are answered as before. Forward compatible:
    clients of this schema would have been answered by the one before.
    """

    subject: str
    sdl: str
    backward_compatible: bool
    forward_compatible: bool


class PublishedSchema(Protocol):
    """A schema in the catalog."""

    @property
    def subject(self) -> str:
        """As of `AcceptedSchema`."""
        ...

    @property
    def version(self) -> str:
        """Its number among those of the subject."""
        ...

    @property
    def sdl(self) -> str:
        """Its text."""
        ...

    @property
    def is_new(self) -> bool:
        """Whether it was not there before."""
        ...


class SchemaCatalog(Protocol):
    """Where accepted schemas are recorded."""

    def latest(self, subject: str) -> PublishedSchema | None:
        """The latest schema of a subject. Raises `CatalogError`."""
        ...

    def publish(self, schemas: Sequence[AcceptedSchema]) -> Sequence[PublishedSchema]:
        """Record schemas; what is the latest already is left as it is. Raises `CatalogError`."""
        ...


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
        subgraph in side.places.subgraphs(coordinate)
        for coordinate in coordinates
        for side in (old, new)
        if side is not None
    )
