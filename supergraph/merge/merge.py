"""Merging: validated subgraphs become one schema that remembers who has what.

Types are merged one by one, each kind by its own module. Whether the values of an enum are united
or intersected depends on where the subgraphs use it.
"""

from __future__ import annotations

from collections.abc import Sequence

from supergraph.definitions import (
    ROOT_NAMES,
    TypeDefinition,
    TypeKind,
)
from supergraph.errors import ErrorCode
from supergraph.merge.applied import merge_applied
from supergraph.merge.composite import merge_composite
from supergraph.merge.context import MergeContext, Source, describe_groups, group_by
from supergraph.merge.description import merge_description
from supergraph.merge.directive import merge_directive_definitions
from supergraph.merge.enum_type import EnumUsage, enum_usages, merge_enum
from supergraph.merge.field import empty_root, interface_object_field
from supergraph.merge.input_type import merge_input
from supergraph.merge.join import graph_enum_values
from supergraph.merge.join_directives import join_links
from supergraph.merge.scalar_type import merge_scalar
from supergraph.merge.union_type import merge_union
from supergraph.subgraph.model import Subgraph


def merge(subgraphs: Sequence[Subgraph]) -> MergeContext:
    """Merge subgraphs that passed all rules; errors and hints are in the result."""
    ordered = tuple(sorted(subgraphs, key=lambda subgraph: subgraph.name))
    context = MergeContext(ordered, graph_enum_values(subgraph.name for subgraph in ordered))
    kinds = _agreed_kinds(context)
    usages = enum_usages(ordered)
    for name, kind in kinds.items():
        usage = usages.get(name, EnumUsage())
        context.merged.types[name] = _merge_type(context, name, kind, usage)
    merge_directive_definitions(context)
    _add_interface_object_fields(context)
    _merge_schema_definition(context)
    return context


def _merge_type(
    context: MergeContext, name: str, kind: TypeKind, usage: EnumUsage
) -> TypeDefinition:
    sources = context.type_sources(name)
    match kind:
        case TypeKind.OBJECT | TypeKind.INTERFACE:
            if name == ROOT_NAMES["query"]:
                sources = [
                    Source(subgraph, subgraph.types.get(name) or empty_root(name))
                    for subgraph in context.subgraphs
                ]
            return merge_composite(context, kind, sources)
        case TypeKind.UNION:
            return merge_union(context, sources)
        case TypeKind.INPUT_OBJECT:
            return merge_input(context, sources)
        case TypeKind.SCALAR:
            return merge_scalar(context, sources)
        case TypeKind.ENUM:
            return merge_enum(context, usage, sources)


def _agreed_kinds(context: MergeContext) -> dict[str, TypeKind]:
    """The kind of each type; an error where subgraphs disagree, and the type is left out."""
    agreed: dict[str, TypeKind] = {}
    names = dict.fromkeys(name for subgraph in context.subgraphs for name in subgraph.types)
    for name in names:
        sources = context.type_sources(name)
        groups = group_by(
            (_kind_text(source.element), source.subgraph.name)
            for source in sources
            if not source.element.has("interfaceObject")
        )
        kinds = {_effective_kind(source.element) for source in sources}
        if len(kinds) == 1:
            agreed[name] = kinds.pop()
            continue
        groups += group_by(
            ("Interface Object Type (Object Type with @interfaceObject)", source.subgraph.name)
            for source in sources
            if source.element.has("interfaceObject")
        )
        context.error(
            ErrorCode.TYPE_KIND_MISMATCH,
            f'Type "{name}" has mismatched kind: {describe_groups(groups, "it is defined as ")}',
            sources,
            name,
        )
    return agreed


def _effective_kind(definition: TypeDefinition) -> TypeKind:
    return TypeKind.INTERFACE if definition.has("interfaceObject") else definition.kind


def _kind_text(definition: TypeDefinition) -> str:
    return f"{definition.kind} Type"


def _add_interface_object_fields(context: MergeContext) -> None:
    """Implementations get the fields that interface objects add to their interface."""
    added_by_objects: dict[str, set[str]] = {}
    for subgraph in context.subgraphs:
        for definition in subgraph.types.values():
            if definition.has("interfaceObject"):
                added_by_objects.setdefault(definition.name, set()).update(definition.fields)
    for definition in context.merged.types.values():
        if definition.kind is not TypeKind.OBJECT:
            continue
        for interface_name in definition.interfaces:
            interface = context.merged.types.get(interface_name)
            if interface is None:
                continue
            for name, field in interface.fields.items():
                added = name in added_by_objects.get(interface_name, ())
                if added and name not in definition.fields:
                    definition.fields[name] = interface_object_field(
                        context, definition.name, field
                    )


def _merge_schema_definition(context: MergeContext) -> None:
    sources = [Source(subgraph, subgraph.schema) for subgraph in context.subgraphs]
    merged = context.merged
    merged.schema.description = merge_description(context, "schema", sources)
    merged.schema.directives = [
        *context.composed.links,
        *join_links(context),
        *merge_applied(context, "schema", sources),
    ]
    merged.roots = {
        operation: name
        for operation, name in ROOT_NAMES.items()
        if name in merged.types and merged.types[name].kind is TypeKind.OBJECT
    }
