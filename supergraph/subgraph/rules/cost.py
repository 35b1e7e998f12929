"""`@cost` and `@listSize`: on what has a cost, and about lists that exist.

Source: https://specs.apollo.dev/cost/v0.1
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from graphql import (
    IntValueNode,
    ListTypeNode,
    ListValueNode,
    NonNullTypeNode,
    StringValueNode,
    TypeNode,
)

from supergraph.definitions import (
    AppliedDirective,
    FieldDefinition,
    TypeDefinition,
    TypeKind,
    base_name,
    type_text,
)
from supergraph.errors import CompositionError, ErrorCode
from supergraph.subgraph.model import Subgraph


def check_cost(subgraph: Subgraph) -> Iterator[CompositionError]:
    """Codes COST_APPLIED_TO_INTERFACE_FIELD and LIST_SIZE_*."""
    for definition in subgraph.types.values():
        for field in definition.fields.values():
            coordinate = f"{definition.name}.{field.name}"
            for directive in field.applied("cost"):
                if definition.kind is TypeKind.INTERFACE:
                    yield subgraph.error(
                        ErrorCode.COST_APPLIED_TO_INTERFACE_FIELD,
                        f"{subgraph.at('cost')} cannot be applied to interface field "
                        f'"{coordinate}": apply it to the fields of the implementations.',
                        directive.node,
                        coordinate=coordinate,
                    )
            for directive in field.applied("listSize"):
                for code, message in _problems(subgraph, definition, field, directive):
                    yield subgraph.error(code, message, directive.node, coordinate=coordinate)


def _problems(
    subgraph: Subgraph,
    definition: TypeDefinition,
    field: FieldDefinition,
    directive: AppliedDirective,
) -> Iterator[tuple[ErrorCode, str]]:
    coordinate, me = f"{definition.name}.{field.name}", subgraph.at("listSize")
    sized = _strings(directive, "sizedFields")
    if not sized and not _is_list(field.type):
        yield (
            ErrorCode.LIST_SIZE_APPLIED_TO_NON_LIST,
            f'{me} is applied to "{coordinate}", which is not a list but of type '
            f'"{type_text(field.type)}"; name the lists inside it by "sizedFields".',
        )
    size = directive.arguments.get("assumedSize")
    if isinstance(size, IntValueNode) and int(size.value) < 0:
        yield (
            ErrorCode.LIST_SIZE_INVALID_ASSUMED_SIZE,
            f'Assumed size of "{coordinate}" cannot be negative, but is {size.value}',
        )
    for name in _strings(directive, "slicingArguments"):
        argument = field.arguments.get(name)
        if argument is None:
            yield (
                ErrorCode.LIST_SIZE_INVALID_SLICING_ARGUMENT,
                f'Slicing argument "{name}" is not an argument of "{coordinate}"',
            )
        elif type_text(argument.type).removesuffix("!") != "Int":
            yield (
                ErrorCode.LIST_SIZE_INVALID_SLICING_ARGUMENT,
                f'Slicing argument "{coordinate}({name}:)" must be Int or Int!, but is '
                f"{type_text(argument.type)}",
            )
    yield from _sized_field_problems(subgraph, field, sized, coordinate)


def _sized_field_problems(
    subgraph: Subgraph, field: FieldDefinition, sized: Sequence[str], coordinate: str
) -> Iterator[tuple[ErrorCode, str]]:
    target = subgraph.types.get(base_name(field.type))
    if not sized:
        return
    if target is None or not target.is_composite:
        yield (
            ErrorCode.LIST_SIZE_INVALID_SIZED_FIELD,
            f'Sized fields cannot be used on "{coordinate}" because its type '
            f'"{base_name(field.type)}" has no fields',
        )
        return
    for name in sized:
        inner = target.fields.get(name)
        if inner is None:
            yield (
                ErrorCode.LIST_SIZE_INVALID_SIZED_FIELD,
                f'Sized field "{name}" is not a field of type "{target.name}"',
            )
        elif not _is_list(inner.type):
            yield (
                ErrorCode.LIST_SIZE_APPLIED_TO_NON_LIST,
                f'Sized field "{target.name}.{name}" is not a list',
            )


def _is_list(node: TypeNode) -> bool:
    return isinstance(node.type if isinstance(node, NonNullTypeNode) else node, ListTypeNode)


def _strings(directive: AppliedDirective, name: str) -> list[str]:
    value = directive.arguments.get(name)
    items = value.values if isinstance(value, ListValueNode) else (value,)
    return [item.value for item in items if isinstance(item, StringValueNode)]
