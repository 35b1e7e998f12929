"""Every field of a merged interface exists on every type that implements it anywhere."""

from __future__ import annotations

from collections.abc import Iterator

from supergraph.definitions import (
    FieldDefinition,
    TypeDefinition,
    TypeKind,
    quoted_list,
    type_text,
)
from supergraph.errors import CompositionError, ErrorCode
from supergraph.merge.context import MergeContext, Source, places
from supergraph.merge.type_ref import is_subtype


def check_interface_fields(context: MergeContext) -> Iterator[CompositionError]:
    """Codes INTERFACE_FIELD_NO_IMPLEM, and INVALID_GRAPHQL where merging moved them apart."""
    for definition in context.merged.types.values():
        if definition.kind not in (TypeKind.OBJECT, TypeKind.INTERFACE):
            continue
        for interface_name in definition.interfaces:
            interface = context.merged.types.get(interface_name)
            if interface is None or interface.kind is not TypeKind.INTERFACE:
                continue
            for field in interface.fields.values():
                own = definition.fields.get(field.name)
                if own is None:
                    yield _error(context, definition.name, interface_name, field.name)
                else:
                    yield from _check_fits(context, definition, own, interface, field)


def _error(
    context: MergeContext, type_name: str, interface_name: str, field_name: str
) -> CompositionError:
    declaring = [
        Source(source.subgraph, source.element.fields[field_name])
        for source in context.type_sources(interface_name)
        if field_name in source.element.fields
    ]
    types = context.type_sources(type_name)
    implementing = [s.subgraph.name for s in types if interface_name in s.element.interfaces]
    only = "only " if len(implementing) < len(types) or len(types) == 1 else ""
    return CompositionError(
        ErrorCode.INTERFACE_FIELD_NO_IMPLEM,
        f'Interface field "{interface_name}.{field_name}" is declared in '
        f'{quoted_list([s.subgraph.name for s in declaring])} but type "{type_name}", which '
        f'implements "{interface_name}" {only}in {quoted_list(implementing)} does not have field '
        f'"{field_name}".',
        (*places(declaring), *places(types)),
        f"{type_name}.{field_name}",
    )


def _check_fits(
    context: MergeContext,
    definition: TypeDefinition,
    field: FieldDefinition,
    interface: TypeDefinition,
    declared: FieldDefinition,
) -> Iterator[CompositionError]:
    """Each subgraph fits its own interface, but types and arguments of several were merged."""
    own, other = f"{definition.name}.{field.name}", f"{interface.name}.{declared.name}"
    if not is_subtype(field.type, declared.type, context.supertypes):
        yield _misfit(
            context,
            f"Interface field {other} expects type {type_text(declared.type)} but {own} of type "
            f"{type_text(field.type)} is not a proper subtype.",
            own,
            other,
        )
    for name, argument in declared.arguments.items():
        found = field.arguments.get(name)
        if found is None:
            yield _misfit(
                context,
                f"Interface field argument {other}({name}:) expected but {own} does not provide "
                "it.",
                own,
                other,
            )
        elif type_text(found.type) != type_text(argument.type):
            yield _misfit(
                context,
                f"Interface field argument {other}({name}:) expects type "
                f"{type_text(argument.type)} but {own}({name}:) is type {type_text(found.type)}.",
                own,
                other,
            )
    for name, argument in field.arguments.items():
        if argument.is_required and name not in declared.arguments:
            yield _misfit(
                context,
                f"Field {own} includes required argument {name} that is missing from the "
                f"interface field {other}.",
                own,
                other,
            )


def _misfit(context: MergeContext, message: str, own: str, other: str) -> CompositionError:
    return CompositionError(
        ErrorCode.INVALID_GRAPHQL, message, (*context.locate(own), *context.locate(other)), own
    )
