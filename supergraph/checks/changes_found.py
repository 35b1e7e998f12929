"""The differences between the two graphs of a check, as findings with places.

A difference is known by its coordinate; where that stands, the subgraphs' texts say. What is gone
is shown where it would stand, as a CI can mark lines of the proposed files only.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from graphql import print_schema

from supergraph.checks.change import Criticality, SchemaChange
from supergraph.checks.diff import diff
from supergraph.checks.errors import CheckInputError
from supergraph.checks.finding import Finding, Level, Stage
from supergraph.checks.places import Places
from supergraph.checks.schema_text import InvalidSchemaError
from supergraph.checks.side import GraphSide

LEVELS = {
    Criticality.BREAKING: Level.ERROR,
    Criticality.DANGEROUS: Level.WARNING,
    Criticality.SAFE: Level.NOTE,
}
"""What a change's grade means for the check, unless --fail-on says otherwise."""


def graph_changes(old: GraphSide, new: GraphSide) -> list[SchemaChange]:
    """Every difference, each once: what clients see, then what only the gateway sees.

    Where only the API schema of one side is known, API schemas are compared.
    """
    if old.supergraph is None or new.supergraph is None:
        return api_changes(_api_sdl(old), _api_sdl(new), old.source.label)
    if old.sdl == new.sdl:
        return []
    found = api_changes(old.sdl, new.sdl, old.source.label)
    unique = {(item.kind, item.path, item.subgraph, item.message): item for item in reversed(found)}
    return list(reversed(unique.values()))


def api_changes(old_sdl: str, new_sdl: str, label: str) -> list[SchemaChange]:
    """The differences between two schemas' texts."""
    try:
        return diff(old_sdl, new_sdl)
    except InvalidSchemaError as error:
        raise CheckInputError(f"{label}: {error}") from None


def _api_sdl(side: GraphSide) -> str:
    return print_schema(side.api_schema)


def change_finding(
    change: SchemaChange,
    places: Places,
    base_places: Places,
    *,
    stage: Stage = Stage.CHANGES,
    variant: str | None = None,
    owners: Sequence[str] = (),
) -> Finding:
    """A change with its places; `owners` are the subgraphs that had what it is about."""
    where = places.nearest(change.path, change.subgraph)
    if owners and not places.of(change.path, change.subgraph):
        # It is gone: what matters are the subgraphs that had it.
        where = tuple(place for place in where if place.subgraph in owners) or where
    return Finding(
        stage=stage,
        code=change.kind,
        level=LEVELS[change.criticality],
        message=change.message,
        coordinate=change.path,
        locations=where or places.first_of(owners),
        base_locations=base_places.of(change.path, change.subgraph),
        subgraph=change.subgraph,
        variant=variant,
        criticality=change.criticality,
    )


def findings_of(changes: Iterable[SchemaChange], old: GraphSide, new: GraphSide) -> list[Finding]:
    """The changes as findings, in their order."""
    return [
        change_finding(
            change,
            new.places,
            old.places,
            owners=sorted(old.declared_in(change.path)),
        )
        for change in changes
    ]


__all__ = ["LEVELS", "api_changes", "change_finding", "findings_of", "graph_changes"]
