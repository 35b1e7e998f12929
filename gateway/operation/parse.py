"""Text to document: the first stage, and the first to meet hostile input.

Size and tokens are limited while reading, so a huge document costs no more than the limit. Which
of the document's operations runs is decided here too.
"""

from __future__ import annotations

from graphql import (
    DocumentNode,
    ExecutableDefinitionNode,
    GraphQLError,
    GraphQLSyntaxError,
    OperationDefinitionNode,
    parse,
)

from gateway.operation.limits import OperationLimits


def parse_document(text: str, limits: OperationLimits) -> DocumentNode | GraphQLError:
    """Parse an executable document.

    The error has the code `GRAPHQL_PARSE_FAILED`, `MAX_SIZE_LIMIT` or `MAX_TOKENS_LIMIT`.
    """
    if len(text) > limits.max_characters:
        return GraphQLError(
            f"The document has {len(text)} characters; the limit is {limits.max_characters}.",
            extensions={"code": "MAX_SIZE_LIMIT"},
        )
    if not text.strip():
        return _syntax_error("The document is empty; send a GraphQL operation as `query`.")
    try:
        document = parse(text, max_tokens=limits.max_tokens)
    except GraphQLSyntaxError as error:
        code = (
            "MAX_TOKENS_LIMIT"
            if "token" in error.message.lower() and (str(limits.max_tokens) in error.message)
            else "GRAPHQL_PARSE_FAILED"
        )
        return GraphQLError(
            error.message,
            source=error.source,
            positions=error.positions,
            extensions={"code": code},
        )
    except RecursionError:  # graphql-core before 3.3
        return _syntax_error("The document is nested too deeply.")
    for definition in document.definitions:
        if not isinstance(definition, ExecutableDefinitionNode):
            return GraphQLError(
                "The document defines types or directives; only operations and fragments can be "
                "executed.",
                nodes=[definition],
                extensions={"code": "GRAPHQL_VALIDATION_FAILED"},
            )
    return document


def choose_operation(
    document: DocumentNode, operation_name: str | None
) -> OperationDefinitionNode | GraphQLError:
    """Find the operation to run (specification, "GetOperation").

    The error has the code `OPERATION_RESOLUTION_FAILURE`.
    """
    operations = [d for d in document.definitions if isinstance(d, OperationDefinitionNode)]
    if not operations:
        return _no_operation("The document contains no operation, only fragments.")
    names = [operation.name.value for operation in operations if operation.name]
    if not operation_name:
        if len(operations) == 1:
            return operations[0]
        return _no_operation(
            f"The document contains {len(operations)} operations; say which one to run with "
            "`operationName`."
        )
    for operation in operations:
        if operation.name and operation.name.value == operation_name:
            return operation
    known = ", ".join(names[:10]) or "none has a name"
    return _no_operation(f"The document has no operation of this `operationName`; it has: {known}.")


def _syntax_error(message: str) -> GraphQLError:
    return GraphQLError(message, extensions={"code": "GRAPHQL_PARSE_FAILED"})


def _no_operation(message: str) -> GraphQLError:
    return GraphQLError(message, extensions={"code": "OPERATION_RESOLUTION_FAILURE"})
