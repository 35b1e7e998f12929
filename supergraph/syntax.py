"""Definitions as GraphQL syntax: what parsing their printed text would give, without parsing it.

The composer prints a merged schema and then reads it as a gateway would. Parsing was the longest
part of that, although every node of the result follows from what was printed.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Any, TypeVar, cast

from graphql import (
    ConstArgumentNode,
    ConstDirectiveNode,
    ConstValueNode,
    EnumTypeDefinitionNode,
    EnumValueDefinitionNode,
    FieldDefinitionNode,
    InputObjectTypeDefinitionNode,
    InputValueDefinitionNode,
    InterfaceTypeDefinitionNode,
    ListValueNode,
    NamedTypeNode,
    NameNode,
    Node,
    ObjectFieldNode,
    ObjectTypeDefinitionNode,
    ObjectValueNode,
    ScalarTypeDefinitionNode,
    StringValueNode,
    TypeDefinitionNode,
    TypeNode,
    UnionTypeDefinitionNode,
    ValueNode,
    parse_type,
)

from supergraph.definitions import (
    AppliedDirective,
    Element,
    FieldDefinition,
    InputValueDefinition,
    TypeDefinition,
    TypeKind,
    named_type,
    type_text,
)
from supergraph.model import InvalidSupergraphError

NodeT = TypeVar("NodeT", bound=Node)

_CONTAINERS = (ListValueNode, ObjectValueNode, ObjectFieldNode)
"""Values that may hold others which a subgraph's text has."""


def type_definition_node(definition: TypeDefinition) -> TypeDefinitionNode:
    """The node of a type. It has no places: those of its types and values are the subgraphs'.

    Raises:
        InvalidSupergraphError: if the type has nothing in it, which cannot be written down.
    """
    if definition.kind is not TypeKind.SCALAR and not (
        definition.members or any(True for _ in definition.children())
    ):
        raise InvalidSupergraphError(f'Type "{definition.name}" has nothing in it after merging.')
    name, description = _name(definition.name), _description(definition)
    directives = _directives(definition.directives)
    match definition.kind:
        case TypeKind.SCALAR:
            return ScalarTypeDefinitionNode(
                description=description, name=name, directives=directives
            )
        case TypeKind.UNION:
            return UnionTypeDefinitionNode(
                description=description,
                name=name,
                directives=directives,
                types=_named(definition.members),
            )
        case TypeKind.ENUM:
            values = _some(
                EnumValueDefinitionNode(
                    description=_description(value),
                    name=_name(value.name),
                    directives=_directives(value.directives),
                )
                for value in definition.values.values()
            )
            return EnumTypeDefinitionNode(
                description=description, name=name, directives=directives, values=values
            )
        case TypeKind.INPUT_OBJECT:
            return InputObjectTypeDefinitionNode(
                description=description,
                name=name,
                directives=directives,
                fields=_input_values(definition.input_fields.values()),
            )
        case TypeKind.OBJECT | TypeKind.INTERFACE:
            kind = (
                ObjectTypeDefinitionNode
                if definition.kind is TypeKind.OBJECT
                else InterfaceTypeDefinitionNode
            )
            return kind(
                description=description,
                name=name,
                interfaces=_named(definition.interfaces),
                directives=directives,
                fields=_some(_field(field) for field in definition.fields.values()),
            )


def _field(field: FieldDefinition) -> FieldDefinitionNode:
    return FieldDefinitionNode(
        description=_description(field),
        name=_name(field.name),
        arguments=_input_values(field.arguments.values()),
        type=_type(type_text(field.type)),
        directives=_directives(field.directives),
    )


def _input_values(
    values: Iterable[InputValueDefinition],
) -> tuple[InputValueDefinitionNode, ...] | None:
    return _some(
        InputValueDefinitionNode(
            description=_description(value),
            name=_name(value.name),
            type=_type(type_text(value.type)),
            default_value=None if value.default is None else _value(value.default),
            directives=_directives(value.directives),
        )
        for value in values
    )


def _directives(applied: Iterable[AppliedDirective]) -> tuple[ConstDirectiveNode, ...] | None:
    return _some(
        ConstDirectiveNode(
            name=_name(directive.name),
            arguments=_some(
                ConstArgumentNode(name=_name(name), value=_value(value))
                for name, value in directive.arguments.items()
            ),
        )
        for directive in applied
    )


def _named(names: Iterable[str]) -> tuple[NamedTypeNode, ...] | None:
    return _some(named_type(name) for name in names)


@lru_cache(maxsize=50_000)
def _name(text: str) -> NameNode:
    return NameNode(value=text)


def _description(element: Element) -> StringValueNode | None:
    if element.description is None:
        return None
    return StringValueNode(value=element.description, block=True)


@lru_cache(maxsize=10_000)
def _type(text: str) -> TypeNode:
    """The node of a type reference; a graph repeats a few of them thousands of times."""
    return parse_type(text, no_location=True)


def _value(node: ValueNode) -> ConstValueNode:
    """The value as printed: a string loses its block form."""
    if isinstance(node, StringValueNode) and node.block:
        return StringValueNode(value=node.value, block=False)
    return cast(ConstValueNode, _without_place(node))  # definitions have no variables


def _without_place(node: NodeT) -> NodeT:
    if node.loc is None and not isinstance(node, _CONTAINERS):
        return node  # made while composing, as nearly all are
    members: dict[str, Any] = {}
    for key in node.keys:
        member = getattr(node, key, None)
        if isinstance(member, Node):
            member = _without_place(member)
        elif isinstance(member, tuple):
            member = tuple(_without_place(item) for item in member)
        members[key] = member
    return type(node)(**{**members, "loc": None})


def _some(nodes: Iterable[NodeT]) -> tuple[NodeT, ...] | None:
    """The parser gives None where there is nothing."""
    return tuple(nodes) or None
