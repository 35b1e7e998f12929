"""Access rules of an interface: all of its implementations' rules, since a query may meet each."""

from __future__ import annotations

from collections.abc import Sequence

from supergraph.definitions import Element, TypeKind
from supergraph.federation.directives import ACCESS_DIRECTIVES
from supergraph.merge.context import ElementT, MergeContext, Source


def with_access_rules(
    context: MergeContext,
    kind: TypeKind,
    sources: Sequence[Source[ElementT]],
    type_name: str,
    field_name: str | None = None,
) -> list[Source[Element]]:
    """The sources, and those implementations of an interface (or their fields) that are protected.

    What is added carries nothing but the directives that protect it; for types of other kinds
    nothing is.
    """
    found: list[Source[Element]] = [Source(s.subgraph, s.element) for s in sources]
    if kind is not TypeKind.INTERFACE or context.feature_names.keys().isdisjoint(ACCESS_DIRECTIVES):
        return found
    for subgraph in context.subgraphs:
        for implementation in context.subtypes.get(type_name, ()):
            definition = subgraph.types.get(implementation)
            if definition is None or definition.kind is not TypeKind.OBJECT:
                continue
            element: Element | None = definition
            if field_name is not None:
                element = definition.fields.get(field_name)
            rules = (
                [d for d in element.directives if d.feature in ACCESS_DIRECTIVES] if element else []
            )
            if element is not None and rules:
                only = Element(element.name, directives=rules, nodes=element.nodes)
                found.append(Source(subgraph, only))
    return found
