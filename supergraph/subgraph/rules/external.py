"""`@external`: only where something in the subgraph refers to the field."""

from __future__ import annotations

from collections.abc import Iterator

from supergraph.definitions import TypeKind
from supergraph.errors import CompositionError, ErrorCode
from supergraph.subgraph.field_sets import parsed_fields
from supergraph.subgraph.model import Subgraph
from supergraph.subgraph.usage import field_usage


def check_external(subgraph: Subgraph) -> Iterator[CompositionError]:
    """Codes EXTERNAL_UNUSED and EXTERNAL_ON_INTERFACE."""
    usage = field_usage(subgraph)
    # What a field set that cannot be read refers to is not known: other rules report it.
    is_known = not _has_unreadable_field_set(subgraph)
    for definition in subgraph.types.values():
        for field in definition.fields.values():
            applied = field.applied("external")
            if not applied:
                continue
            coordinate = f"{definition.name}.{field.name}"
            if definition.kind is TypeKind.INTERFACE:
                yield subgraph.error(
                    ErrorCode.EXTERNAL_ON_INTERFACE,
                    f'Interface type field "{coordinate}" is marked {subgraph.at("external")} but '
                    f"{subgraph.at('external')} is not allowed on interface fields (it is "
                    "nonsensical).",
                    applied[0].node,
                    coordinate=coordinate,
                )
            if is_known and not usage.is_used((definition.name, field.name)):
                yield subgraph.error(
                    ErrorCode.EXTERNAL_UNUSED,
                    f'Field "{coordinate}" is marked {subgraph.at("external")} but is not used in '
                    "any federation directive (@key, @provides, @requires) or to satisfy an "
                    "interface; the field declaration has no use and should be removed (or the "
                    f"field should not be {subgraph.at('external')}).",
                    *field.nodes,
                    coordinate=coordinate,
                )


def _has_unreadable_field_set(subgraph: Subgraph) -> bool:
    return any(
        parsed_fields(directive) is None
        for definition in subgraph.types.values()
        for element in (definition, *definition.fields.values())
        for directive in element.directives
        if directive.feature in ("key", "requires", "provides")
    )
