from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from supergraph.checks.lint.rule import LintFinding, LintGraph, LintRule
from supergraph.checks.reachable import reachable_types


class UnusedTypes(LintRule):
    """Every type can be reached from a root type."""

    name = "unused-types"

    def check(self, graph: LintGraph, options: Any) -> Iterator[LintFinding]:
        """Look for types that no query can name."""
        reachable = reachable_types(graph.supergraph.schema)
        told: set[str] = set()
        for subgraph, item in graph.types():
            known = item.name in graph.supergraph.schema.type_map
            if known and item.name not in reachable and item.name not in told:
                told.add(item.name)
                message = f'No query, mutation or subscription leads to the type "{item.name}".'
                yield graph.of_element(subgraph, item.name, item, message)
