"""When two selections of a field ask for the same thing."""

from __future__ import annotations

from typing import TypeAlias

from graphql import print_ast

from gateway.operation.model import FieldSelection

FieldKey: TypeAlias = tuple[str, str, tuple[tuple[str, str], ...], tuple[str, ...]]


def field_key(field: FieldSelection) -> FieldKey:
    """Equal for fields that ask for the same under the same name, conditions aside.

    The order of arguments means nothing (specification, "Arguments are unordered").
    """
    if not field.arguments and not field.directives:
        return field.response_name, field.name, (), ()
    arguments = tuple(sorted((name, print_ast(value)) for name, value in field.arguments))
    directives = tuple(print_ast(directive) for directive in field.directives)
    return field.response_name, field.name, arguments, directives
