"""The part of an operation that subgraphs answer.

`__schema`, `__type` and the root's own `__typename` are answered by the gateway, so the planner
never sees them, and asking for nothing else calls nobody. A field whose
selections are all gone (introspection, or literally skipped) still needs to be fetched, to know
whether it is null: `__typename` then stands in for what it lost.
"""

from __future__ import annotations

from graphql import GraphQLCompositeType, GraphQLSchema

from gateway.operation.model import FieldSelection, InlineFragment, Selection, SelectionSet
from gateway.operation.schema_lookup import composite_type, field_result_type

INTROSPECTION_FIELDS = frozenset(("__schema", "__type"))


def executable_part(
    schema: GraphQLSchema, parent: GraphQLCompositeType, selections: SelectionSet
) -> SelectionSet:
    """Leave out introspection, and let no composite field stand without selections."""
    found: list[Selection] = []
    for selection in selections:
        match selection:
            case FieldSelection():
                if selection.name in INTROSPECTION_FIELDS:
                    continue
                result = field_result_type(schema, parent, selection.name)
                if result is None:
                    found.append(selection)
                    continue
                nested = executable_part(schema, result, selection.selections)
                if nested == selection.selections and nested:
                    found.append(selection)
                    continue
                found.append(
                    FieldSelection(
                        selection.name,
                        selection.alias,
                        selection.arguments,
                        nested or (FieldSelection("__typename"),),
                        selection.conditions,
                        selection.directives,
                    )
                )
            case InlineFragment():
                target = parent
                if selection.type_condition is not None:
                    target = composite_type(schema, selection.type_condition)
                nested = executable_part(schema, target, selection.selections)
                if nested:
                    found.append(
                        InlineFragment(selection.type_condition, nested, selection.conditions)
                    )
    return tuple(found)


def without_root_typename(selections: SelectionSet) -> SelectionSet:
    """Leave out `__typename` at the root: the gateway knows the name of its root types."""
    found: list[Selection] = []
    for selection in selections:
        match selection:
            case FieldSelection():
                if selection.name != "__typename":
                    found.append(selection)
            case InlineFragment():
                nested = without_root_typename(selection.selections)
                if nested:
                    found.append(
                        InlineFragment(selection.type_condition, nested, selection.conditions)
                    )
    return tuple(found)
