"""Applications of composed directives fit the one definition that went into the supergraph."""

from __future__ import annotations

from collections.abc import Iterator

from graphql import (
    BooleanValueNode,
    EnumValueNode,
    FloatValueNode,
    IntValueNode,
    ListTypeNode,
    ListValueNode,
    NonNullTypeNode,
    NullValueNode,
    ObjectValueNode,
    StringValueNode,
    TypeNode,
    ValueNode,
)

from supergraph.definitions import (
    AppliedDirective,
    DirectiveDefinition,
    SchemaDefinitions,
    TypeKind,
    base_name,
    type_text,
    value_text,
)
from supergraph.errors import CompositionError, ErrorCode, SourceLocation
from supergraph.merge.context import MergeContext

_LITERALS: dict[str, tuple[type[ValueNode], ...]] = {
    "Int": (IntValueNode,),
    "Float": (IntValueNode, FloatValueNode),
    "String": (StringValueNode,),
    "Boolean": (BooleanValueNode,),
    "ID": (StringValueNode, IntValueNode),
}


def check_composed_directives(context: MergeContext) -> Iterator[CompositionError]:
    """Code INVALID_GRAPHQL: subgraphs may have written for another version of the definition."""
    definitions = context.composed.definitions
    if not definitions:
        return
    for coordinate, element in context.merged.elements():
        for applied in element.directives:
            definition = definitions.get(applied.name)
            if definition is None or applied.feature is not None:
                continue
            for problem in _problems(context.merged, definition, applied):
                yield CompositionError(
                    ErrorCode.INVALID_GRAPHQL,
                    f'Invalid application of the composed directive "@{applied.name}" to '
                    f'"{coordinate}": {problem}',
                    _places(context, coordinate, definition),
                    coordinate,
                )


def _places(
    context: MergeContext, coordinate: str, definition: DirectiveDefinition
) -> tuple[SourceLocation, ...]:
    if coordinate != "schema" and (found := context.locate(coordinate)):
        return found
    return tuple(
        place
        for subgraph in context.subgraphs
        if subgraph.directives.get(definition.name) is definition
        for place in subgraph.locate(*definition.nodes)
    )


def _problems(
    schema: SchemaDefinitions, definition: DirectiveDefinition, applied: AppliedDirective
) -> Iterator[str]:
    for name, value in applied.arguments.items():
        argument = definition.arguments.get(name)
        if argument is None:
            yield f'the definition that is composed has no argument "{name}"'
        elif not _fits(schema, value, argument.type):
            expected = type_text(argument.type)
            yield f'{value_text(value)} is no value of type "{expected}" of argument "{name}"'
    for argument in definition.arguments.values():
        if argument.is_required and argument.name not in applied.arguments:
            yield f'argument "{argument.name}" of type "{type_text(argument.type)}" is required'


def _fits(schema: SchemaDefinitions, value: ValueNode, expected: TypeNode) -> bool:
    if isinstance(expected, NonNullTypeNode):
        return not isinstance(value, NullValueNode) and _fits(schema, value, expected.type)
    if isinstance(value, NullValueNode):
        return True
    if isinstance(expected, ListTypeNode):
        items = value.values if isinstance(value, ListValueNode) else (value,)
        return all(_fits(schema, item, expected.type) for item in items)
    name = base_name(expected)
    if name in _LITERALS:
        return isinstance(value, _LITERALS[name])
    definition = schema.types.get(name)
    if definition is None or definition.kind is TypeKind.SCALAR:
        return True
    if definition.kind is TypeKind.ENUM:
        return isinstance(value, EnumValueNode) and value.value in definition.values
    if not isinstance(value, ObjectValueNode):
        return False
    given = {member.name.value: member.value for member in value.fields}
    fields = definition.input_fields
    return all(
        name in fields and _fits(schema, item, fields[name].type) for name, item in given.items()
    ) and all(field.name in given for field in fields.values() if field.is_required)
