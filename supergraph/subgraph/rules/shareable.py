"""`@shareable`: on fields of object types, once per declaration."""

from __future__ import annotations

from collections.abc import Iterator

from graphql import Node

from supergraph.definitions import TypeKind
from supergraph.errors import CompositionError, ErrorCode
from supergraph.subgraph.model import Subgraph


def check_shareable(subgraph: Subgraph) -> Iterator[CompositionError]:
    """Code INVALID_SHAREABLE_USAGE."""
    for definition in subgraph.types.values():
        for field in definition.fields.values():
            applied = field.applied("shareable")
            coordinate = f"{definition.name}.{field.name}"
            if applied and definition.kind is not TypeKind.OBJECT:
                yield subgraph.error(
                    ErrorCode.INVALID_SHAREABLE_USAGE,
                    f'Invalid use of {subgraph.at("shareable")} on field "{coordinate}": only '
                    f"object type fields can be marked with {subgraph.at('shareable')}",
                    applied[0].node,
                    coordinate=coordinate,
                )
            elif len(applied) > 1:
                yield subgraph.error(
                    ErrorCode.INVALID_SHAREABLE_USAGE,
                    f"Invalid duplicate application of {subgraph.at('shareable')} on field "
                    f'"{coordinate}": it is only repeatable on types.',
                    *(item.node for item in applied),
                    coordinate=coordinate,
                )
        nodes = [item.node for item in definition.applied("shareable")]
        for declaration in definition.nodes:
            here = [node for node in nodes if _stands_on(node, declaration)]
            if len(here) > 1:
                yield subgraph.error(
                    ErrorCode.INVALID_SHAREABLE_USAGE,
                    f"Invalid duplicate application of {subgraph.at('shareable')} on the same type "
                    f'declaration of "{definition.name}": it may be repeated on a type definition '
                    "and its extensions, but not on one declaration.",
                    *here,
                    coordinate=definition.name,
                )


def _stands_on(directive: Node | None, declaration: Node) -> bool:
    return any(item is directive for item in getattr(declaration, "directives", None) or ())
