"""What a lint rule is, and what it is shown.

A rule of one's own is a subclass of `LintRule` in any installed package, named by an entry point:

    [project.entry-points."dictamesh.lint_rules"]
    no-abbreviations = "our_rules:NoAbbreviations"
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, ClassVar

from graphql import Node
from pydantic import BaseModel, ConfigDict

from supergraph.checks.settings import RuleSeverity
from supergraph.definitions import Element, FieldDefinition, TypeDefinition, TypeKind
from supergraph.errors import SourceLocation, relocate
from supergraph.model import Supergraph
from supergraph.source_parts import SourcePart
from supergraph.subgraph.model import Subgraph


class RuleOptions(BaseModel):
    """What can be set of a rule; unknown options are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


class NoOptions(RuleOptions):
    """A rule without options."""


@dataclass(frozen=True, slots=True)
class LintFinding:
    """What a rule does not like. `coordinate` is a schema coordinate; `message` a sentence."""

    coordinate: str
    message: str
    subgraph: str | None = None
    locations: tuple[SourceLocation, ...] = ()


@dataclass(frozen=True)
class LintGraph:
    """The graph as rules see it: each subgraph as its team wrote it, and what they compose to.

    Findings have no places without `places`: those of a base are only counted.
    """

    subgraphs: tuple[Subgraph, ...]
    supergraph: Supergraph
    parts: dict[str, tuple[SourcePart, ...]] = field(default_factory=dict)
    places: bool = True

    def finding(
        self, subgraph: Subgraph, coordinate: str, message: str, *nodes: Node | None
    ) -> LintFinding:
        """A finding in one subgraph; without `nodes` it has no place."""
        places = subgraph.locate(*nodes) if self.places else ()
        if self.parts:
            places = relocate(places, self.parts)
        return LintFinding(coordinate, message, subgraph.name, places)

    def of_element(
        self, subgraph: Subgraph, coordinate: str, element: Element, message: str
    ) -> LintFinding:
        """A finding at the first place where the subgraph declares an element."""
        return self.finding(subgraph, coordinate, message, *element.nodes[:1])

    def types(self) -> Iterator[tuple[Subgraph, TypeDefinition]]:
        """Every type of every subgraph."""
        for subgraph in self.subgraphs:
            for definition in subgraph.types.values():
                yield subgraph, definition

    def fields(self) -> Iterator[tuple[Subgraph, TypeDefinition, FieldDefinition]]:
        """Every field that a subgraph resolves: without what is @external."""
        for subgraph, definition in self.types():
            if definition.kind in (TypeKind.OBJECT, TypeKind.INTERFACE):
                for item in definition.fields.values():
                    if not item.has("external"):
                        yield subgraph, definition, item

    @cached_property
    def keyed(self) -> frozenset[str]:
        """The names of all types that have a key in some subgraph."""
        return frozenset(definition.name for _, definition in self.types() if definition.has("key"))


class LintRule(ABC):
    """A rule. `name` is what settings call it; the first line of the docstring describes it."""

    name: ClassVar[str]
    severity: ClassVar[RuleSeverity] = RuleSeverity.WARNING
    """How it is taken if the settings do not say."""
    options_model: ClassVar[type[BaseModel]] = NoOptions

    @abstractmethod
    def check(self, graph: LintGraph, options: Any) -> Iterable[LintFinding]:
        """Look at the whole graph; `options` is an `options_model`."""
