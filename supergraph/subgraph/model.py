"""A subgraph as the composer sees it: its definitions, with every link expanded."""

from __future__ import annotations

from dataclasses import dataclass, field

from graphql import Node

from supergraph.definitions import SchemaDefinitions
from supergraph.errors import CompositionError, ErrorCode, SourceLocation, locate
from supergraph.federation.directives import Version
from supergraph.federation.link import Link
from supergraph.subgraph.given import SubgraphInput


@dataclass(slots=True, eq=False)
class Subgraph(SchemaDefinitions):
    """A subgraph whose SDL was understood.

    Root types have their default names, directives that composition knows carry their plain names
    (`AppliedDirective.feature`), and what belongs to the federation specification itself
    (`_Service`, `_entities`, definitions of `@key`, …) is gone.

    `version` is the federation version of its link, None for Federation 1. `directive_names` maps
    plain names to local ones (`key` to `federation__key`).
    """

    name: str = ""
    url: str = ""
    file: str | None = None
    sdl: str = ""
    version: Version | None = None
    links: tuple[Link, ...] = ()
    directive_names: dict[str, str] = field(default_factory=dict)

    def locate(self, *nodes: Node | None) -> tuple[SourceLocation, ...]:
        """Places of AST nodes of this subgraph."""
        return locate(self.name, self.file, nodes)

    def error(
        self, code: ErrorCode, message: str, *nodes: Node | None, coordinate: str | None = None
    ) -> CompositionError:
        """An error of this subgraph alone; the message is prefixed with its name."""
        return CompositionError(code, f"[{self.name}] {message}", self.locate(*nodes), coordinate)

    def at(self, feature: str) -> str:
        """The local name of a known directive with its `@`."""
        return f"@{self.directive_names.get(feature, feature)}"


__all__ = ["Subgraph", "SubgraphInput"]
