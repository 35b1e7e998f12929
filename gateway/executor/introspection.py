"""`__schema` and `__type`: answered here, over the API schema, by graphql-core.

Introspection of a large graph takes tens of milliseconds and always gives the same, so answers
are kept, a bounded number per schema.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import Any
from weakref import WeakKeyDictionary

import msgspec
from graphql import (
    ArgumentNode,
    DirectiveNode,
    DocumentNode,
    FieldNode,
    GraphQLError,
    GraphQLSchema,
    InlineFragmentNode,
    NamedTypeNode,
    NameNode,
    OperationDefinitionNode,
    OperationType,
    SelectionNode,
    SelectionSetNode,
    VariableDefinitionNode,
    VariableNode,
    execute_sync,
    print_ast,
)

from gateway.operation.model import Conditions, FieldSelection, Selection, SelectionSet

_KEPT_ANSWERS = 64

_answers: WeakKeyDictionary[GraphQLSchema, OrderedDict[bytes, Any]] = WeakKeyDictionary()


def introspect(
    api_schema: GraphQLSchema,
    selection: FieldSelection,
    variables: Mapping[str, Any],
    definitions: Sequence[VariableDefinitionNode],
) -> Any:
    """Answer one introspection field, with coerced `variables` that `definitions` declare.

    The answer is shared: read it only.
    """
    node = _node(selection)
    text = print_ast(node)
    used = [d for d in definitions if f"${d.variable.name.value}" in text]
    names = {d.variable.name.value for d in used}
    values = {name: value for name, value in variables.items() if name in names}
    key = msgspec.json.encode((text, values))
    kept = _answers.setdefault(api_schema, OrderedDict())
    if key in kept:
        kept.move_to_end(key)
        return kept[key]
    # `variables` are coerced already; coercing them again changes nothing.
    result = execute_sync(api_schema, _document(node, used), variable_values=values)
    if result.errors:
        raise GraphQLError(result.errors[0].message)
    answer = (result.data or {}).get(selection.response_name)
    kept[key] = answer
    if len(kept) > _KEPT_ANSWERS:
        kept.popitem(last=False)
    return answer


def _document(node: SelectionNode, definitions: Sequence[VariableDefinitionNode]) -> DocumentNode:
    operation = OperationDefinitionNode(
        operation=OperationType.QUERY,
        variable_definitions=tuple(definitions),
        directives=(),
        selection_set=SelectionSetNode(selections=(node,)),
    )
    return DocumentNode(definitions=(operation,))


def _selection_set(selections: SelectionSet) -> SelectionSetNode:
    return SelectionSetNode(selections=tuple(_node(selection) for selection in selections))


def _node(selection: Selection) -> SelectionNode:
    nested = _selection_set(selection.selections) if selection.selections else None
    match selection:
        case FieldSelection():
            return FieldNode(
                alias=NameNode(value=selection.alias) if selection.alias else None,
                name=NameNode(value=selection.name),
                arguments=tuple(
                    ArgumentNode(name=NameNode(value=name), value=value)
                    for name, value in selection.arguments
                ),
                directives=_directives(selection.conditions),
                selection_set=nested,
            )
        case _:
            condition = selection.type_condition
            return InlineFragmentNode(
                type_condition=(
                    NamedTypeNode(name=NameNode(value=condition)) if condition else None
                ),
                directives=_directives(selection.conditions),
                selection_set=nested or SelectionSetNode(selections=()),
            )


def _directives(conditions: Conditions) -> tuple[DirectiveNode, ...]:
    return tuple(
        DirectiveNode(
            name=NameNode(value="include" if condition.required else "skip"),
            arguments=(
                ArgumentNode(
                    name=NameNode(value="if"),
                    value=VariableNode(name=NameNode(value=condition.variable)),
                ),
            ),
        )
        for condition in sorted(conditions, key=lambda c: (c.variable, c.required))
    )
