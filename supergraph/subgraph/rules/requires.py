"""`@requires`: fields exist and come from elsewhere."""

from __future__ import annotations

from collections.abc import Iterator

from supergraph.definitions import TypeKind
from supergraph.errors import CompositionError, ErrorCode
from supergraph.subgraph.model import Subgraph
from supergraph.subgraph.rules.external_leaves import missing_external
from supergraph.subgraph.rules.field_set_check import FieldSetCheck


def check_requires(subgraph: Subgraph) -> Iterator[CompositionError]:
    """Codes REQUIRES_*."""
    for definition in subgraph.types.values():
        for field in definition.fields.values():
            coordinate = f"{definition.name}.{field.name}"
            for directive in field.applied("requires"):
                if definition.kind is TypeKind.INTERFACE:
                    yield subgraph.error(
                        ErrorCode.REQUIRES_UNSUPPORTED_ON_INTERFACE,
                        f'Cannot use {subgraph.at("requires")} on field "{coordinate}" of parent '
                        f'type "{definition.name}": {subgraph.at("requires")} is not yet supported '
                        "within interfaces",
                        directive.node,
                        coordinate=coordinate,
                    )
                    continue
                check = FieldSetCheck(
                    subgraph, directive, f'On field "{coordinate}"', coordinate, definition
                )
                for _ in check.selected():
                    pass  # only what is wrong matters here
                if not check.errors:
                    for name in missing_external(subgraph, definition, directive):
                        check.fail(
                            "FIELDS_MISSING_EXTERNAL",
                            f'field "{name}" should not be part of a @requires since it is already '
                            "provided by this subgraph (it is not marked @external)",
                        )
                yield from check.errors
