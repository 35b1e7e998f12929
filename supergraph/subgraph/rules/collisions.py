"""`@external` says "not resolved here"; directives about resolving contradict it."""

from __future__ import annotations

from collections.abc import Iterator

from supergraph.errors import CompositionError, ErrorCode
from supergraph.subgraph.model import Subgraph


def check_collisions(subgraph: Subgraph) -> Iterator[CompositionError]:
    """Code EXTERNAL_COLLISION_WITH_ANOTHER_DIRECTIVE."""
    for definition in subgraph.types.values():
        for field in definition.fields.values():
            if not field.has("external"):
                continue
            for feature in ("provides", "requires"):
                for directive in field.applied(feature):
                    yield subgraph.error(
                        ErrorCode.EXTERNAL_COLLISION_WITH_ANOTHER_DIRECTIVE,
                        f"Cannot have both {subgraph.at(feature)} and {subgraph.at('external')} on "
                        f'field "{definition.name}.{field.name}"',
                        directive.node,
                        *(item.node for item in field.applied("external")),
                        coordinate=f"{definition.name}.{field.name}",
                    )
