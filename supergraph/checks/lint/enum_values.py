from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from supergraph.checks.lint.rule import LintFinding, LintGraph, LintRule

_UPPER_CASE = re.compile(r"[A-Z][A-Z0-9]*(_[A-Z0-9]+)*")


class EnumValues(LintRule):
    """Values of enums are in UPPER_CASE."""

    name = "enum-values"

    def check(self, graph: LintGraph, options: Any) -> Iterator[LintFinding]:
        """Look at every enum."""
        for subgraph, item in graph.types():
            for value in item.values.values():
                if not _UPPER_CASE.fullmatch(value.name):
                    coordinate = f"{item.name}.{value.name}"
                    message = f'The enum value "{coordinate}" is not named in UPPER_CASE.'
                    yield graph.of_element(subgraph, coordinate, value, message)
