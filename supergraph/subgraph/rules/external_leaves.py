"""Which leaves of a field set the subgraph resolves by itself, although they should be external."""

from __future__ import annotations

from collections.abc import Iterator

from supergraph.definitions import (
    AppliedDirective,
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
        if field is None or field.has("external"):
            continue
        if selection.selections and _is_external_somewhere(schema, parent, field.name):
            continue
        target = schema.types.get(base_name(field.type))
        if target is not None and selection.selections:
            yield from _leaves(schema, target, selection.selections)
        else:
            yield f"{parent.name}.{field.name}"


def _is_external_somewhere(schema: SchemaDefinitions, parent: TypeDefinition, name: str) -> bool:
    """Whether an implementation of an interface has the field as external.

    That covers what is selected below the field. A leaf needs the mark where it is selected: an
    interface has none, so leaves are selected on implementations.
    """
    return parent.kind is TypeKind.INTERFACE and any(
        (field := schema.types[implementation].fields.get(name)) is not None
        and field.has("external")
        for implementation in schema.possible_types(parent.name)
        if implementation in schema.types
    )
