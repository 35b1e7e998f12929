"""Descriptions before and after. They never break anybody."""

from __future__ import annotations

from supergraph.checks.changes.found import SAFE, Found
from supergraph.definitions import Element


def compare_descriptions(
    found: Found, prefix: str, what: str, path: str, old: Element | None, new: Element
) -> None:
    """Note `<prefix>_DESCRIPTION_ADDED`, `…_REMOVED` or `…_CHANGED`.

    `what` is how a message calls the element; `old` is None if it is new.
    """
    before = (old.description if old is not None else None) or None
    after = new.description or None
    if before == after:
        return
    if before is None:
        verb, sentence = "ADDED", f"{what} has a description now."
    elif after is None:
        verb, sentence = "REMOVED", f"{what} has lost its description."
    else:
        verb, sentence = "CHANGED", f"{what} has another description."
    found.add(f"{prefix}_DESCRIPTION_{verb}", SAFE, path, sentence, new)


def compare_description(
    found: Found, prefix: str, what: str, path: str, old: Element, new: Element
) -> None:
    """Note `<prefix>_DESCRIPTION_CHANGED`, which for some elements says all three."""
    if (old.description or None) == (new.description or None):
        return
    if not old.description:
        sentence = f"{what} has a description now."
    elif not new.description:
        sentence = f"{what} has lost its description."
    else:
        sentence = f"{what} has another description."
    found.add(f"{prefix}_DESCRIPTION_CHANGED", SAFE, path, sentence, new)
