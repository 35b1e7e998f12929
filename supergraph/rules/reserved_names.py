"""Names that a supergraph needs for itself: the elements of the join and link specifications."""

from __future__ import annotations

from collections.abc import Iterator

from supergraph.definitions import quoted_list
from supergraph.errors import CompositionError, ErrorCode, SourceLocation
from supergraph.federation.directives import DIRECTIVES
from supergraph.merge.context import MergeContext

_PREFIXES = ("join__", "link__")


def check_reserved_names(context: MergeContext) -> Iterator[CompositionError]:
    """Code INVALID_GRAPHQL: two elements of the supergraph would have one name."""
    for definition in context.merged.types.values():
        if definition.name.startswith(_PREFIXES):
            yield _error("type", definition.name, context.locate(definition.name))
    for directive in context.merged.directives.values():
        name = directive.name
        if name == "link" or name.startswith(_PREFIXES) or name in DIRECTIVES:
            places = [
                place
                for subgraph in context.subgraphs
                if name in subgraph.directives
                for place in subgraph.locate(*subgraph.directives[name].nodes)
            ]
            yield _error("directive", f"@{name}", tuple(places))


def _error(what: str, name: str, places: tuple[SourceLocation, ...]) -> CompositionError:
    subgraphs = quoted_list(list(dict.fromkeys(place.subgraph for place in places)))
    return CompositionError(
        ErrorCode.INVALID_GRAPHQL,
        f'The {what} "{name}" of {subgraphs} has a name that the supergraph needs for itself: '
        "rename it.",
        places,
        name,
    )
