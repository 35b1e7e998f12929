from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from supergraph.checks.lint.rule import LintFinding, LintGraph, LintRule
from supergraph.checks.settings import RuleSeverity


class DeprecationReasons(LintRule):
    """Whatever is deprecated says why, and so what to use instead."""

    name = "deprecation-reasons"
    severity = RuleSeverity.ERROR

    def check(self, graph: LintGraph, options: Any) -> Iterator[LintFinding]:
        """Look at everything deprecated."""
        for subgraph in graph.subgraphs:
            for coordinate, element in subgraph.elements():
                for applied in element.applied("deprecated"):
                    if not (applied.text("reason") or "").strip():
                        message = (
                            f'"{coordinate}" is deprecated without a reason; say what to use '
                            "instead."
                        )
                        yield graph.of_element(subgraph, coordinate, element, message)
