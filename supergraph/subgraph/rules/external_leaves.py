"""Which leaves of a field set the subgraph resolves by itself, although they should be external."""

from __future__ import annotations

from collections.abc import Iterator

from supergraph.definitions import (
    AppliedDirective,
    FieldDefinition,
    SchemaDefinitions,
    TypeDefinition,
    TypeKind,
    base_name,
)
from supergraph.federation.field_set import FieldSet, FieldSetFragment
from supergraph.subgraph.field_sets import parsed_fields
from supergraph.subgraph.model import Subgraph


def missing_external(
    subgraph: Subgraph, parent: TypeDefinition, directive: AppliedDirective
) -> list[str]:
    """Coordinates of leaf fields with nothing external on the way to them."""
    field_set = parsed_fields(directive)
    return list(dict.fromkeys(_leaves(subgraph, parent, field_set or ())))


def _leaves(
    schema: SchemaDefinitions, parent: TypeDefinition, field_set: FieldSet
) -> Iterator[str]:
    for selection in field_set:
        if isinstance(selection, FieldSetFragment):
            target = schema.types.get(selection.type_condition or parent.name)
            if target is not None:
                yield from _leaves(schema, target, selection.selections)
            continue
        field = parent.fields.get(selection.name)
        if field is None or _is_external(schema, parent, field):
            continue
        target = schema.types.get(base_name(field.type))
        if target is not None and selection.selections:
            yield from _leaves(schema, target, selection.selections)
        else:
            yield f"{parent.name}.{field.name}"


def _is_external(schema: SchemaDefinitions, parent: TypeDefinition, field: FieldDefinition) -> bool:
    if field.has("external"):
        return True
    if parent.kind is not TypeKind.INTERFACE:
        return False
    # A field of an interface is external where an implementation says so.
    return any(
        (implementation := schema.types[name].fields.get(field.name)) is not None
        and implementation.has("external")
        for name in schema.possible_types(parent.name)
    )
