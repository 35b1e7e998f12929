"""A key of an interface identifies its objects, so every implementation has the key too."""

from __future__ import annotations

from collections.abc import Iterator

from supergraph.definitions import TypeKind
from supergraph.errors import CompositionError, ErrorCode
from supergraph.federation.field_set import FieldSet, FieldSetField
from supergraph.subgraph.field_sets import fields_text, parsed_fields
from supergraph.subgraph.model import Subgraph


def check_interface_keys(subgraph: Subgraph) -> Iterator[CompositionError]:
    """Code INTERFACE_KEY_NOT_ON_IMPLEMENTATION."""
    if subgraph.version is None:
        return  # keys of interfaces mean nothing in Federation 1
    for interface in subgraph.types.values():
        if interface.kind is not TypeKind.INTERFACE:
            continue
        for key in interface.applied("key"):
            resolvable = key.flag("resolvable", True)
            for name in subgraph.possible_types(interface.name):
                implementation = subgraph.types[name]
                has_fields = any(
                    _same(parsed_fields(item), parsed_fields(key))
                    and (item.flag("resolvable", True) or not resolvable)
                    for item in implementation.applied("key")
                )
                if not has_fields:
                    yield subgraph.error(
                        ErrorCode.INTERFACE_KEY_NOT_ON_IMPLEMENTATION,
                        f'Key {subgraph.at("key")}(fields: "{fields_text(key)}") on interface type '
                        f'"{interface.name}" is missing on implementation type '
                        f'"{implementation.name}".',
                        key.node,
                        *implementation.nodes[:1],
                        coordinate=implementation.name,
                    )


def _same(left: FieldSet | None, right: FieldSet | None) -> bool:
    return left is not None and right is not None and _normal(left) == _normal(right)


def _normal(field_set: FieldSet) -> frozenset[object]:
    return frozenset(
        (item.name, _normal(item.selections))
        if isinstance(item, FieldSetField)
        else ("...", item.type_condition, _normal(item.selections))
        for item in field_set
    )
