"""`@interfaceObject`: an entity that stands for all implementations of an interface."""

from __future__ import annotations

from collections.abc import Iterator

from supergraph.errors import CompositionError, ErrorCode
from supergraph.subgraph.model import Subgraph


def check_interface_objects(subgraph: Subgraph) -> Iterator[CompositionError]:
    """Code INTERFACE_OBJECT_USAGE_ERROR within one subgraph."""
    for definition in subgraph.types.values():
        for directive in definition.applied("interfaceObject"):
            if not definition.has("key"):
                yield subgraph.error(
                    ErrorCode.INTERFACE_OBJECT_USAGE_ERROR,
                    f"The {subgraph.at('interfaceObject')} directive can only be applied to entity "
                    f'types but type "{definition.name}" has no {subgraph.at("key")} in this '
                    "subgraph.",
                    directive.node,
                    coordinate=definition.name,
                )
