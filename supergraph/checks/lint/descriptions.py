from __future__ import annotations

from collections.abc import Iterator

from supergraph.checks.lint.rule import LintFinding, LintGraph, LintRule, RuleOptions
from supergraph.definitions import ROOT_NAMES, Element, TypeDefinition


class DescriptionOptions(RuleOptions):
    """What has to be described."""

    types: bool = True
    """Types."""
    fields: bool = True
    """Fields and input fields."""
    enum_values: bool = False
    """Values of enums."""


class Descriptions(LintRule):
    """Types and fields are described, in at least one subgraph that has them."""

    name = "descriptions"
    options_model = DescriptionOptions

    def check(self, graph: LintGraph, options: DescriptionOptions) -> Iterator[LintFinding]:
        """Look for what no subgraph describes."""
        described = {
            coordinate
            for _, item in graph.types()
            for coordinate, element, _ in _elements(item)
            if element.description and element.description.strip()
        }
        wanted = {"type": options.types, "field": options.fields, "value": options.enum_values}
        told: set[str] = set()
        for subgraph, item in graph.types():
            for coordinate, element, what in _elements(item):
                if not wanted[what] or coordinate in described or coordinate in told:
                    continue
                if (what == "type" and item.name in ROOT_NAMES.values()) or element.has("external"):
                    continue
                told.add(coordinate)
                message = f'"{coordinate}" has no description.'
                yield graph.of_element(subgraph, coordinate, element, message)


def _elements(item: TypeDefinition) -> Iterator[tuple[str, Element, str]]:
    yield item.name, item, "type"
    for child in item.children():
        kind = "value" if child.name in item.values else "field"
        yield f"{item.name}.{child.name}", child, kind
