"""Grades as the settings want them; what operations make of a change is another matter."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from supergraph.checks.change import Criticality, SchemaChange
from supergraph.checks.reachable import reachable_types
from supergraph.checks.settings import GradingSettings
from supergraph.checks.side import GraphSide


def regraded(
    changes: Iterable[SchemaChange], old: GraphSide, new: GraphSide, settings: GradingSettings
) -> list[SchemaChange]:
    """The changes that the settings leave, graded as they say."""
    reachable: frozenset[str] | None = None
    if settings.unreachable_is_safe:
        reachable = reachable_types(old.api_schema) | reachable_types(new.api_schema)
    return [
        _regraded(change, settings, reachable)
        for change in changes
        if not (settings.ignore_descriptions and "DESCRIPTION" in change.kind)
    ]


def _regraded(
    change: SchemaChange, settings: GradingSettings, reachable: frozenset[str] | None
) -> SchemaChange:
    type_name = change.path.partition(".")[0].partition("(")[0]
    is_unreachable = (
        reachable is not None
        and change.subgraph is None
        and not type_name.startswith("@")
        and type_name not in reachable
        and type_name != "schema"
    )
    if is_unreachable or (change.deprecated and settings.deprecated_removal_is_safe):
        return replace(change, criticality=Criticality.SAFE)
    if settings.dangerous_is_breaking and change.criticality is Criticality.DANGEROUS:
        return replace(change, criticality=Criticality.BREAKING)
    return change
