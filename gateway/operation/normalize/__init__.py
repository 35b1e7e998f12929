"""Normalization: one pass per file, in the order in which they run.

document → inline_fragments → apply_types → merge_selections → drop_repeated → what was asked
                                                            └→ executable_part → the planner
"""

from __future__ import annotations

from graphql import DocumentNode, GraphQLSchema, OperationDefinitionNode

from gateway.operation.model import SelectionSet
from gateway.operation.normalize.apply_types import apply_types
from gateway.operation.normalize.drop_repeated import drop_repeated
from gateway.operation.normalize.executable_part import executable_part, without_root_typename
from gateway.operation.normalize.inline_fragments import inline_fragments
from gateway.operation.normalize.merge_selections import merge_selections

__all__ = ["executable_part", "normalize", "without_root_typename"]


def normalize(
    schema: GraphQLSchema, document: DocumentNode, operation: OperationDefinitionNode
) -> SelectionSet:
    """Normalize the selections of a valid operation; they still hold introspection fields."""
    root_type = schema.get_root_type(operation.operation)
    if root_type is None:
        raise LookupError(f"the API schema has no {operation.operation.value} type")
    selections = inline_fragments(document, operation)
    # Types before merging: dissolved fragments leave their fields side by side with others.
    selections = apply_types(schema, root_type, selections)
    selections = merge_selections(schema, selections)
    return drop_repeated(schema, root_type, selections)
