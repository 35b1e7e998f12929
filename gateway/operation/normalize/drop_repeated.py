"""Drop leaves that were asked for already, further out or under fewer conditions.

`{ id ... on Product { id name } }` needs `id` once. Only what comes later is dropped, so the order
of the response's keys stays the client's.
"""

from __future__ import annotations

from graphql import GraphQLCompositeType, GraphQLSchema

from gateway.operation.model import FieldSelection, InlineFragment, Selection, SelectionSet
from gateway.operation.normalize.field_key import FieldKey, field_key
from gateway.operation.normalize.merge_selections import with_selections
from gateway.operation.schema_lookup import composite_type, field_result_type


def drop_repeated(
    schema: GraphQLSchema,
    parent: GraphQLCompositeType,
    selections: SelectionSet,
    seen: frozenset[FieldKey] = frozenset(),
) -> SelectionSet:
    """Drop within `selections` and below; `seen` is asked for around them without conditions."""
    asked = set(seen)
    found: list[Selection] = []
    for selection in selections:
        match selection:
            case FieldSelection():
                result = field_result_type(schema, parent, selection.name)
                if result is not None:
                    nested = drop_repeated(schema, result, selection.selections)
                    found.append(with_selections(selection, nested))
                    continue
                key = field_key(selection)
                if key in asked:
                    continue
                if not selection.conditions:
                    asked.add(key)
                found.append(selection)
            case InlineFragment():
                target = parent
                if selection.type_condition is not None:
                    target = composite_type(schema, selection.type_condition)
                nested = drop_repeated(schema, target, selection.selections, frozenset(asked))
                if nested:
                    found.append(with_selections(selection, nested))
    return tuple(found)
