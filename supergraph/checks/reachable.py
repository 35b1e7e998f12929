"""What operations can name: the types that a root type leads to."""

from __future__ import annotations

from graphql import (
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    get_named_type,
)


def reachable_types(schema: GraphQLSchema) -> frozenset[str]:
    """The names of all types that an operation can select, give or get.

    An interface leads to its implementations and each of them to its interfaces.
    """
    implementations: dict[str, list[str]] = {}
    for item in schema.type_map.values():
        if isinstance(item, GraphQLObjectType | GraphQLInterfaceType):
            for interface in item.interfaces:
                implementations.setdefault(interface.name, []).append(item.name)
    roots = (schema.query_type, schema.mutation_type, schema.subscription_type)
    pending = [root.name for root in roots if root is not None]
    pending += [
        get_named_type(argument.type).name
        for directive in schema.directives
        for argument in directive.args.values()
    ]
    found: set[str] = set()
    while pending:
        name = pending.pop()
        if name in found:
            continue
        found.add(name)
        definition = schema.type_map.get(name)
        if isinstance(definition, GraphQLObjectType | GraphQLInterfaceType):
            pending += [interface.name for interface in definition.interfaces]
            pending += implementations.get(name, [])
            for field in definition.fields.values():
                pending.append(get_named_type(field.type).name)
                pending += [get_named_type(each.type).name for each in field.args.values()]
        elif isinstance(definition, GraphQLUnionType):
            pending += [member.name for member in definition.types]
        elif isinstance(definition, GraphQLInputObjectType):
            pending += [get_named_type(each.type).name for each in definition.fields.values()]
    return frozenset(found)
