"""Enum types: how they merge depends on which way their values travel.

As an output any subgraph may produce any of its values, so all are needed (union). As an input
every subgraph must understand each value, so only common ones can be offered (intersection). Used
both ways, the subgraphs have to agree.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from supergraph.definitions import (
    EnumValueDefinition,
    SchemaDefinitions,
    TypeDefinition,
    TypeKind,
    base_name,
    quoted_list,
)
from supergraph.errors import ErrorCode
from supergraph.hints import HintCode
from supergraph.merge.applied import merge_applied
from supergraph.merge.context import MergeContext, Source
from supergraph.merge.description import merge_description
from supergraph.merge.join import join_enum_value, join_type


@dataclass(slots=True)
class EnumUsage:
    """A coordinate where the enum is an input, and one where it is an output; None if nowhere."""

    as_input: str | None = None
    as_output: str | None = None


def enum_usages(schemas: Iterable[SchemaDefinitions]) -> dict[str, EnumUsage]:
    """The first use of each type each way, in any subgraph.

    Uses that merging drops count, too: the subgraph still sends or understands the values.
    """
    usages: dict[str, EnumUsage] = {}
    references = (reference for schema in schemas for reference in _references(schema))
    for coordinate, type_name, is_input in references:
        usage = usages.setdefault(type_name, EnumUsage())
        if is_input:
            usage.as_input = usage.as_input or coordinate
        else:
            usage.as_output = usage.as_output or coordinate
    return usages


def _references(schema: SchemaDefinitions) -> Iterator[tuple[str, str, bool]]:
    for definition in schema.types.values():
        for field in definition.fields.values():
            coordinate = f"{definition.name}.{field.name}"
            yield coordinate, base_name(field.type), False
            for argument in field.arguments.values():
                yield f"{coordinate}({argument.name}:)", base_name(argument.type), True
        for value in definition.input_fields.values():
            yield f"{definition.name}.{value.name}", base_name(value.type), True
    for directive in schema.directives.values():
        for argument in directive.arguments.values():
            yield f"@{directive.name}({argument.name}:)", base_name(argument.type), True


def merge_enum(
    context: MergeContext, usage: EnumUsage, sources: Sequence[Source[TypeDefinition]]
) -> TypeDefinition:
    """One enum of all its sources."""
    name = sources[0].element.name
    merged = TypeDefinition(
        name=name,
        kind=TypeKind.ENUM,
        description=merge_description(context, name, sources),
        directives=[
            *(join_type(context.graphs[source.subgraph.name]) for source in sources),
            *merge_applied(context, name, sources),
        ],
        nodes=[node for source in sources for node in source.element.nodes],
    )
    if usage.as_input is None and usage.as_output is None:
        context.hint(
            HintCode.UNUSED_ENUM_TYPE,
            f'Enum type "{name}" is defined but unused. It will be included in the supergraph with '
            'all the values appearing in any subgraph ("as if" it was only used as an output '
            "type).",
            sources,
            name,
        )
    value_names = dict.fromkeys(value for source in sources for value in source.element.values)
    for value_name in value_names:
        having = [s for s in sources if value_name in s.element.values]
        missing = [s.subgraph.name for s in sources if value_name not in s.element.values]
        value = _merge_value(context, name, value_name, having)
        if not missing or _keeps(context, name, value_name, usage, having, missing, value):
            merged.values[value_name] = value
    if not merged.values:
        context.error(
            ErrorCode.EMPTY_MERGED_ENUM_TYPE,
            f'None of the values of enum type "{name}" are defined consistently in all the '
            "subgraphs defining that type. As only values common to all subgraphs are merged, this "
            "would result in an empty type.",
            sources,
            name,
        )
    return merged


def _merge_value(
    context: MergeContext,
    type_name: str,
    value_name: str,
    having: Sequence[Source[TypeDefinition]],
) -> EnumValueDefinition:
    sources = [Source(s.subgraph, s.element.values[value_name]) for s in having]
    coordinate = f"{type_name}.{value_name}"
    return EnumValueDefinition(
        name=value_name,
        description=merge_description(context, coordinate, sources),
        directives=[
            *(join_enum_value(context.graphs[source.subgraph.name]) for source in sources),
            *merge_applied(context, coordinate, sources),
        ],
        nodes=[node for source in sources for node in source.element.nodes],
    )


def _keeps(
    context: MergeContext,
    type_name: str,
    value_name: str,
    usage: EnumUsage,
    having: Sequence[Source[TypeDefinition]],
    missing: Sequence[str],
    value: EnumValueDefinition,
) -> bool:
    """Whether a value that only some subgraphs have is part of the supergraph."""
    who = (
        f'"{value_name}" is defined in {quoted_list([s.subgraph.name for s in having])} but not in '
        f"{quoted_list(missing)}"
    )
    coordinate = f"{type_name}.{value_name}"
    values = [Source(s.subgraph, s.element.values[value_name]) for s in having]
    if usage.as_input is not None and usage.as_output is not None:
        # A value that clients never see cannot be given by them.
        if value.has("inaccessible"):
            return True
        context.error(
            ErrorCode.ENUM_VALUE_MISMATCH,
            f'Enum type "{type_name}" is used as both input type (for example, as type of '
            f'"{usage.as_input}") and output type (for example, as type of "{usage.as_output}"), '
            f'but value "{value_name}" is not defined in all the subgraphs defining '
            f'"{type_name}": {who}',
            values,
            coordinate,
        )
        return True
    if usage.as_input is not None:
        context.hint(
            HintCode.INCONSISTENT_ENUM_VALUE_FOR_INPUT_ENUM,
            f'Value "{value_name}" of enum type "{type_name}" will not be part of the supergraph '
            f'as it is not defined in all the subgraphs defining "{type_name}": {who}.',
            values,
            coordinate,
        )
        return False
    # An enum that nothing uses counts as used for output.
    context.hint(
        HintCode.INCONSISTENT_ENUM_VALUE_FOR_OUTPUT_ENUM,
        f'Value "{value_name}" of enum type "{type_name}" has been added to the supergraph but '
        f'is only defined in a subset of the subgraphs defining "{type_name}": {who}.',
        values,
        coordinate,
    )
    return True
