"""Who resolves what, as text: the facts that satisfiability argues from."""

from __future__ import annotations

from collections.abc import Iterator

from graphql import print_ast

from supergraph.federation.field_set import print_field_set
from supergraph.model import JoinField, Supergraph, SupergraphField, SupergraphType, TypeKind

_WITH_RESOLVERS = (TypeKind.OBJECT, TypeKind.INTERFACE)


def describe_resolvers(supergraph: Supergraph) -> str:
    """A paragraph per type: its keys by subgraph, and for each field who resolves it and how."""
    return "\n".join(
        _paragraph(supergraph, definition)
        for _, definition in sorted(supergraph.types.items())
        if definition.kind in _WITH_RESOLVERS
        if not definition.inaccessible and definition.name in supergraph.api_schema.type_map
    )


def _paragraph(supergraph: Supergraph, definition: SupergraphType) -> str:
    lines: list[str] = [definition.name]
    for join in definition.joins:
        if join.key is not None:
            how = "" if join.resolvable else ", not resolvable"
            lines.append(f'  @key "{print_field_set(join.key)}" in {join.graph}{how}')
    for field in definition.fields.values():
        said = "; ".join(_resolvers(field)) or "through an interface object"
        hidden = " (inaccessible)" if field.inaccessible else ""
        lines.append(f"  {field.name}: {print_ast(field.type)}{hidden} - {said}")
    return "\n".join(lines) + "\n"


def _resolvers(field: SupergraphField) -> Iterator[str]:
    for join in field.joins:
        yield f"{join.graph}{_manner(join)}"


def _manner(join: JoinField) -> str:
    parts = []
    if join.external:
        parts.append("external")
    if join.used_overridden:
        parts.append("overridden")
    if join.requires is not None:
        parts.append(f'requires "{print_field_set(join.requires)}"')
    if join.provides is not None:
        parts.append(f'provides "{print_field_set(join.provides)}"')
    if join.override is not None:
        parts.append(f"overrides {join.override}")
    if join.override_label is not None:
        parts.append(f'label "{join.override_label}"')
    return f" ({', '.join(parts)})" if parts else ""


__all__ = ["describe_resolvers"]
