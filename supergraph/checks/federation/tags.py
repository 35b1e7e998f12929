"""TAG_* and INACCESSIBLE_*: what contracts show, and what anybody sees."""

from __future__ import annotations

from supergraph.checks.changes.found import DANGEROUS, SAFE, Found
from supergraph.checks.federation.elements import element_pairs
from supergraph.checks.federation.named import compare_named
from supergraph.checks.federation.note import note
from supergraph.definitions import Element, SchemaDefinitions


def compare_tags(
    found: Found, old: SchemaDefinitions, new: SchemaDefinitions, subgraph: str | None
) -> None:
    """Note tags, and what became hidden or visible.

    A tag is dangerous both ways: a contract that includes or excludes it shows more or less than
    before. What becomes visible is dangerous, as it was hidden for a reason and cannot be taken
    back once clients use it. What becomes hidden is safe by itself: the API schema's own
    difference (`FIELD_REMOVED`, …) has the grade.
    """
    for path, before, after in element_pairs(old, new):
        compare_named(
            found,
            path,
            before,
            after,
            subgraph,
            feature="tag",
            says="has the tag",
            added=DANGEROUS,
            removed=DANGEROUS,
        )
        _compare_inaccessible(found, path, before, after, subgraph)


def _compare_inaccessible(
    found: Found, path: str, before: Element, after: Element, subgraph: str | None
) -> None:
    was, now = before.has("inaccessible"), after.has("inaccessible")
    if now and not was:
        kind, grade, message = "INACCESSIBLE_ADDED", SAFE, f'"{path}" is hidden from clients now.'
    elif was and not now:
        message = f'"{path}" was hidden and is visible to clients now.'
        kind, grade = "INACCESSIBLE_REMOVED", DANGEROUS
    else:
        return
    note(found, kind, grade, path, message, subgraph, after, directive="inaccessible")
