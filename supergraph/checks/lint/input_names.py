from __future__ import annotations

from collections.abc import Iterator

from pydantic import Field

from supergraph.checks.lint.rule import LintFinding, LintGraph, LintRule, RuleOptions
from supergraph.definitions import TypeKind


class InputNameOptions(RuleOptions):
    """How input types may end."""

    suffixes: tuple[str, ...] = Field(default=("Input", "Filter", "Order"), min_length=1)
    """An input type's name ends with one of these."""


class InputNames(LintRule):
    """Names of input types end with Input (or another suffix that is set)."""

    name = "input-names"
    options_model = InputNameOptions

    def check(self, graph: LintGraph, options: InputNameOptions) -> Iterator[LintFinding]:
        """Look at every input type."""
        for subgraph, item in graph.types():
            if item.kind is TypeKind.INPUT_OBJECT and not item.name.endswith(options.suffixes):
                wanted = ", ".join(options.suffixes)
                message = f'The input type "{item.name}" does not end with one of: {wanted}.'
                yield graph.of_element(subgraph, item.name, item, message)
