"""Use what the schema and the conditions around a selection already say.

A fragment that always applies where it stands is dissolved, one that never can is dropped, and a
condition that is checked further out is not checked again. Type conditions are kept as the client
wrote them otherwise: what a subgraph can return may differ from what the graph can.
"""

from __future__ import annotations

from graphql import GraphQLCompositeType, GraphQLSchema, is_abstract_type, is_union_type

from gateway.operation.model import (
    Conditions,
    FieldSelection,
    InlineFragment,
    Selection,
    SelectionSet,
)
from gateway.operation.normalize.conditions import contradictory
from gateway.operation.schema_lookup import composite_type, field_result_type


def apply_types(
    schema: GraphQLSchema, parent: GraphQLCompositeType, selections: SelectionSet
) -> SelectionSet:
    """Simplify `selections`, which stand on `parent`, and everything below them."""
    return _Simplifier(schema).simplify(
        selections, parent, possible_types(schema, parent), frozenset()
    )


def possible_types(schema: GraphQLSchema, parent: GraphQLCompositeType) -> frozenset[str]:
    """Names of the object types that a value of type `parent` can have."""
    if is_abstract_type(parent):
        return frozenset(possible.name for possible in schema.get_possible_types(parent))
    return frozenset((parent.name,))


class _Simplifier:
    def __init__(self, schema: GraphQLSchema) -> None:
        self.schema = schema

    def simplify(
        self,
        selections: SelectionSet,
        parent: GraphQLCompositeType,
        possible: frozenset[str],
        known: Conditions,
    ) -> SelectionSet:
        found: list[Selection] = []
        for selection in selections:
            remaining = selection.conditions - known
            if contradictory(known | remaining):
                continue
            match selection:
                case FieldSelection():
                    found.append(self.field(selection, parent, remaining, known | remaining))
                case InlineFragment():
                    found.extend(self.fragment(selection, parent, possible, remaining, known))
        return tuple(found)

    def field(
        self,
        field: FieldSelection,
        parent: GraphQLCompositeType,
        remaining: Conditions,
        known: Conditions,
    ) -> FieldSelection:
        result = field_result_type(self.schema, parent, field.name)
        nested: SelectionSet = ()
        if result is not None:
            types = possible_types(self.schema, result)
            nested = self.simplify(field.selections, result, types, known)
        return FieldSelection(
            field.name, field.alias, field.arguments, nested, remaining, field.directives
        )

    def fragment(
        self,
        fragment: InlineFragment,
        parent: GraphQLCompositeType,
        possible: frozenset[str],
        remaining: Conditions,
        known: Conditions,
    ) -> SelectionSet:
        target = parent
        if fragment.type_condition is not None:
            target = composite_type(self.schema, fragment.type_condition)
        inner = possible & possible_types(self.schema, target)
        if not inner and possible:
            return ()
        # Dissolving moves the fields to `parent`, so `parent` itself must have them; a union has
        # none, so it says nothing where every type that is possible is a member.
        covers = target is parent or (
            is_abstract_type(target)
            and (
                self.schema.is_sub_type(target, parent)
                or (is_union_type(target) and inner == possible)
            )
        )
        nested = self.simplify(
            fragment.selections, parent if covers else target, inner, known | remaining
        )
        if not nested:
            return ()
        if not covers:
            return (InlineFragment(target.name, nested, remaining),)
        return (InlineFragment(None, nested, remaining),) if remaining else nested
