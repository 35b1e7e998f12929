"""A type that subgraphs only extend has to be defined by one of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from supergraph.definitions import ROOT_NAMES
from supergraph.errors import CompositionError, ErrorCode
from supergraph.subgraph.model import Subgraph


def check_extensions_have_base(subgraphs: Sequence[Subgraph]) -> Iterator[CompositionError]:
    """Code EXTENSION_WITH_NO_BASE."""
    defined = {
        definition.name
        for subgraph in subgraphs
        for definition in subgraph.types.values()
        if definition.has_base
    }
    for subgraph in subgraphs:
        for definition in subgraph.types.values():
            # A type with @extends is a definition too, unlike one written `extend type`.
            if (
                definition.name in defined
                or definition.name in ROOT_NAMES.values()
                or definition.has("extends")
            ):
                continue
            yield subgraph.error(
                ErrorCode.EXTENSION_WITH_NO_BASE,
                f'Type "{definition.name}" is an extension type, but there is no type definition '
                f'for "{definition.name}" in any subgraph.',
                *definition.nodes,
                coordinate=definition.name,
            )
