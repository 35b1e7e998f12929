"""Where the elements of a graph stand: from schema coordinates to file, line and column.

A supergraph remembers no places; the texts of its subgraphs do. The index is made when first asked
for, as most checks find nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from graphql import (
    DirectiveDefinitionNode,
    DocumentNode,
    EnumTypeDefinitionNode,
    EnumTypeExtensionNode,
    InputObjectTypeDefinitionNode,
    InputObjectTypeExtensionNode,
    Node,
    SchemaDefinitionNode,
    SchemaExtensionNode,
    TypeDefinitionNode,
    TypeExtensionNode,
)

from supergraph.definitions import ROOT_NAMES
from supergraph.errors import SourceLocation, locate, relocate
from supergraph.source_parts import SourcePart


@dataclass(frozen=True, slots=True)
class PlacedDocument:
    """The parsed SDL of one subgraph, or of a supergraph (then `subgraph` is empty)."""

    subgraph: str
    file: str | None
    document: DocumentNode
    parts: tuple[SourcePart, ...] = ()


class Places:
    """Finds elements of one graph."""

    def __init__(self, documents: Callable[[], Iterable[PlacedDocument]]) -> None:
        self._documents = documents
        self._found: dict[str, list[tuple[PlacedDocument, Node]]] | None = None

    def of(self, coordinate: str, subgraph: str | None = None) -> tuple[SourceLocation, ...]:
        """Every place that declares the element, or only the place in one subgraph."""
        return tuple(
            place
            for item, node in self._index().get(coordinate, ())
            if subgraph is None or item.subgraph == subgraph
            for place in _place(item, node)
        )

    def nearest(self, coordinate: str, subgraph: str | None = None) -> tuple[SourceLocation, ...]:
        """The places of the element, or of what it would stand in."""
        at: str | None = coordinate
        while at:
            places = self.of(at, subgraph)
            if places:
                return places
            at = parent(at)
        return self.nearest(coordinate) if subgraph is not None else ()

    def first_of(self, subgraphs: Iterable[str]) -> tuple[SourceLocation, ...]:
        """The beginning of each subgraph's text that is a file; for what stands nowhere."""
        wanted = set(subgraphs)
        found = []
        for item in self._documents():
            file = item.parts[0].file if item.parts else item.file
            if file is not None and (item.subgraph in wanted or not item.subgraph):
                found.append(SourceLocation(item.subgraph, 1, 1, file))
        return tuple(found)

    def _index(self) -> dict[str, list[tuple[PlacedDocument, Node]]]:
        if self._found is None:
            self._found = {}
            for item in self._documents():
                _collect(item, self._found)
        return self._found


def _place(item: PlacedDocument, node: Node) -> tuple[SourceLocation, ...]:
    places = locate(item.subgraph, item.file, [node])
    return relocate(places, {item.subgraph: item.parts}) if item.parts else places


def parent(coordinate: str) -> str | None:
    """What an element stands in: `T.f` for `T.f(a:)`, `T` for `T.f`, None for a type."""
    if coordinate.endswith(")"):
        return coordinate.rpartition("(")[0] or None
    return coordinate.rpartition(".")[0] or None


def _collect(item: PlacedDocument, found: dict[str, list[tuple[PlacedDocument, Node]]]) -> None:
    roots = _root_names(item.document.definitions)

    def note(coordinate: str, node: Node) -> None:
        found.setdefault(coordinate, []).append((item, node))

    for node in item.document.definitions:
        if isinstance(node, DirectiveDefinitionNode):
            name = f"@{node.name.value}"
            note(name, node)
            for argument in node.arguments or ():
                note(f"{name}({argument.name.value}:)", argument)
            continue
        if isinstance(node, SchemaDefinitionNode | SchemaExtensionNode):
            note("schema", node)
            continue
        if not isinstance(node, TypeDefinitionNode | TypeExtensionNode):
            continue
        name = roots.get(node.name.value, node.name.value)
        note(name, node)
        if isinstance(node, EnumTypeDefinitionNode | EnumTypeExtensionNode):
            for value in node.values or ():
                note(f"{name}.{value.name.value}", value)
            continue
        for field in getattr(node, "fields", None) or ():
            coordinate = f"{name}.{field.name.value}"
            note(coordinate, field)
            if isinstance(node, InputObjectTypeDefinitionNode | InputObjectTypeExtensionNode):
                continue
            for argument in field.arguments or ():
                note(f"{coordinate}({argument.name.value}:)", argument)


def _root_names(definitions: Sequence[Node]) -> dict[str, str]:
    """Names of root types in this document to those they have in every supergraph."""
    return {
        operation.type.name.value: ROOT_NAMES[operation.operation.value]
        for node in definitions
        if isinstance(node, SchemaDefinitionNode | SchemaExtensionNode)
        for operation in node.operation_types or ()
    }
