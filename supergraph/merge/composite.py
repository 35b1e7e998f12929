"""Object and interface types: their keys, their interfaces and all fields of all subgraphs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from supergraph.definitions import (
    ROOT_NAMES,
    AppliedDirective,
    TypeDefinition,
    TypeKind,
    quoted_list,
)
from supergraph.hints import HintCode
from supergraph.merge.access import with_access_rules
from supergraph.merge.applied import merge_applied
from supergraph.merge.context import MergeContext, Source, names
from supergraph.merge.description import merge_description
from supergraph.merge.field import merge_field
from supergraph.merge.join import join_implements, join_type
from supergraph.subgraph.field_sets import fields_text


def merge_composite(
    context: MergeContext, kind: TypeKind, sources: Sequence[Source[TypeDefinition]]
) -> TypeDefinition:
    """An object or interface type; an `@interfaceObject` counts as its interface."""
    name = sources[0].element.name
    merged = TypeDefinition(
        name=name,
        kind=kind,
        description=merge_description(context, name, sources),
        nodes=[node for source in sources for node in source.element.nodes],
    )
    for source in sources:
        for interface in source.element.interfaces:
            if interface not in merged.interfaces:
                merged.interfaces.append(interface)
    merged.directives = [
        *_join_implements(context, sources),
        *_join_types(context, sources),
        *merge_applied(context, name, with_access_rules(context, kind, sources, name)),
    ]
    for field_name in dict.fromkeys(
        field_name for source in sources for field_name in source.element.fields
    ):
        merged.fields[field_name] = merge_field(context, field_name, sources)
    if name not in ROOT_NAMES.values():
        _hint_inconsistencies(context, merged, sources)
    return merged


def _join_types(
    context: MergeContext, sources: Sequence[Source[TypeDefinition]]
) -> Iterable[AppliedDirective]:
    for source in sources:
        graph, definition = context.graphs[source.subgraph.name], source.element
        is_interface_object = definition.has("interfaceObject")
        keys = definition.applied("key")
        if not keys:
            yield join_type(graph, is_interface_object=is_interface_object)
        for key in keys:
            yield join_type(
                graph,
                fields_text(key),
                extension=not definition.has_base,
                resolvable=(
                    key.flag("resolvable", True) if "resolvable" in key.arguments else None
                ),
                is_interface_object=is_interface_object,
            )


def _join_implements(
    context: MergeContext, sources: Sequence[Source[TypeDefinition]]
) -> Iterable[AppliedDirective]:
    for source in sources:
        for interface in source.element.interfaces:
            yield join_implements(context.graphs[source.subgraph.name], interface)


def _hint_inconsistencies(
    context: MergeContext, merged: TypeDefinition, sources: Sequence[Source[TypeDefinition]]
) -> None:
    with_key = [source for source in sources if source.element.has("key")]
    without_key = [source for source in sources if not source.element.has("key")]
    if merged.kind is TypeKind.OBJECT and with_key and without_key:
        context.hint(
            HintCode.INCONSISTENT_ENTITY,
            f'Type "{merged.name}" is declared as an entity (has a @key applied) in some but not '
            f"all defining subgraphs: it has no @key in {names(without_key)} but has some @key in "
            f"{names(with_key)}.",
            sources,
            merged.name,
        )
    is_interface = merged.kind is TypeKind.INTERFACE
    if with_key and not is_interface:
        return
    if any(source.element.has("interfaceObject") for source in sources):
        return
    for field_name in merged.fields:
        having = [s.subgraph.name for s in sources if field_name in s.element.fields]
        missing = [s.subgraph.name for s in sources if field_name not in s.element.fields]
        if not missing:
            continue
        coordinate = f"{merged.name}.{field_name}"
        what = "interface type" if is_interface else "non-entity object type"
        context.hint(
            HintCode.INCONSISTENT_INTERFACE_VALUE_TYPE_FIELD
            if is_interface
            else HintCode.INCONSISTENT_OBJECT_VALUE_TYPE_FIELD,
            f'Field "{coordinate}" of {what} "{merged.name}" is defined in some but not all '
            f'subgraphs that define "{merged.name}": "{coordinate}" is defined in '
            f"{quoted_list(having)} but not in {quoted_list(missing)}.",
            sources,
            coordinate,
        )
