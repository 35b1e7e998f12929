"""SUBGRAPH_*: which subgraphs there are, and where a gateway reaches them."""

from __future__ import annotations

from supergraph.checks.changes.found import DANGEROUS, SAFE, Found
from supergraph.checks.federation.facts import Facts
from supergraph.checks.federation.note import note


def compare_subgraphs(found: Found, old: Facts, new: Facts) -> None:
    """Note subgraphs that came, went or moved.

    A subgraph that goes is dangerous, not breaking: what clients lose by it, they lose as fields.
    Another URL is dangerous, as the next request goes somewhere else.
    """
    for name, url in old.urls.items():
        if name not in new.urls:
            note(
                found, "SUBGRAPH_REMOVED", DANGEROUS, "schema",
                f'Subgraph "{name}" is no longer part of the graph.', name,
            )  # fmt: skip
        elif new.urls[name] != url:
            note(
                found, "SUBGRAPH_URL_CHANGED", DANGEROUS, "schema",
                f'Subgraph "{name}" is at "{new.urls[name]}" now, it was at "{url}".', name,
            )  # fmt: skip
    for name in new.urls:
        if name not in old.urls:
            message = f'Subgraph "{name}" is part of the graph now.'
            note(found, "SUBGRAPH_ADDED", SAFE, "schema", message, name)
