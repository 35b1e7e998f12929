from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from supergraph.checks.lint.rule import LintFinding, LintGraph, LintRule

_PASCAL_CASE = re.compile(r"[A-Z][A-Za-z0-9]*")


class TypeNames(LintRule):
    """Names of types are in PascalCase."""

    name = "type-names"

    def check(self, graph: LintGraph, options: Any) -> Iterator[LintFinding]:
        """Look at every type."""
        for subgraph, item in graph.types():
            if not _PASCAL_CASE.fullmatch(item.name):
                message = f'The type "{item.name}" is not named in PascalCase.'
                yield graph.of_element(subgraph, item.name, item, message)
