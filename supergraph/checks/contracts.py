"""Every variant of the graph is checked too: what the contract makes of the change.

A change of the graph shows in its variants as well, and is told once. What only a variant shows is
a finding of its own: a tag that goes hides a field from the partners' variant and nobody else's.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from supergraph.checks.change import SchemaChange
from supergraph.checks.changes_found import api_changes
from supergraph.checks.existing import mark_existing
from supergraph.checks.finding import Finding, Level, Stage
from supergraph.checks.settings import ContractSettings
from supergraph.checks.side import GraphSide
from supergraph.checks.store import Store, code_fingerprint, digest
from supergraph.contracts import ContractFilter, ContractResult, apply_contract
from supergraph.errors import SourceLocation


@dataclass(frozen=True, slots=True)
class VariantChange:
    """A difference that only the variant shows."""

    variant: str
    change: SchemaChange


@dataclass(frozen=True, slots=True)
class VariantCheck:
    """What was found of all variants."""

    changes: tuple[VariantChange, ...] = ()
    findings: tuple[Finding, ...] = ()
    notes: tuple[str, ...] = ()


def check_variants(
    contracts: Mapping[str, ContractSettings],
    old: GraphSide | None,
    new: GraphSide,
    known: Collection[SchemaChange],
    store: Store,
) -> VariantCheck:
    """Apply every contract to both graphs; `known` are the changes of the graph itself."""
    changes: list[VariantChange] = []
    findings: list[Finding] = []
    notes: list[str] = []
    told = {(item.kind, item.path) for item in known}
    for name, settings in contracts.items():
        after = _apply(new, settings, store)
        if after is None:
            notes.append(
                f'The variant "{name}" could not be checked: only the API schema is known.'
            )
            continue
        notes += [
            f'The variant "{name}" names the tag "{tag}", which nothing in the graph has.'
            for tag in after.unknown_tags
        ]
        before = _apply(old, settings, store) if old is not None else None
        findings += _errors(name, after, before, new)
        if before is None or before.supergraph_sdl is None or after.supergraph_sdl is None:
            continue
        label = f'the variant "{name}"'
        changes += [
            VariantChange(name, change)
            for change in api_changes(before.supergraph_sdl, after.supergraph_sdl, label)
            if change.subgraph is None and (change.kind, change.path) not in told
        ]
    return VariantCheck(tuple(changes), tuple(findings), tuple(notes))


def _errors(
    name: str, result: ContractResult, before: ContractResult | None, side: GraphSide
) -> list[Finding]:
    found = []
    for error, existing in mark_existing(result.errors, before.errors if before else ()):
        # Places of the error are lines of the supergraph; the subgraphs' are meant.
        places: tuple[SourceLocation, ...] = (
            side.places.nearest(error.coordinate) if error.coordinate else ()
        )
        found.append(
            Finding(
                Stage.COMPOSITION,
                error.code.value,
                Level.WARNING if existing else Level.ERROR,
                f'The variant "{name}" is not a whole schema: {error.message}',
                coordinate=error.coordinate,
                locations=places,
                variant=name,
                existing=existing,
            )
        )
    return found


def _apply(side: GraphSide, settings: ContractSettings, store: Store) -> ContractResult | None:
    """The variant of one side; None where its supergraph is not known."""
    if side.supergraph is None:
        return None
    wanted = ContractFilter(
        frozenset(settings.include), frozenset(settings.exclude), settings.hide_unreachable
    )
    key = digest([code_fingerprint(), settings.model_dump_json(), side.sdl])
    kept = store.get("variant", key)
    if kept is not None:
        return ContractResult(kept.decode("utf-8"))
    result = apply_contract(side.sdl, wanted)
    if result.supergraph_sdl is not None and not result.unknown_tags:
        store.put("variant", key, result.supergraph_sdl.encode("utf-8"))
    return result
