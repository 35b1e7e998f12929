"""Writing `@inaccessible` into a supergraph, whatever composer it came from.

Everything else of the text's meaning stays: the planner must find the same graph.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import TypeVar

from graphql import (
    ConstDirectiveNode,
    DefinitionNode,
    DirectiveDefinitionNode,
    DocumentNode,
    EnumTypeDefinitionNode,
    FieldDefinitionNode,
    InputObjectTypeDefinitionNode,
    InterfaceTypeDefinitionNode,
    NameNode,
    ObjectTypeDefinitionNode,
    SchemaDefinitionNode,
    SchemaExtensionNode,
    TypeDefinitionNode,
    parse,
)

from supergraph.federation.directives import DIRECTIVES, LATEST_VERSION, definition_text
from supergraph.links import LinkedSpec

_VERSION_OF_LINK = "https://specs.apollo.dev/inaccessible/v0.2"
_VERSION_OF_CORE = "https://specs.apollo.dev/inaccessible/v0.1"

NodeT = TypeVar("NodeT")


def mark_inaccessible(
    document: DocumentNode, specs: tuple[LinkedSpec, ...], coordinates: Collection[str]
) -> DocumentNode:
    """The supergraph with `@inaccessible` on the elements named by schema coordinates."""
    spec = next((item for item in specs if item.name == "inaccessible"), None)
    name = spec.directive("inaccessible") if spec else "inaccessible"
    marks = _Marks(name, frozenset(coordinates))
    definitions = [marks.on(node) for node in document.definitions]
    if spec is None and coordinates:
        definitions = _linked(definitions, specs)
    return DocumentNode(definitions=tuple(definitions))


class _Marks:
    def __init__(self, directive: str, coordinates: frozenset[str]) -> None:
        self._directive = directive
        self._coordinates = coordinates

    def on(self, node: DefinitionNode) -> DefinitionNode:
        """The definition with its marks and those of what stands in it."""
        if not isinstance(node, TypeDefinitionNode):
            return node
        name = node.name.value
        if isinstance(node, ObjectTypeDefinitionNode | InterfaceTypeDefinitionNode):
            node = replace(
                node, fields=tuple(self._field(name, item) for item in node.fields or ())
            )
        elif isinstance(node, InputObjectTypeDefinitionNode):
            values = (self._mark(f"{name}.{item.name.value}", item) for item in node.fields or ())
            node = replace(node, fields=tuple(values))
        elif isinstance(node, EnumTypeDefinitionNode):
            items = (self._mark(f"{name}.{item.name.value}", item) for item in node.values or ())
            node = replace(node, values=tuple(items))
        return self._mark(name, node)

    def _field(self, parent: str, node: FieldDefinitionNode) -> FieldDefinitionNode:
        coordinate = f"{parent}.{node.name.value}"
        arguments = (
            self._mark(f"{coordinate}({item.name.value}:)", item) for item in node.arguments or ()
        )
        return self._mark(coordinate, replace(node, arguments=tuple(arguments)))

    def _mark(self, coordinate: str, node: NodeT) -> NodeT:
        if coordinate not in self._coordinates:
            return node
        mark = ConstDirectiveNode(name=NameNode(value=self._directive), arguments=())
        applied = (*(getattr(node, "directives", None) or ()), mark)
        return replace(node, directives=applied)  # type: ignore[type-var] # AST nodes are dataclasses


def _linked(
    definitions: list[DefinitionNode], specs: tuple[LinkedSpec, ...]
) -> list[DefinitionNode]:
    """Say on the schema that the inaccessible specification is used, and define its directive."""
    link = next((spec for spec in specs if spec.name == "link"), None)
    core = next((spec for spec in specs if spec.name == "core"), None)
    if link is None and core is not None:
        applied = f'@{core.directive("core")}(feature: "{_VERSION_OF_CORE}", for: SECURITY)'
    else:
        name = link.directive("link") if link else "link"
        applied = f'@{name}(url: "{_VERSION_OF_LINK}", for: SECURITY)'
    added = definition_text(DIRECTIVES["inaccessible"], LATEST_VERSION, "inaccessible", {})
    definition = parse(added, no_location=True).definitions[0]
    directives = _schema_directives(f"extend schema {applied}")
    result: list[DefinitionNode] = []
    is_linked = False
    for node in definitions:
        if isinstance(node, SchemaDefinitionNode) and not is_linked:
            node = replace(node, directives=(*(node.directives or ()), *directives))
            is_linked = True
        result.append(node)
    last = max(
        (index for index, node in enumerate(result) if isinstance(node, DirectiveDefinitionNode)),
        default=0,
    )
    result.insert(last + 1, definition)
    return result


def _schema_directives(text: str) -> tuple[ConstDirectiveNode, ...]:
    found = parse(text, no_location=True).definitions
    return tuple(
        directive
        for node in found
        if isinstance(node, SchemaExtensionNode)
        for directive in node.directives or ()
    )


__all__ = ["mark_inaccessible"]
