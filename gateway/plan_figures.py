"""What it takes to answer an operation, counted from its plan: for checks of a changed graph.

Implements `supergraph.checks.operations.plans.OperationPlanner`; the command line hands it over.
"""

from __future__ import annotations

from graphql import DocumentNode, GraphQLError, OperationType

from gateway.operation.model import Operation
from gateway.operation.normalize import executable_part, normalize, without_root_typename
from gateway.operation.parse import choose_operation
from gateway.plan.nodes import (
    ConditionNode,
    FetchNode,
    FlattenNode,
    ParallelNode,
    PlanNode,
    SequenceNode,
)
from gateway.planner import PlanningError, QueryPlanner
from supergraph.checks.operations.plans import PlanFigures
from supergraph.model import Supergraph


class PlanMeter:
    """Plans operations on one supergraph and counts."""

    def __init__(self, supergraph: Supergraph) -> None:
        self._schema = supergraph.api_schema
        self._planner = QueryPlanner(supergraph)

    def figures(self, document: DocumentNode, operation_name: str | None) -> PlanFigures:
        """The figures of a valid document's operation."""
        definition = choose_operation(document, operation_name)
        if isinstance(definition, GraphQLError):
            return PlanFigures(problem=definition.message)
        if definition.operation is OperationType.SUBSCRIPTION:
            return PlanFigures(problem="Subscriptions have no plan.")
        root_type = self._schema.get_root_type(definition.operation)
        if root_type is None:
            return PlanFigures(problem=f"The graph has no {definition.operation.value}s.")
        try:
            selections = normalize(self._schema, document, definition)
            operation = Operation(
                kind=definition.operation,
                name=definition.name.value if definition.name else None,
                root_type=root_type.name,
                selections=without_root_typename(
                    executable_part(self._schema, root_type, selections)
                ),
                variables=tuple(definition.variable_definitions or ()),
            )
            plan = self._planner.plan(operation)
        except PlanningError as error:
            return PlanFigures(problem=error.message)
        except RecursionError:
            return PlanFigures(problem="The operation is nested too deeply to be planned.")
        calls, chain = _count(plan.node) if plan.node is not None else (0, 0)
        unresolvable = tuple(sorted(".".join(field.path) for field in plan.unresolvable))
        return PlanFigures(calls, chain, unresolvable)


def _count(node: PlanNode) -> tuple[int, int]:
    """Calls, and how many of them follow each other at most; of a condition the dearer branch."""
    match node:
        case FetchNode():
            return 1, 1
        case FlattenNode(node=fetch):
            return _count(fetch)
        case SequenceNode(nodes=nodes):
            counted = [_count(item) for item in nodes]
            return sum(calls for calls, _ in counted), sum(chain for _, chain in counted)
        case ParallelNode(nodes=nodes):
            counted = [_count(item) for item in nodes]
            return sum(calls for calls, _ in counted), max(
                (chain for _, chain in counted), default=0
            )
        case ConditionNode(if_clause=yes, else_clause=no):
            counted = [_count(item) for item in (yes, no) if item is not None]
            return (
                max((calls for calls, _ in counted), default=0),
                max((chain for _, chain in counted), default=0),
            )
