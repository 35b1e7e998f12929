"""Repeatable directives that give a name: which names an element gained and lost."""

from __future__ import annotations

from supergraph.checks.change import Criticality
from supergraph.checks.changes.found import Found
from supergraph.checks.federation.note import note
from supergraph.definitions import Element


def compare_named(
    found: Found,
    path: str,
    before: Element,
    after: Element,
    subgraph: str | None,
    *,
    feature: str,
    says: str,
    added: Criticality,
    removed: Criticality,
) -> None:
    """Note `<FEATURE>_ADDED` and `<FEATURE>_REMOVED` for the argument `name` of `feature`.

    `says` is what a message says of the element: it "has the tag".
    """
    was, now = _names(before, feature), _names(after, feature)
    for name in dict.fromkeys((*was, *now)):
        if name in was and name in now:
            continue
        gained = name in now
        note(
            found,
            f"{feature.upper()}_{'ADDED' if gained else 'REMOVED'}",
            added if gained else removed,
            path,
            f'"{path}" {says} "{name}" now.' if gained else f'"{path}" no longer {says} "{name}".',
            subgraph,
            after,
            directive=feature,
        )


def _names(element: Element, feature: str) -> list[str]:
    return [name for item in element.applied(feature) if (name := item.text("name")) is not None]
