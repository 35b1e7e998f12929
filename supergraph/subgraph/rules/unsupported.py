"""What this composer does not merge yet is refused, never silently left out of the supergraph."""

from __future__ import annotations

from collections.abc import Iterator

from supergraph.definitions import AppliedDirective, Element
from supergraph.errors import CompositionError, ErrorCode
from supergraph.subgraph.model import Subgraph

UNSUPPORTED = frozenset({"context", "fromContext"})


def check_unsupported(subgraph: Subgraph) -> Iterator[CompositionError]:
    """Code UNSUPPORTED_FEATURE."""
    for coordinate, directive in _all_directives(subgraph):
        if directive.feature in UNSUPPORTED:
            yield subgraph.error(
                ErrorCode.UNSUPPORTED_FEATURE,
                f'Directive @{directive.name} on "{coordinate}" is not supported yet: composing '
                "without it would change what the subgraph means.",
                directive.node,
                coordinate=coordinate,
            )


def _all_directives(subgraph: Subgraph) -> Iterator[tuple[str, AppliedDirective]]:
    def of(coordinate: str, element: Element) -> Iterator[tuple[str, AppliedDirective]]:
        for directive in element.directives:
            yield coordinate, directive

    yield from of("schema", subgraph.schema)
    for definition in subgraph.types.values():
        yield from of(definition.name, definition)
        for child in definition.children():
            yield from of(f"{definition.name}.{child.name}", child)
        for field in definition.fields.values():
            for argument in field.arguments.values():
                yield from of(f"{definition.name}.{field.name}({argument.name}:)", argument)
