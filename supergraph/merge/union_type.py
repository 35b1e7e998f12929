"""Union types: the members of all subgraphs."""

from __future__ import annotations

from collections.abc import Sequence

from supergraph.definitions import TypeDefinition, TypeKind, quoted_list
from supergraph.hints import HintCode
from supergraph.merge.applied import merge_applied
from supergraph.merge.context import MergeContext, Source
from supergraph.merge.description import merge_description
from supergraph.merge.join import join_type, join_union_member


def merge_union(context: MergeContext, sources: Sequence[Source[TypeDefinition]]) -> TypeDefinition:
    """One union of all its sources."""
    name = sources[0].element.name
    members = list(dict.fromkeys(m for source in sources for m in source.element.members))
    merged = TypeDefinition(
        name=name,
        kind=TypeKind.UNION,
        description=merge_description(context, name, sources),
        nodes=[node for source in sources for node in source.element.nodes],
        members=members,
    )
    merged.directives = [
        *(join_type(context.graphs[source.subgraph.name]) for source in sources),
        *(
            join_union_member(context.graphs[source.subgraph.name], member)
            for member in members
            for source in sources
            if member in source.element.members
        ),
        *merge_applied(context, name, sources),
    ]
    for member in members:
        having = [s.subgraph.name for s in sources if member in s.element.members]
        missing = [s.subgraph.name for s in sources if member not in s.element.members]
        if missing:
            context.hint(
                HintCode.INCONSISTENT_UNION_MEMBER,
                f'Union type "{name}" includes member type "{member}" in some but not all defining '
                f'subgraphs: "{member}" is defined in {quoted_list(having)} but not in '
                f"{quoted_list(missing)}.",
                sources,
                name,
            )
    return merged
