"""`@authenticated`, `@requiresScopes`, `@policy`: an interface gets them of its implementations."""

from __future__ import annotations

from collections.abc import Iterator

from supergraph.definitions import Element, TypeKind
from supergraph.errors import CompositionError, ErrorCode
from supergraph.federation.directives import ACCESS_DIRECTIVES
from supergraph.subgraph.model import Subgraph


def check_access(subgraph: Subgraph) -> Iterator[CompositionError]:
    """Code AUTH_REQUIREMENTS_APPLIED_ON_INTERFACE."""
    for definition in subgraph.types.values():
        if definition.has("interfaceObject"):
            yield from _check(subgraph, definition, f'interface object "{definition.name}"')
        elif definition.kind is TypeKind.INTERFACE:
            yield from _check(subgraph, definition, f'interface "{definition.name}"')
            for field in definition.fields.values():
                yield from _check(subgraph, field, f'field "{definition.name}.{field.name}"')


def _check(subgraph: Subgraph, element: Element, what: str) -> Iterator[CompositionError]:
    for feature in ACCESS_DIRECTIVES:
        for directive in element.applied(feature):
            me = subgraph.at(feature)
            yield subgraph.error(
                ErrorCode.AUTH_REQUIREMENTS_APPLIED_ON_INTERFACE,
                f"Invalid use of {me} on {what}: {me} cannot be applied on interfaces, interface "
                "fields and interface objects; apply it to the implementations.",
                directive.node,
                coordinate=what.split('"')[1],
            )
