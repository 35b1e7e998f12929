"""Input types: the fields that all subgraphs know, so that any of them can be given the value."""

from __future__ import annotations

from collections.abc import Sequence

from supergraph.definitions import InputValueDefinition, TypeDefinition, TypeKind, type_text
from supergraph.errors import ErrorCode
from supergraph.hints import HintCode
from supergraph.merge.applied import merge_applied
from supergraph.merge.context import MergeContext, Source, names
from supergraph.merge.description import merge_description
from supergraph.merge.input_value import merge_input_value
from supergraph.merge.join import join_field, join_type


def merge_input(context: MergeContext, sources: Sequence[Source[TypeDefinition]]) -> TypeDefinition:
    """One input type of all its sources."""
    name = sources[0].element.name
    merged = TypeDefinition(
        name=name,
        kind=TypeKind.INPUT_OBJECT,
        description=merge_description(context, name, sources),
        directives=[
            *(join_type(context.graphs[source.subgraph.name]) for source in sources),
            *merge_applied(context, name, sources),
        ],
        nodes=[node for source in sources for node in source.element.nodes],
    )
    field_names = dict.fromkeys(
        field_name for source in sources for field_name in source.element.input_fields
    )
    has_errors = False
    for field_name in field_names:
        having = [
            Source(source.subgraph, source.element.input_fields[field_name])
            for source in sources
            if field_name in source.element.input_fields
        ]
        coordinate = f"{name}.{field_name}"
        if len(having) < len(sources):
            missing = [s for s in sources if field_name not in s.element.input_fields]
            has_errors |= _report_absence(context, name, field_name, having, missing)
            continue
        field = merge_input_value(context, coordinate, field_name, having)
        if len({type_text(source.element.type) for source in having}) > 1:
            field.directives = [
                *(
                    join_field(
                        context.graphs[source.subgraph.name], type=type_text(source.element.type)
                    )
                    for source in having
                ),
                *field.directives,
            ]
        merged.input_fields[field_name] = field
    if not merged.input_fields and not has_errors:
        context.error(
            ErrorCode.EMPTY_MERGED_INPUT_TYPE,
            f'None of the fields of input object type "{name}" are consistently defined in all the '
            "subgraphs defining that type. As only fields common to all subgraphs are merged, this "
            "would result in an empty type.",
            sources,
            name,
        )
    return merged


def _report_absence(
    context: MergeContext,
    type_name: str,
    field_name: str,
    having: Sequence[Source[InputValueDefinition]],
    missing: Sequence[Source[TypeDefinition]],
) -> bool:
    coordinate = f"{type_name}.{field_name}"
    requiring = [source for source in having if source.element.is_required]
    if requiring:
        context.error(
            ErrorCode.REQUIRED_INPUT_FIELD_MISSING_IN_SOME_SUBGRAPH,
            f'Input object field "{coordinate}" is required in some subgraphs but does not appear '
            f"in all subgraphs: it is required in {names(requiring)} but does not appear in "
            f"{names(missing)}",
            requiring,
            coordinate,
        )
        return True
    context.hint(
        HintCode.INCONSISTENT_INPUT_OBJECT_FIELD,
        f'Input object field "{field_name}" will not be added to "{type_name}" in the supergraph '
        f"as it does not appear in all subgraphs: it is defined in {names(having)} but not in "
        f"{names(missing)}.",
        having,
        coordinate,
    )
    return False
