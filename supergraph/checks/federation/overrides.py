"""OVERRIDE_*: fields on their way from one subgraph to another."""

from __future__ import annotations

from supergraph.checks.changes.found import DANGEROUS, Found
from supergraph.checks.federation.facts import Facts, FieldFact, field_pairs
from supergraph.checks.federation.note import note


def compare_overrides(found: Found, old: Facts, new: Facts) -> None:
    """Note `@override` that came, went, or takes another part of the requests.

    Each moves requests from one subgraph to another: dangerous, whichever the direction.
    """
    for path, subgraph, before, after in field_pairs(old, new):
        if (before.override, before.override_label) == (after.override, after.override_label):
            continue
        if before.override is None:
            label = f' for requests with the label "{after.override_label}"'
            kind = "OVERRIDE_ADDED"
            message = (
                f'Subgraph "{subgraph}" overrides field "{path}" of subgraph "{after.override}" '
                f"now{label if after.override_label else ''}."
            )
        elif after.override is None:
            kind = "OVERRIDE_REMOVED"
            message = (
                f'Subgraph "{subgraph}" no longer overrides field "{path}" of subgraph '
                f'"{before.override}".'
            )
        elif before.override != after.override:
            kind = "OVERRIDE_FROM_CHANGED"
            message = (
                f'Subgraph "{subgraph}" overrides field "{path}" of subgraph "{after.override}" '
                f'now, it was "{before.override}".'
            )
        else:
            kind = "OVERRIDE_LABEL_CHANGED"
            message = (
                f'The override of field "{path}" in subgraph "{subgraph}" has '
                f"{_label(after)} now, it had {_label(before)}."
            )
        at = new.element(path)
        note(found, kind, DANGEROUS, path, message, subgraph, at, directive="override")


def _label(fact: FieldFact) -> str:
    return f'the label "{fact.override_label}"' if fact.override_label else "no label"
