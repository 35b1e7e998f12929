"""Stages printed for people: the operation as the planner gets it.

The normalized operation has no text of its own; it is shown as the GraphQL document that would
normalize to it.
"""

from __future__ import annotations

from graphql import (
    ArgumentNode,
    DirectiveNode,
    FieldNode,
    InlineFragmentNode,
    NamedTypeNode,
    NameNode,
    OperationDefinitionNode,
    SelectionNode,
    SelectionSetNode,
    VariableNode,
    print_ast,
)

from gateway.operation.model import (
    Conditions,
    FieldSelection,
    Operation,
    Selection,
    SelectionSet,
)


def display_operation(operation: Operation) -> str:
    """Return `operation` as GraphQL text."""
    if not operation.selections:
        return f"# Nothing to fetch for this {operation.kind.value}."
    return print_ast(
        OperationDefinitionNode(
            operation=operation.kind,
            name=NameNode(value=operation.name) if operation.name else None,
            variable_definitions=operation.variables,
            directives=(),
            selection_set=_selection_set(operation.selections),
        )
    )


def _selection_set(selections: SelectionSet) -> SelectionSetNode:
    return SelectionSetNode(selections=tuple(_selection(selection) for selection in selections))


def _selection(selection: Selection) -> SelectionNode:
    if isinstance(selection, FieldSelection):
        return FieldNode(
            name=NameNode(value=selection.name),
            alias=NameNode(value=selection.alias) if selection.alias else None,
            arguments=tuple(
                ArgumentNode(name=NameNode(value=name), value=value)
                for name, value in selection.arguments
            ),
            directives=_directives(selection.conditions) + selection.directives,
            selection_set=_selection_set(selection.selections) if selection.selections else None,
        )
    condition = selection.type_condition
    return InlineFragmentNode(
        type_condition=NamedTypeNode(name=NameNode(value=condition)) if condition else None,
        directives=_directives(selection.conditions),
        selection_set=_selection_set(selection.selections),
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
