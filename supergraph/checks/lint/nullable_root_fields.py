from __future__ import annotations

from collections.abc import Iterator

from graphql import ListTypeNode, NonNullTypeNode

from supergraph.checks.lint.rule import LintFinding, LintGraph, LintRule, RuleOptions
from supergraph.definitions import ROOT_NAMES, type_text


class NullableRootOptions(RuleOptions):
    """Which root fields may be non-null."""

    lists_too: bool = False
    """Whether non-null lists are meant as well."""


class NullableRootFields(LintRule):
    """A root field is nullable: a non-null one takes the whole answer away when it fails."""

    name = "nullable-root-fields"
    options_model = NullableRootOptions

    def check(self, graph: LintGraph, options: NullableRootOptions) -> Iterator[LintFinding]:
        """Look at the fields of root types."""
        for subgraph, item, field in graph.fields():
            if item.name not in ROOT_NAMES.values() or not isinstance(field.type, NonNullTypeNode):
                continue
            if isinstance(field.type.type, ListTypeNode) and not options.lists_too:
                continue
            coordinate = f"{item.name}.{field.name}"
            message = (
                f'"{coordinate}" is {type_text(field.type)}: when its subgraph fails, the whole '
                "answer is null. Make it nullable."
            )
            yield graph.of_element(subgraph, coordinate, field, message)
