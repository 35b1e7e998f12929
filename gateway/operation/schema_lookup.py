"""Look up fields and types by name, the introspection fields among them."""

from __future__ import annotations

from graphql import (
    GraphQLCompositeType,
    GraphQLField,
    GraphQLSchema,
    get_named_type,
    is_composite_type,
)


def composite_type(schema: GraphQLSchema, name: str) -> GraphQLCompositeType:
    """Return the object, interface or union of this name; a valid operation names no other."""
    found = schema.get_type(name)
    if not is_composite_type(found):
        raise LookupError(f"{name} is no object, interface or union of the API schema")
    return found


def field_definition(
    schema: GraphQLSchema, parent: GraphQLCompositeType, name: str
) -> GraphQLField:
    """Return the definition of a field, `__typename`, `__schema` and `__type` included."""
    definition = schema.get_field(parent, name)
    if definition is None:
        raise LookupError(f"{parent.name} has no field {name} in the API schema")
    return definition


def field_result_type(
    schema: GraphQLSchema, parent: GraphQLCompositeType, name: str
) -> GraphQLCompositeType | None:
    """Return the type that a field's selections stand on; None for a leaf."""
    named = get_named_type(field_definition(schema, parent, name).type)
    return named if is_composite_type(named) else None
