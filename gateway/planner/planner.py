"""From an operation to its plan: four steps, each fed by the one before."""

from __future__ import annotations

from graphql import OperationType

from gateway.operation.model import Operation
from gateway.plan.nodes import QueryPlan
from gateway.planner.best import BestSearch
from gateway.planner.build_fetch_graph import build_fetch_graph
from gateway.planner.contexts import ContextFacts, ContextPass
from gateway.planner.emit import emit_plan
from gateway.planner.errors import PlanningError
from gateway.planner.explain import FetchExplanation, explain_fetches
from gateway.planner.fetch_graph import FetchGraph
from gateway.planner.mutations import once_each
from gateway.planner.optimize import optimize
from gateway.planner.query_tree import Solution
from gateway.planner.selections import SelectionPool
from supergraph.collection import collection_paused
from supergraph.model import Supergraph, TypeName
from supergraph.query_graph import QueryGraph, build_query_graph


class QueryPlanner:
    """Plans operations against one supergraph. It holds no state of operations."""

    def __init__(self, supergraph: Supergraph, graph: QueryGraph | None = None) -> None:
        self.supergraph = supergraph
        self.graph = graph or build_query_graph(supergraph)
        self._contexts = ContextFacts(self.graph)

    def plan(
        self, operation: Operation, *, override_labels: frozenset[str] = frozenset()
    ) -> QueryPlan:
        """The cheapest plan for a validated, normalized operation without introspection fields.

        `override_labels` are the labels of progressive `@override`s that apply to the request.
        Fields that no subgraph can be asked for are in `QueryPlan.unresolvable`.

        Raises:
            PlanningError: if the operation is too complex to be planned.
        """
        try:
            # All that is made here lives until the plan is: the collector would find nothing.
            with collection_paused():
                fetch_graph = self._fetch_graph(operation, override_labels)
                node = emit_plan(fetch_graph, operation)
            return QueryPlan(node, tuple(fetch_graph.unresolvable))
        except RecursionError as error:
            raise PlanningError("The operation is nested too deeply to be planned.") from error

    def explain(
        self, operation: Operation, *, override_labels: frozenset[str] = frozenset()
    ) -> tuple[FetchExplanation, ...]:
        """Why each fetch of the operation's plan is there.

        Raises:
            PlanningError: as for `plan`.
        """
        try:
            return explain_fetches(self.graph, self._fetch_graph(operation, override_labels))
        except RecursionError as error:
            raise PlanningError("The operation is nested too deeply to be planned.") from error

    def _fetch_graph(self, operation: Operation, override_labels: frozenset[str]) -> FetchGraph:
        solution = self.search(operation, override_labels)
        fetch_graph = build_fetch_graph(self.graph, operation, solution, self._contexts)
        optimize(fetch_graph)
        return fetch_graph

    def search(self, operation: Operation, override_labels: frozenset[str]) -> Solution:
        """The first step: which subgraph to ask for each field."""
        pool = SelectionPool(self.graph)
        wanted = operation.selections
        if operation.kind is OperationType.MUTATION:
            wanted = once_each(wanted)
        selections = pool.selections([wanted], TypeName(operation.root_type))
        contexts = ContextPass(self.graph, self._contexts, pool)
        search = BestSearch(self.graph, pool, override_labels, contexts)
        return search.solve_root(contexts.apply(selections), operation.kind)
