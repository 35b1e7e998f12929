"""Every field of a merged interface exists on every type that implements it anywhere."""

from __future__ import annotations

from collections.abc import Iterator

from supergraph.definitions import TypeKind, quoted_list
from supergraph.errors import CompositionError, ErrorCode
from supergraph.merge.context import MergeContext, Source, places


def check_interface_fields(context: MergeContext) -> Iterator[CompositionError]:
    """Code INTERFACE_FIELD_NO_IMPLEM."""
    for definition in context.merged.types.values():
        if definition.kind not in (TypeKind.OBJECT, TypeKind.INTERFACE):
            continue
        for interface_name in definition.interfaces:
            interface = context.merged.types.get(interface_name)
            if interface is None or interface.kind is not TypeKind.INTERFACE:
                continue
            for field in interface.fields.values():
                if field.name not in definition.fields:
                    yield _error(context, definition.name, interface_name, field.name)


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
