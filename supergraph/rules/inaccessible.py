"""`@inaccessible`: what remains for clients must still be a whole schema.

Source: https://specs.apollo.dev/inaccessible/v0.2, "Validation".
"""

from __future__ import annotations

from collections.abc import Iterator

from graphql import EnumValueNode, ListValueNode, ObjectValueNode, TypeNode, ValueNode

from supergraph.definitions import (
    ROOT_NAMES,
    DirectiveDefinition,
    FieldDefinition,
    InputValueDefinition,
    SchemaDefinitions,
    TypeDefinition,
    TypeKind,
    base_name,
)
from supergraph.errors import CompositionError, ErrorCode
from supergraph.merge.context import MergeContext
from supergraph.merge.directive import EXECUTABLE_LOCATIONS

_CHILDREN = {
    TypeKind.OBJECT: "fields",
    TypeKind.INTERFACE: "fields",
    TypeKind.INPUT_OBJECT: "input fields",
    TypeKind.ENUM: "values",
}


def check_inaccessible(context: MergeContext) -> Iterator[CompositionError]:
    """The codes about `@inaccessible`."""
    if any(element.has("inaccessible") for _, element in context.merged.elements()):
        yield from _Check(context).run()


class _Check:
    """One run over a merged schema."""

    def __init__(self, context: MergeContext) -> None:
        self._context = context
        self._schema: SchemaDefinitions = context.merged

    def run(self) -> Iterator[CompositionError]:
        for definition in self._schema.types.values():
            if definition.has("inaccessible"):
                if definition.name == ROOT_NAMES["query"]:
                    yield self._error(
                        ErrorCode.QUERY_ROOT_TYPE_INACCESSIBLE,
                        f'Type "{definition.name}" is @inaccessible but is the root query type, '
                        "which must be in the API schema.",
                        definition.name,
                    )
                continue
            yield from self._check_children(definition)
            for field in definition.fields.values():
                yield from self._check_field(definition, field)
            for value in definition.input_fields.values():
                yield from self._check_input_field(definition, value)
        for directive in self._schema.directives.values():
            yield from self._check_directive(directive)

    def _check_directive(self, definition: DirectiveDefinition) -> Iterator[CompositionError]:
        is_executable = all(item in EXECUTABLE_LOCATIONS for item in definition.locations)
        for argument in definition.arguments.values():
            place = f"@{definition.name}({argument.name}:)"
            if not argument.has("inaccessible"):
                if any(item in EXECUTABLE_LOCATIONS for item in definition.locations):
                    yield from self._check_reference(place, argument.type)
                    yield from self._check_default(place, argument)
            elif not is_executable:
                yield self._error(
                    ErrorCode.DISALLOWED_INACCESSIBLE,
                    f'Argument "{place}" cannot be @inaccessible: its directive can be applied to '
                    "elements of a schema, where it has to be known.",
                    place,
                )
            elif argument.is_required:
                yield self._error(
                    ErrorCode.REQUIRED_INACCESSIBLE,
                    f'Argument "{place}" is @inaccessible but is a required argument of its '
                    "directive.",
                    place,
                )

    def _check_children(self, definition: TypeDefinition) -> Iterator[CompositionError]:
        children = list(definition.children())
        if children and all(child.has("inaccessible") for child in children):
            yield self._error(
                ErrorCode.ONLY_INACCESSIBLE_CHILDREN,
                f'Type "{definition.name}" is in the API schema but all of its '
                f"{_CHILDREN[definition.kind]} are @inaccessible.",
                definition.name,
            )
        if definition.kind is TypeKind.UNION and all(
            self._is_hidden(member) for member in definition.members
        ):
            yield self._error(
                ErrorCode.ONLY_INACCESSIBLE_CHILDREN,
                f'Type "{definition.name}" is in the API schema but all of its members are '
                "@inaccessible.",
                definition.name,
            )

    def _check_field(
        self, definition: TypeDefinition, field: FieldDefinition
    ) -> Iterator[CompositionError]:
        coordinate = f"{definition.name}.{field.name}"
        if field.has("inaccessible"):
            for interface in self._interfaces_with(definition, field.name):
                yield self._error(
                    ErrorCode.IMPLEMENTED_BY_INACCESSIBLE,
                    f'Field "{coordinate}" is @inaccessible but implements the interface field '
                    f'"{interface}.{field.name}", which is in the API schema.',
                    coordinate,
                )
            return
        yield from self._check_reference(coordinate, field.type)
        for argument in field.arguments.values():
            place = f"{coordinate}({argument.name}:)"
            if not argument.has("inaccessible"):
                yield from self._check_reference(place, argument.type)
                yield from self._check_default(place, argument)
                continue
            if argument.is_required:
                yield self._error(
                    ErrorCode.REQUIRED_INACCESSIBLE,
                    f'Argument "{place}" is @inaccessible but is a required argument of its field.',
                    place,
                )
            for interface in self._interfaces_with(definition, field.name):
                of_interface = self._schema.types[interface].fields[field.name].arguments
                other = of_interface.get(argument.name)
                if other is not None and not other.has("inaccessible"):
                    yield self._error(
                        ErrorCode.IMPLEMENTED_BY_INACCESSIBLE,
                        f'Argument "{place}" is @inaccessible but implements the interface '
                        f'argument "{interface}.{field.name}({argument.name}:)", which is in the '
                        "API schema.",
                        place,
                    )

    def _check_input_field(
        self, definition: TypeDefinition, value: InputValueDefinition
    ) -> Iterator[CompositionError]:
        place = f"{definition.name}.{value.name}"
        if not value.has("inaccessible"):
            yield from self._check_reference(place, value.type)
            yield from self._check_default(place, value)
        elif value.is_required:
            yield self._error(
                ErrorCode.REQUIRED_INACCESSIBLE,
                f'Input field "{place}" is @inaccessible but is a required input field of its '
                "type.",
                place,
            )

    def _check_reference(self, coordinate: str, type_node: TypeNode) -> Iterator[CompositionError]:
        name = base_name(type_node)
        if self._is_hidden(name):
            yield self._error(
                ErrorCode.REFERENCED_INACCESSIBLE,
                f'Type "{name}" is @inaccessible but is referenced by "{coordinate}", which is in '
                "the API schema.",
                coordinate,
            )

    def _check_default(
        self, coordinate: str, value: InputValueDefinition
    ) -> Iterator[CompositionError]:
        if value.default is None:
            return
        for what, hidden in self._hidden_in(value.default, base_name(value.type)):
            yield self._error(
                ErrorCode.DEFAULT_VALUE_USES_INACCESSIBLE,
                f'{what} "{hidden}" is @inaccessible but is used in the default value of '
                f'"{coordinate}", which is in the API schema.',
                coordinate,
            )

    def _hidden_in(self, node: ValueNode, type_name: str) -> Iterator[tuple[str, str]]:
        definition = self._schema.types.get(type_name)
        if isinstance(node, ListValueNode):
            for item in node.values:
                yield from self._hidden_in(item, type_name)
        elif definition is None:
            return
        elif isinstance(node, EnumValueNode):
            value = definition.values.get(node.value)
            if value is not None and value.has("inaccessible"):
                yield "Enum value", f"{type_name}.{value.name}"
        elif isinstance(node, ObjectValueNode):
            for member in node.fields:
                field = definition.input_fields.get(member.name.value)
                if field is None:
                    continue
                if field.has("inaccessible"):
                    yield "Input field", f"{type_name}.{field.name}"
                else:
                    yield from self._hidden_in(member.value, base_name(field.type))

    def _interfaces_with(self, definition: TypeDefinition, field: str) -> Iterator[str]:
        for name in definition.interfaces:
            interface = self._schema.types.get(name)
            if interface is None or interface.has("inaccessible"):
                continue
            declared = interface.fields.get(field)
            if declared is not None and not declared.has("inaccessible"):
                yield name

    def _is_hidden(self, type_name: str) -> bool:
        definition = self._schema.types.get(type_name)
        return definition is not None and definition.has("inaccessible")

    def _error(self, code: ErrorCode, message: str, coordinate: str) -> CompositionError:
        return CompositionError(code, message, self._context.locate(coordinate), coordinate)
