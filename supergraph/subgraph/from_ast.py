"""AST to definitions: the pieces of each type become one object."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from graphql import (
    DefinitionNode,
    DirectiveDefinitionNode,
    DirectiveNode,
    DocumentNode,
    EnumTypeDefinitionNode,
    EnumTypeExtensionNode,
    FieldDefinitionNode,
    InputObjectTypeDefinitionNode,
    InputObjectTypeExtensionNode,
    InputValueDefinitionNode,
    InterfaceTypeDefinitionNode,
    InterfaceTypeExtensionNode,
    NamedTypeNode,
    ObjectTypeDefinitionNode,
    ObjectTypeExtensionNode,
    ScalarTypeDefinitionNode,
    ScalarTypeExtensionNode,
    SchemaDefinitionNode,
    SchemaExtensionNode,
    StringValueNode,
    TypeDefinitionNode,
    TypeExtensionNode,
    UnionTypeDefinitionNode,
    UnionTypeExtensionNode,
)

from supergraph.definitions import (
    ROOT_NAMES,
    AppliedDirective,
    DirectiveDefinition,
    EnumValueDefinition,
    FieldDefinition,
    InputValueDefinition,
    SchemaDefinitions,
    TypeDefinition,
    TypeKind,
)

FeatureOf = Callable[[str], str | None]
"""Maps the local name of a directive to the plain name of one that composition knows."""

TypeNodes = TypeDefinitionNode | TypeExtensionNode

_KINDS: dict[type[DefinitionNode], TypeKind] = {
    ScalarTypeDefinitionNode: TypeKind.SCALAR,
    ScalarTypeExtensionNode: TypeKind.SCALAR,
    ObjectTypeDefinitionNode: TypeKind.OBJECT,
    ObjectTypeExtensionNode: TypeKind.OBJECT,
    InterfaceTypeDefinitionNode: TypeKind.INTERFACE,
    InterfaceTypeExtensionNode: TypeKind.INTERFACE,
    UnionTypeDefinitionNode: TypeKind.UNION,
    UnionTypeExtensionNode: TypeKind.UNION,
    EnumTypeDefinitionNode: TypeKind.ENUM,
    EnumTypeExtensionNode: TypeKind.ENUM,
    InputObjectTypeDefinitionNode: TypeKind.INPUT_OBJECT,
    InputObjectTypeExtensionNode: TypeKind.INPUT_OBJECT,
}


def fill_definitions(schema: SchemaDefinitions, document: DocumentNode, feature: FeatureOf) -> None:
    """Add everything the document defines to `schema`; the document is valid GraphQL."""
    for node in document.definitions:
        if isinstance(node, (SchemaDefinitionNode, SchemaExtensionNode)):
            schema.schema.nodes.append(node)
            schema.schema.directives += _directives(node.directives, feature)
            for operation in node.operation_types or ():
                schema.roots[operation.operation.value] = operation.type.name.value
            if isinstance(node, SchemaDefinitionNode):
                schema.schema.description = _description(node.description)
        elif isinstance(node, DirectiveDefinitionNode):
            schema.directives[node.name.value] = _directive_definition(node, feature)
        elif type(node) in _KINDS:
            assert isinstance(node, (TypeDefinitionNode, TypeExtensionNode))  # noqa: S101 - the keys of _KINDS are subclasses
            _add_type_node(schema, node, feature)
    if not any(isinstance(node, SchemaDefinitionNode) for node in document.definitions):
        for default, name in ROOT_NAMES.items():
            if default not in schema.roots and name in schema.types:
                schema.roots[default] = name


def _add_type_node(schema: SchemaDefinitions, node: TypeNodes, feature: FeatureOf) -> None:
    name = node.name.value
    is_extension = isinstance(node, TypeExtensionNode)
    found = schema.types.get(name)
    if found is None:
        found = TypeDefinition(name=name, kind=_KINDS[type(node)], has_base=False)
        schema.types[name] = found
    if is_extension:
        found.has_extensions = True
    else:
        found.has_base = True
        found.description = _description(getattr(node, "description", None))
    found.nodes.append(node)
    directives = _directives(node.directives, feature)
    found.directives += directives
    if isinstance(
        node,
        (
            ObjectTypeDefinitionNode,
            ObjectTypeExtensionNode,
            InterfaceTypeDefinitionNode,
            InterfaceTypeExtensionNode,
        ),
    ):
        for field_node in node.fields or ():
            field = _field(field_node, feature)
            field.in_extension = is_extension
            _inherit(field, directives)
            found.fields.setdefault(field.name, field)
        _add_names(found.interfaces, node.interfaces)
    elif isinstance(node, (InputObjectTypeDefinitionNode, InputObjectTypeExtensionNode)):
        for value_node in node.fields or ():
            value = _input_value(value_node, feature)
            found.input_fields.setdefault(value.name, value)
    elif isinstance(node, (EnumTypeDefinitionNode, EnumTypeExtensionNode)):
        for enum_node in node.values or ():
            enum_value = EnumValueDefinition(
                name=enum_node.name.value,
                description=_description(enum_node.description),
                directives=_directives(enum_node.directives, feature),
                nodes=[enum_node],
            )
            found.values.setdefault(enum_value.name, enum_value)
    elif isinstance(node, (UnionTypeDefinitionNode, UnionTypeExtensionNode)):
        _add_names(found.members, node.types)


def _inherit(field: FieldDefinition, of_type: Iterable[AppliedDirective]) -> None:
    """`@shareable` and `@external` on a declaration mean every field of that declaration."""
    for directive in of_type:
        if directive.feature in ("shareable", "external") and not field.has(directive.feature):
            field.directives.append(
                AppliedDirective(
                    directive.name, dict(directive.arguments), directive.feature, directive.node
                )
            )


def _add_names(names: list[str], nodes: Sequence[NamedTypeNode] | None) -> None:
    for node in nodes or ():
        if node.name.value not in names:
            names.append(node.name.value)


def _field(node: FieldDefinitionNode, feature: FeatureOf) -> FieldDefinition:
    return FieldDefinition(
        name=node.name.value,
        description=_description(node.description),
        directives=_directives(node.directives, feature),
        nodes=[node],
        type=node.type,
        arguments={item.name.value: _input_value(item, feature) for item in node.arguments or ()},
    )


def _input_value(node: InputValueDefinitionNode, feature: FeatureOf) -> InputValueDefinition:
    return InputValueDefinition(
        name=node.name.value,
        description=_description(node.description),
        directives=_directives(node.directives, feature),
        nodes=[node],
        type=node.type,
        default=node.default_value,
    )


def _directive_definition(node: DirectiveDefinitionNode, feature: FeatureOf) -> DirectiveDefinition:
    return DirectiveDefinition(
        name=node.name.value,
        description=_description(node.description),
        nodes=[node],
        locations=tuple(location.value for location in node.locations),
        repeatable=node.repeatable,
        arguments={item.name.value: _input_value(item, feature) for item in node.arguments or ()},
    )


def _directives(
    nodes: Sequence[DirectiveNode] | None, feature: FeatureOf
) -> list[AppliedDirective]:
    return [
        AppliedDirective(
            name=node.name.value,
            arguments={argument.name.value: argument.value for argument in node.arguments or ()},
            feature=feature(node.name.value),
            node=node,
        )
        for node in nodes or ()
    ]


def _description(node: StringValueNode | None) -> str | None:
    return node.value if node is not None else None
