"""Which uses a change touches: an operation that has none of them is not affected."""

from __future__ import annotations

import re
from dataclasses import dataclass

from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
)

from supergraph.checks.change import SchemaChange

_COORDINATE = re.compile(
    r"^(?P<directive>@\w+)?(?P<type>\w+)?(\.(?P<member>\w+))?(\((?P<argument>\w+):\))?"
)
_ROOTS = {
    "SCHEMA_QUERY_TYPE_CHANGED": "query",
    "SCHEMA_MUTATION_TYPE_CHANGED": "mutation",
    "SCHEMA_SUBSCRIPTION_TYPE_CHANGED": "subscription",
}


@dataclass(frozen=True, slots=True)
class Touched:
    """An operation is affected if it has any use of `uses`, unless it has one of `unless`."""

    uses: frozenset[str]
    unless: frozenset[str] = frozenset()

    def affects(self, used: frozenset[str] | set[str]) -> bool:
        """Whether an operation with these uses is affected."""
        return not self.uses.isdisjoint(used) and self.unless.isdisjoint(used)


def touched_by(change: SchemaChange, schema: GraphQLSchema) -> Touched:
    """The uses that a change touches; `schema` is the one before the change."""
    if change.kind in _ROOTS:
        return Touched(frozenset((_ROOTS[change.kind],)))
    match = _COORDINATE.match(change.path)
    if match is None:
        return Touched(frozenset((change.path,)))
    if match["directive"]:
        return Touched(frozenset((match["directive"],)))
    name, member, argument = match["type"] or "", match["member"], match["argument"]
    definition = schema.type_map.get(name)
    owners = _seen_as(definition) or (name,)
    if argument is not None:
        fields = frozenset(f"{owner}.{member}" for owner in owners)
        arguments = frozenset(f"{field}({argument}:)" for field in fields)
        if change.kind.endswith("_ADDED"):
            return Touched(fields)
        if "DEFAULT" in change.kind:
            return Touched(fields, unless=arguments)
        return Touched(arguments)
    if member is None or (isinstance(definition, GraphQLNamedType) and _is_type_change(change)):
        # What is gone or different as a type is met through its interfaces, too.
        return Touched(frozenset((name, *owners)))
    if isinstance(definition, GraphQLEnumType):
        # A client that gets values of the enum may get this one, or does not any more.
        return Touched(frozenset((f"{name}.{member}", name)))
    if isinstance(definition, GraphQLInputObjectType):
        if change.kind.endswith("_ADDED"):
            return Touched(frozenset((name,)))
        if "DEFAULT" in change.kind:
            return Touched(frozenset((name, f"{name}.{member}")))
        return Touched(frozenset((f"{name}.{member}",)))
    return Touched(frozenset(f"{owner}.{member}" for owner in owners))


def _is_type_change(change: SchemaChange) -> bool:
    return change.kind.startswith(("UNION_MEMBER_", "OBJECT_TYPE_INTERFACE_"))


def _seen_as(definition: object) -> tuple[str, ...]:
    """The types through which fields of a type can be selected: itself and its interfaces."""
    if isinstance(definition, GraphQLObjectType | GraphQLInterfaceType):
        return (definition.name, *(item.name for item in definition.interfaces))
    return ()
