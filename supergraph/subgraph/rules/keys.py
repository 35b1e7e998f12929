"""`@key`: fields exist, take no arguments and are not of an abstract type."""

from __future__ import annotations

from collections.abc import Iterator

from supergraph.definitions import TypeKind, base_name
from supergraph.errors import CompositionError, ErrorCode
from supergraph.subgraph.model import Subgraph
from supergraph.subgraph.rules.field_set_check import FieldSetCheck

INTERFACE_KEYS_SINCE = (2, 3)


def check_keys(subgraph: Subgraph) -> Iterator[CompositionError]:
    """Codes KEY_*."""
    for definition in subgraph.types.values():
        for directive in definition.applied("key"):
            if (
                definition.kind is TypeKind.INTERFACE
                and subgraph.version is not None
                and subgraph.version < INTERFACE_KEYS_SINCE
            ):
                yield subgraph.error(
                    ErrorCode.KEY_UNSUPPORTED_ON_INTERFACE,
                    f'Cannot use {subgraph.at("key")} on interface "{definition.name}": '
                    f"{subgraph.at('key')} is not yet supported on interfaces in this federation "
                    "version; link v2.3 or later",
                    directive.node,
                    coordinate=definition.name,
                )
                continue
            check = FieldSetCheck(
                subgraph, directive, f'On type "{definition.name}"', definition.name, definition
            )
            for selected in check.selected():
                field = selected.field
                target = subgraph.types.get(base_name(field.type))
                if field.arguments:
                    check.fail(
                        "FIELDS_HAS_ARGS",
                        f"field {selected.parent.name}.{field.name} cannot be included because it "
                        "has arguments (fields with argument are not allowed in @key)",
                    )
                elif target is not None and target.kind in (TypeKind.INTERFACE, TypeKind.UNION):
                    check.fail(
                        "FIELDS_SELECT_INVALID_TYPE",
                        f'field "{selected.parent.name}.{field.name}" is a {target.kind} type '
                        "which is not allowed in @key",
                    )
            yield from check.errors
