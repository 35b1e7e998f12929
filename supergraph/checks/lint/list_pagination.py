from __future__ import annotations

from collections.abc import Iterator

from graphql import ListTypeNode, NonNullTypeNode
from pydantic import Field

from supergraph.checks.lint.rule import LintFinding, LintGraph, LintRule, RuleOptions
from supergraph.definitions import ROOT_NAMES, base_name


class PaginationOptions(RuleOptions):
    """What counts as pagination."""

    arguments: tuple[str, ...] = Field(
        default=("first", "last", "limit", "pageSize", "page", "take"), min_length=1
    )
    """A list field has at least one of these arguments."""
    everywhere: bool = False
    """Whether lists of entities on any type are meant, not on root types only."""
    ids_are_bounded: bool = True
    """Whether a list whose arguments are a list (`ids: [ID!]!`) is bounded by that."""


class ListPagination(LintRule):
    """A list of entities can be asked for in pages: it could be of any length."""

    name = "list-pagination"
    options_model = PaginationOptions

    def check(self, graph: LintGraph, options: PaginationOptions) -> Iterator[LintFinding]:
        """Look at every field whose type is a list of entities."""
        for subgraph, item, field in graph.fields():
            type_node = field.type.type if isinstance(field.type, NonNullTypeNode) else field.type
            if not isinstance(type_node, ListTypeNode) or base_name(type_node) not in graph.keyed:
                continue
            if item.name not in ROOT_NAMES.values() and not options.everywhere:
                continue
            if not set(options.arguments).isdisjoint(field.arguments):
                continue
            bounded = any(_is_list(argument.type) for argument in field.arguments.values())
            if (bounded and options.ids_are_bounded) or field.has("listSize"):
                continue
            coordinate = f"{item.name}.{field.name}"
            message = (
                f'"{coordinate}" gives a list of any length; let clients ask for pages, with an '
                f"argument such as {options.arguments[0]}."
            )
            yield graph.of_element(subgraph, coordinate, field, message)


def _is_list(node: object) -> bool:
    return isinstance(node.type if isinstance(node, NonNullTypeNode) else node, ListTypeNode)
