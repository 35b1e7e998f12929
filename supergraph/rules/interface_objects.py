"""Interface objects and interface keys across subgraphs: someone knows all implementations."""

from __future__ import annotations

from collections.abc import Iterator

from supergraph.definitions import TypeDefinition, TypeKind, quoted_list
from supergraph.errors import CompositionError, ErrorCode
from supergraph.merge.context import MergeContext, Source, places
from supergraph.subgraph.field_sets import fields_text


def check_interface_objects_merged(context: MergeContext) -> Iterator[CompositionError]:
    """Codes INTERFACE_OBJECT_USAGE_ERROR and INTERFACE_KEY_MISSING_IMPLEMENTATION_TYPE."""
    for definition in context.merged.types.values():
        if definition.kind is not TypeKind.INTERFACE:
            continue
        sources = context.type_sources(definition.name)
        objects = [source for source in sources if source.element.has("interfaceObject")]
        interfaces = [source for source in sources if not source.element.has("interfaceObject")]
        if objects and not interfaces:
            yield CompositionError(
                ErrorCode.INTERFACE_OBJECT_USAGE_ERROR,
                f'Type "{definition.name}" is declared with @interfaceObject in all the subgraphs '
                "in which it is defined (it is defined in "
                f"{quoted_list([s.subgraph.name for s in objects])} but should be defined as an "
                "interface in at least one subgraph)",
                tuple(places(objects)),
                definition.name,
            )
            continue
        implementations = list(context.merged.possible_types(definition.name))
        for source in objects:
            yield from _check_defines_no_implementation(source, implementations)
        for source in interfaces:
            yield from _check_knows_implementations(source, implementations)


def _check_defines_no_implementation(
    source: Source[TypeDefinition], implementations: list[str]
) -> Iterator[CompositionError]:
    subgraph, name = source.subgraph, source.element.name
    defined = [item for item in implementations if item in subgraph.types]
    if not defined:
        return
    noun = "type" if len(defined) == 1 else "types"
    yield subgraph.error(
        ErrorCode.INTERFACE_OBJECT_USAGE_ERROR,
        f'Interface type "{name}" is defined as an @interfaceObject in subgraph "{subgraph.name}" '
        f'so that subgraph should not define any of the implementation types of "{name}", but it '
        f"defines {quoted_list(defined, noun)}",
        *source.element.nodes,
        *(node for item in defined for node in subgraph.types[item].nodes),
        coordinate=name,
    )


def _check_knows_implementations(
    source: Source[TypeDefinition], implementations: list[str]
) -> Iterator[CompositionError]:
    subgraph, name = source.subgraph, source.element.name
    keys = [key for key in source.element.applied("key") if key.flag("resolvable", True)]
    known = set(subgraph.possible_types(name))
    missing = [item for item in implementations if item not in known]
    if not keys or not missing:
        return
    noun = "type" if len(missing) == 1 else "types"
    yield subgraph.error(
        ErrorCode.INTERFACE_KEY_MISSING_IMPLEMENTATION_TYPE,
        f'Interface type "{name}" has a resolvable key (@key(fields: "{fields_text(keys[0])}")) in '
        f'subgraph "{subgraph.name}" but that subgraph is missing some of the supergraph '
        f'implementation types of "{name}". Subgraph "{subgraph.name}" should define '
        f'{quoted_list(missing, noun)} (and have it implement "{name}").',
        keys[0].node,
        coordinate=name,
    )
