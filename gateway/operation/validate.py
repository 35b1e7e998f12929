"""Is the document valid against what clients may see?

graphql-core's rules are the specification's; they run over the API schema, so that what is
inaccessible is as unknown as what does not exist. Three checks of our own stand beside them, one
takes the place of a slow one, and documents that are valid beyond doubt need no rules.
"""

from __future__ import annotations

from typing import Any

from graphql import (
    SKIP,
    ASTValidationRule,
    DocumentNode,
    FieldNode,
    GraphQLError,
    GraphQLSchema,
    OperationDefinitionNode,
    OperationType,
    OverlappingFieldsCanBeMergedRule,
    SelectionSetNode,
    ValidationRule,
    VisitorAction,
    specified_rules,
    validate,
)

from gateway.operation.limits import OperationLimits
from gateway.operation.overlapping_fields import TooManyFieldsError, find_conflicts
from gateway.operation.plainly_valid import is_plainly_valid


class MergeableFieldsRule(ValidationRule):
    """Compares fields of one response name, as graphql-core's rule does, in less time."""

    def enter_document(self, node: DocumentNode, *_args: Any) -> None:
        """Report the conflicts of the whole document."""
        try:
            for error in find_conflicts(self.context.schema, node):
                self.report_error(error)
        except TooManyFieldsError:
            self.report_error(
                GraphQLError(
                    "The operation repeats fields or fragments too often to be checked. Select "
                    "each field once, and spread each fragment once where it is needed."
                )
            )


class NoIntrospectionRule(ValidationRule):
    """Refuses `__schema` and `__type`; `__typename` stays."""

    def enter_field(self, node: FieldNode, *_args: Any) -> VisitorAction:
        """Report an introspection field and look no deeper."""
        if node.name.value not in ("__schema", "__type"):
            return None
        self.report_error(
            GraphQLError(
                f"Introspection is switched off on this gateway; `{node.name.value}` is not "
                "answered.",
                nodes=[node],
                extensions={"code": "INTROSPECTION_DISABLED"},
            )
        )
        return SKIP


class NonEmptySelectionSetRule(ValidationRule):
    """Wants at least one selection between braces, as the specification's grammar does.

    graphql-core 3.3 parses `{ me { } }`, after a proposal that is not part of the specification.
    """

    def enter_selection_set(self, node: SelectionSetNode, *_args: Any) -> None:
        """Report a selection set without selections."""
        if not node.selections:
            self.report_error(
                GraphQLError(
                    "A selection set must select at least one field; to ask only whether there is "
                    "something, select `__typename`.",
                    nodes=[node],
                )
            )


class ReservedAliasRule(ValidationRule):
    """Keeps `__typename` what it is.

    The gateway reads `__typename` in what subgraphs answer; a client that gives another field this
    name would make it read that field instead.
    """

    def enter_field(self, node: FieldNode, *_args: Any) -> None:
        """Report an alias `__typename` of another field."""
        if node.alias and node.alias.value == "__typename" and node.name.value != "__typename":
            self.report_error(
                GraphQLError(
                    f"The field `{node.name.value}` cannot have the alias `__typename`; names that "
                    "begin with two underscores are reserved.",
                    nodes=[node],
                )
            )


_RULES: tuple[type[ASTValidationRule], ...] = (
    *(rule for rule in specified_rules if rule is not OverlappingFieldsCanBeMergedRule),
    MergeableFieldsRule,
)


def validate_document(
    api_schema: GraphQLSchema, document: DocumentNode, limits: OperationLimits
) -> list[GraphQLError]:
    """Validate; the errors carry the code `GRAPHQL_VALIDATION_FAILED` or one of their own."""
    if is_plainly_valid(api_schema, document):
        return []
    rules = [*_RULES, NonEmptySelectionSetRule, ReservedAliasRule]
    if not limits.introspection:
        rules.append(NoIntrospectionRule)
    errors = validate(
        api_schema,
        document,
        rules,
        max_errors=limits.max_validation_errors,
        hide_suggestions=not limits.suggestions,
    )
    return [with_code(_explained(error), "GRAPHQL_VALIDATION_FAILED") for error in errors]


def _explained(error: GraphQLError) -> GraphQLError:
    """Say more than graphql-core does where its budget for comparing fields ended."""
    if error.message != "Validation aborted.":
        return error
    return GraphQLError(
        "The operation repeats fields or fragments too often to be checked. Select each field "
        "once, and spread each fragment once where it is needed."
    )


def check_operation_kind(
    api_schema: GraphQLSchema, operation: OperationDefinitionNode
) -> list[GraphQLError]:
    """Refuse a kind of operation that the graph does not have, or that is not served."""
    kind = operation.operation
    if kind is OperationType.SUBSCRIPTION:
        message, code = (
            "Subscriptions are not served by this gateway.",
            "SUBSCRIPTIONS_NOT_SUPPORTED",
        )
    elif api_schema.get_root_type(kind) is None:
        message = f"The graph has no {kind.value} operations."
        code = "GRAPHQL_VALIDATION_FAILED"
    else:
        return []
    return [GraphQLError(message, nodes=[operation], extensions={"code": code})]


def with_code(error: GraphQLError, code: str) -> GraphQLError:
    """Give an error a code, unless it has one."""
    if error.extensions and "code" in error.extensions:
        return error
    return GraphQLError(
        error.message,
        nodes=error.nodes,
        source=error.source,
        positions=error.positions,
        path=error.path,
        extensions={**(error.extensions or {}), "code": code},
    )
