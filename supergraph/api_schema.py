"""The schema clients see, and the schema of everything: both cut from the supergraph's document.

Join and link machinery goes from both. The API schema also loses what is `@inaccessible`, and
whatever refers to a type that is gone. Applied directives other than the standard ones are dropped,
so that neither can leak what composition knows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

from graphql import (
    ConstDirectiveNode,
    DefinitionNode,
    DirectiveDefinitionNode,
    DocumentNode,
    EnumTypeDefinitionNode,
    FieldDefinitionNode,
    InputObjectTypeDefinitionNode,
    InputValueDefinitionNode,
    InterfaceTypeDefinitionNode,
    ListTypeNode,
    NamedTypeNode,
    Node,
    NonNullTypeNode,
    ObjectTypeDefinitionNode,
    OperationTypeDefinitionNode,
    SchemaDefinitionNode,
    TypeDefinitionNode,
    TypeNode,
    UnionTypeDefinitionNode,
)

from supergraph.links import LinkedSpec

STANDARD_DIRECTIVES = frozenset({"deprecated", "specifiedBy", "oneOf"})


def type_name(node: TypeNode) -> str:
    """The name of the type inside lists and non-nulls."""
    while isinstance(node, ListTypeNode | NonNullTypeNode):
        node = node.type
    if not isinstance(node, NamedTypeNode):
        raise TypeError(f"unexpected type reference {node!r}")
    return node.name.value


def visible_document(
    document: DocumentNode, specs: Iterable[LinkedSpec], *, keep_inaccessible: bool
) -> DocumentNode:
    """The supergraph's document without machinery, and without what is inaccessible if so asked."""
    specs = tuple(specs)
    inaccessible = inaccessible_directive(specs)

    def is_hidden(node: Node) -> bool:
        return not keep_inaccessible and has_directive(node, inaccessible)

    definitions = [
        definition
        for definition in document.definitions
        if not _is_machinery(definition, specs) and not is_hidden(definition)
    ]
    while True:
        kept = _cut(definitions, is_hidden, all_are_known=keep_inaccessible)
        if len(kept) == len(definitions):
            return DocumentNode(definitions=tuple(kept))
        definitions = kept  # a type lost its last field: what refers to it goes in the next round


def inaccessible_directive(specs: Iterable[LinkedSpec]) -> str:
    """The name `@inaccessible` has in this supergraph."""
    return next(
        (spec.directive("inaccessible") for spec in specs if spec.name == "inaccessible"),
        "inaccessible",
    )


def has_directive(node: Node, name: str) -> bool:
    """Whether the directive is applied to the definition."""
    applied: Iterable[ConstDirectiveNode] = getattr(node, "directives", None) or ()
    return any(directive.name.value == name for directive in applied)


def _is_machinery(definition: DefinitionNode, specs: tuple[LinkedSpec, ...]) -> bool:
    if isinstance(definition, DirectiveDefinitionNode):
        return any(spec.owns_directive(definition.name.value) for spec in specs)
    if isinstance(definition, TypeDefinitionNode):
        return any(spec.owns_type(definition.name.value) for spec in specs)
    return False


def _cut(
    definitions: list[DefinitionNode], is_hidden: Callable[[Node], bool], *, all_are_known: bool
) -> list[DefinitionNode]:
    defined = {node.name.value for node in definitions if isinstance(node, TypeDefinitionNode)}
    defined |= {"Int", "Float", "String", "Boolean", "ID"}

    def known(reference: TypeNode) -> bool:
        # Where nothing was taken away, an unknown type is a mistake for validation to report.
        return all_are_known or type_name(reference) in defined

    def values(
        nodes: Iterable[InputValueDefinitionNode] | None,
    ) -> tuple[InputValueDefinitionNode, ...]:
        kept = (n for n in nodes or () if not is_hidden(n) and known(n.type))
        return tuple(replace(n, directives=_standard(n)) for n in kept)

    def cut_field(node: FieldDefinitionNode) -> FieldDefinitionNode:
        return replace(node, directives=_standard(node), arguments=values(node.arguments))

    def cut(node: DefinitionNode) -> DefinitionNode | None:
        if isinstance(node, SchemaDefinitionNode):
            roots: tuple[OperationTypeDefinitionNode, ...] = tuple(
                root for root in node.operation_types if known(root.type)
            )
            return replace(node, directives=(), operation_types=roots)
        if isinstance(node, DirectiveDefinitionNode):
            return replace(node, arguments=values(node.arguments))
        if not isinstance(node, TypeDefinitionNode):
            return node
        directives = _standard(node)
        if isinstance(node, ObjectTypeDefinitionNode | InterfaceTypeDefinitionNode):
            interfaces = tuple(i for i in node.interfaces or () if known(i))
            fields = tuple(
                cut_field(f) for f in node.fields or () if not is_hidden(f) and known(f.type)
            )
            cut_type = replace(node, directives=directives, interfaces=interfaces, fields=fields)
            return cut_type if fields else None
        if isinstance(node, InputObjectTypeDefinitionNode):
            inputs = values(node.fields)
            return replace(node, directives=directives, fields=inputs) if inputs else None
        if isinstance(node, UnionTypeDefinitionNode):
            types = tuple(t for t in node.types or () if known(t))
            return replace(node, directives=directives, types=types) if types else None
        if isinstance(node, EnumTypeDefinitionNode):
            kept = tuple(
                replace(v, directives=_standard(v)) for v in node.values or () if not is_hidden(v)
            )
            return replace(node, directives=directives, values=kept) if kept else None
        return replace(node, directives=directives)

    return [node for definition in definitions if (node := cut(definition)) is not None]


def _standard(node: Node) -> tuple[ConstDirectiveNode, ...]:
    applied: Iterable[ConstDirectiveNode] = getattr(node, "directives", None) or ()
    return tuple(d for d in applied if d.name.value in STANDARD_DIRECTIVES)


__all__ = [
    "has_directive",
    "inaccessible_directive",
    "type_name",
    "visible_document",
]
