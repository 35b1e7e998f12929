"""Print normalized selections as GraphQL, for tests to read and to run."""

from __future__ import annotations

from graphql import print_ast

from gateway.operation.model import Conditions, FieldSelection, SelectionSet


def print_selections(selections: SelectionSet) -> str:
    """One line, `{ a ... on B { c } }`."""
    return "{ " + " ".join(_print(selection) for selection in selections) + " }"


def _print(selection: FieldSelection | object) -> str:
    from gateway.operation.model import InlineFragment

    if isinstance(selection, FieldSelection):
        text = selection.name
        if selection.alias:
            text = f"{selection.alias}: {text}"
        if selection.arguments:
            arguments = (f"{name}: {print_ast(value)}" for name, value in selection.arguments)
            text += f"({', '.join(arguments)})"
        text += _directives(selection.conditions)
        text += "".join(f" {print_ast(directive)}" for directive in selection.directives)
    else:
        assert isinstance(selection, InlineFragment)
        text = "..."
        if selection.type_condition:
            text += f" on {selection.type_condition}"
        text += _directives(selection.conditions)
    if selection.selections:
        text += f" {print_selections(selection.selections)}"
    return text


def _directives(conditions: Conditions) -> str:
    return "".join(
        f" @{'include' if condition.required else 'skip'}(if: ${condition.variable})"
        for condition in sorted(conditions, key=lambda c: (c.variable, c.required))
    )
