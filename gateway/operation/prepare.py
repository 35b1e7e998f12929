"""From text to a prepared operation: parse, choose, measure, validate, normalize.

The result depends on the text, the operation name, the schema and the limits, on nothing else:
it is cached and shared between requests, whatever their variables.
"""

from __future__ import annotations

from dataclasses import dataclass

from graphql import DocumentNode, GraphQLError, GraphQLSchema, OperationDefinitionNode

from gateway.operation.limits import OperationLimits
from gateway.operation.measure import limit_errors, measure_operation
from gateway.operation.model import Operation, SelectionSet
from gateway.operation.normalize import executable_part, normalize, without_root_typename
from gateway.operation.parse import choose_operation, parse_document
from gateway.operation.shape import ResponseShape
from gateway.operation.validate import check_operation_kind, validate_document

DEFAULT_LIMITS = OperationLimits()


@dataclass(frozen=True, slots=True)
class PreparedOperation:
    """An operation that can be planned and executed any number of times."""

    operation: Operation
    """For the planner: normalized, without introspection and root `__typename`s.

    No composite field stands without selections.
    """
    selections: SelectionSet
    """All the client asked for, normalized, in the client's order, introspection included."""
    document: DocumentNode
    definition: OperationDefinitionNode
    shape: ResponseShape
    """What the response looks like, for projection."""


def prepare_operation(
    api_schema: GraphQLSchema,
    text: str,
    operation_name: str | None = None,
    limits: OperationLimits = DEFAULT_LIMITS,
) -> PreparedOperation | list[GraphQLError]:
    """Prepare the operation `operation_name` of the document `text`, or say what is wrong.

    Every error has `extensions.code`; the codes stand with the stages that give them.
    """
    document = parse_document(text, limits)
    if isinstance(document, GraphQLError):
        return [document]
    definition = choose_operation(document, operation_name)
    if isinstance(definition, GraphQLError):
        return [definition]
    # Limits before validation: validation of a hostile document is itself expensive.
    errors = (
        check_operation_kind(api_schema, definition)
        or limit_errors(measure_operation(document, definition), limits)
        or validate_document(api_schema, document, limits)
    )
    if errors:
        return errors
    root_type = api_schema.get_root_type(definition.operation)
    if root_type is None:  # pragma: no cover - check_operation_kind reported it
        raise AssertionError(definition.operation)
    selections = normalize(api_schema, document, definition)
    operation = Operation(
        kind=definition.operation,
        name=definition.name.value if definition.name else None,
        root_type=root_type.name,
        selections=without_root_typename(executable_part(api_schema, root_type, selections)),
        variables=tuple(definition.variable_definitions or ()),
    )
    shape = ResponseShape(api_schema, root_type, selections)
    return PreparedOperation(operation, selections, document, definition, shape)
