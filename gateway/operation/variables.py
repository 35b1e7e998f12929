"""Values of variables: what the client sent, coerced as the specification says.

The API schema knows no inaccessible input field or enum value, so these are errors like any other
unknown name. The result is plain JSON again: it travels on to subgraphs.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from graphql import GraphQLError, GraphQLSchema, VariableDefinitionNode, get_variable_values

from gateway.operation.validate import with_code

MAX_VARIABLE_ERRORS = 20


def coerce_variables(
    api_schema: GraphQLSchema,
    definitions: tuple[VariableDefinitionNode, ...],
    values: Mapping[str, Any] | None,
    *,
    suggestions: bool = True,
) -> dict[str, Any] | list[GraphQLError]:
    """Coerce the `variables` of a request; defaults are filled in, undeclared ones left out.

    Errors carry the code `BAD_USER_INPUT`. A variable that was not sent and has no default is
    absent from the result, which is not the same as null.
    """
    if values is not None and not isinstance(values, Mapping):
        message = "`variables` must be an object that maps names to values."
        return [GraphQLError(message, extensions={"code": "BAD_USER_INPUT"})]
    result = get_variable_values(
        api_schema,
        definitions,
        dict(values or {}),
        max_errors=MAX_VARIABLE_ERRORS,
        hide_suggestions=not suggestions,
    )
    if isinstance(result, list):
        return [with_code(error, "BAD_USER_INPUT") for error in result]
    return result.coerced
