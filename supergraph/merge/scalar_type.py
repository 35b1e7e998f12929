"""Custom scalars: the same name means the same scalar."""

from __future__ import annotations

from collections.abc import Sequence

from supergraph.definitions import TypeDefinition, TypeKind
from supergraph.merge.applied import merge_applied
from supergraph.merge.context import MergeContext, Source
from supergraph.merge.description import merge_description
from supergraph.merge.join import join_type


def merge_scalar(
    context: MergeContext, sources: Sequence[Source[TypeDefinition]]
) -> TypeDefinition:
    """One scalar of all its sources."""
    name = sources[0].element.name
    return TypeDefinition(
        name=name,
        kind=TypeKind.SCALAR,
        description=merge_description(context, name, sources),
        directives=[
            *(join_type(context.graphs[source.subgraph.name]) for source in sources),
            *merge_applied(context, name, sources),
        ],
        nodes=[node for source in sources for node in source.element.nodes],
    )
