from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from graphql import ListTypeNode, NonNullTypeNode, TypeNode

from supergraph.checks.lint.rule import LintFinding, LintGraph, LintRule
from supergraph.checks.settings import RuleSeverity
from supergraph.definitions import type_text


class ListItems(LintRule):
    """The items of a list are non-null: clients need not ask each whether it is there."""

    name = "non-null-list-items"
    severity = RuleSeverity.OFF

    def check(self, graph: LintGraph, options: Any) -> Iterator[LintFinding]:
        """Look at every field whose type is a list."""
        for subgraph, item, field in graph.fields():
            if _has_nullable_items(field.type):
                coordinate = f"{item.name}.{field.name}"
                message = f'The items of "{coordinate}", {type_text(field.type)}, may be null.'
                yield graph.of_element(subgraph, coordinate, field, message)


def _has_nullable_items(node: TypeNode) -> bool:
    while True:
        if isinstance(node, NonNullTypeNode):
            node = node.type
        if not isinstance(node, ListTypeNode):
            return False
        node = node.type
        if not isinstance(node, NonNullTypeNode):
            return True
