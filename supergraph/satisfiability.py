"""Satisfiability: every query of the API schema has a plan, or a witness says which has none.

Subgraphs that merge well can still leave holes: a field lives in a subgraph that cannot be entered
from where its object is met. This walks all ways into the graph, breadth first so that witnesses
are short. Queries are endless, but the states are not: what matters about a position is its type,
the nodes at which the object was met and the values that contexts set above it can give, and a
position with more of these can do no less.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from graphql import OperationType

from supergraph.api_schema import type_name as named_type
from supergraph.contexts import NO_VALUES, ContextValues
from supergraph.errors import CompositionError, ErrorCode, SourceLocation
from supergraph.hints import CompositionHint, HintCode
from supergraph.model import Supergraph, SupergraphField, SupergraphType, TypeKind, TypeName
from supergraph.query_graph import QueryGraph, build_query_graph
from supergraph.reachability import Nodes, Reachability
from supergraph.unsatisfiable import (
    Step,
    inconsistent_runtime_types_message,
    mismatched_runtime_types_message,
    unknown_type_message,
    unsatisfiable_message,
    witness_query,
)

MAX_POSITIONS = 1_000_000
"""Positions looked at before giving up; a graph of 2,000 types has some 10,000."""

MAX_LABEL_SETS = 32
"""Sets of override labels looked at: none, all, and each one alone as far as this allows."""

Locate = Callable[[str], tuple[SourceLocation, ...]]
"""Maps a schema coordinate to where subgraphs declare it."""

_COMPOSITE = (TypeKind.OBJECT, TypeKind.INTERFACE, TypeKind.UNION)


@dataclass(frozen=True, slots=True)
class _Position:
    """An object of type `type_name` met at `nodes`; `path` is a query that leads there.

    `contexts` are the contexts that the types above it on the path set, `values` what can be
    taken from them.
    """

    kind: OperationType
    type_name: TypeName
    nodes: Nodes
    path: tuple[Step, ...]
    contexts: frozenset[str] = frozenset()
    values: ContextValues = NO_VALUES


@dataclass(frozen=True, slots=True)
class SatisfiabilityResult:
    """What is wrong, and what was remarked on the way."""

    errors: tuple[CompositionError, ...]
    hints: tuple[CompositionHint, ...]


def check_satisfiability(
    supergraph: Supergraph, locate: Locate = lambda _: ()
) -> SatisfiabilityResult:
    """Find every field of the API schema that some query can select but no plan can fetch."""
    graph = build_query_graph(supergraph)
    errors: dict[str, CompositionError] = {}
    hints: dict[str, CompositionHint] = {}
    for labels in _label_sets(graph):
        walk = _Walk(Reachability(graph, labels), locate)
        walk.run()
        for error in walk.errors:
            errors.setdefault(error.message, error)
        for hint in walk.hints:
            hints.setdefault(hint.message, hint)
    return SatisfiabilityResult(tuple(errors.values()), tuple(hints.values()))


def _label_sets(graph: QueryGraph) -> Iterator[frozenset[str]]:
    labels = sorted(
        {
            join.override_label
            for definition in graph.supergraph.types.values()
            for field in definition.fields.values()
            for join in field.joins
            if join.override_label is not None
        }
    )
    yield frozenset()
    if labels:
        yield frozenset(labels)
    if len(labels) > 1:
        yield from (frozenset({label}) for label in labels[: MAX_LABEL_SETS - 2])


class _Walk:
    """One walk over all positions, for one set of override labels."""

    def __init__(self, reachability: Reachability, locate: Locate) -> None:
        self.errors: list[CompositionError] = []
        self.hints: list[CompositionHint] = []
        self._reach = reachability
        self._graph = reachability.graph
        self._types = self._graph.supergraph.types
        self._locate = locate
        self._seen: dict[TypeName, set[tuple[Nodes, ContextValues]]] = {}
        self._visited: dict[TypeName, list[tuple[Nodes, ContextValues]]] = {}
        self._set_by = reachability.contexts.set_by
        self._pending: deque[_Position] = deque()
        self._reported: set[str] = set()

    def run(self) -> None:
        for kind in OperationType:
            roots = frozenset(edge.head for edge in self._graph.root_edges(kind))
            name = self._graph.supergraph.root_types.get(kind.value)
            if roots and name is not None:
                self._push(_Position(kind, name, roots, ()))
        looked_at = 0
        while self._pending:
            looked_at += 1
            if looked_at > MAX_POSITIONS:
                self.errors.append(
                    CompositionError(
                        ErrorCode.MAX_VALIDATION_SUBGRAPH_PATHS_EXCEEDED,
                        f"Satisfiability was given up after {MAX_POSITIONS} positions: the graph "
                        "has too many ways to reach its types.",
                    )
                )
                return
            position = self._pending.popleft()
            try:
                self._visit(position)
            except RecursionError:
                self.errors.append(
                    CompositionError(
                        ErrorCode.MAX_VALIDATION_SUBGRAPH_PATHS_EXCEEDED,
                        f'Satisfiability was given up at type "{position.type_name}": its keys and '
                        "@requires depend on each other over too many steps.",
                        self._locate(position.type_name),
                        position.type_name,
                    )
                )
                return

    def _push(self, position: _Position) -> None:
        seen = self._seen.setdefault(position.type_name, set())
        state = (position.nodes, position.values)
        if state in seen:
            return
        seen.add(state)
        # Having met the object at fewer nodes was enough, or its holes are reported already.
        visited = self._visited.setdefault(position.type_name, [])
        if not any(
            nodes <= position.nodes and values <= position.values for nodes, values in visited
        ):
            visited.append(state)
            self._pending.append(position)
        elif self._types[position.type_name].kind is TypeKind.OBJECT:
            # More nodes can do no less, but what they share has to agree.
            self._visit_shared(position)

    def _visit(self, position: _Position) -> None:
        definition = self._types[position.type_name]
        if definition.kind is TypeKind.OBJECT:
            self._visit_object(position, definition)
        else:
            self._visit_abstract(position)

    def _visit_abstract(self, position: _Position) -> None:
        """Look at each object type the position can turn out to be."""
        reached = self._reach.closure(position.nodes)
        met = self._reach.possible_types(position.nodes)
        for name in sorted(met):
            step = Step.fragment(name)
            if self._types[name].inaccessible:
                continue
            knowing = [
                node
                for node in reached
                if not self._graph.facts(node).is_interface_object
                and name in self._graph.facts(node).shown_types
            ]
            if not knowing:
                self._report_unknown_type(position, step, reached)
                continue
            narrowed = self._reach.narrow(reached, name)
            path = (*position.path, step)
            self._push(replace(position, type_name=name, nodes=narrowed, path=path))

    def _visit_shared(self, position: _Position) -> None:
        definition = self._types[position.type_name]
        reached = self._reach.closure(position.nodes)
        for field in definition.fields.values():
            target = self._types.get(TypeName(named_type(field.type)))
            if target is not None and target.kind in (TypeKind.INTERFACE, TypeKind.UNION):
                self._check_runtime_types(position, definition, field, reached)

    def _visit_object(self, position: _Position, definition: SupergraphType) -> None:
        reached = self._reach.closure(position.nodes)
        contexts = position.contexts | self._set_by.get(definition.name, frozenset())
        values = self._reach.values_below(reached, {definition.name}, position.values)
        for field in definition.fields.values():
            if field.inaccessible or field.name.startswith("__"):
                continue
            edges = self._reach.filled_edges(reached, field.name, position.values)
            step = Step.field(field.name, self._arguments(definition.name, field.name))
            target = TypeName(named_type(field.type))
            if not edges:
                self._report_unsatisfiable(position, definition, field, step, reached)
                continue
            found = self._types.get(target)
            if found is None or found.kind not in _COMPOSITE or found.inaccessible:
                continue
            self._check_runtime_types(position, definition, field, reached)
            heads = frozenset(edge.head for edge in edges)
            path = (*position.path, step)
            self._push(_Position(position.kind, target, heads, path, contexts, values))

    def _arguments(self, type_name: str, field_name: str) -> tuple[tuple[str, str], ...]:
        """Required arguments of a field, with their types' text."""
        parent = self._graph.supergraph.schema.type_map.get(type_name)
        field = getattr(parent, "fields", {}).get(field_name)
        if field is None:
            return ()
        return tuple(
            (name, str(argument.type))
            for name, argument in field.args.items()
            if str(argument.type).endswith("!") and argument.ast_node.default_value is None
        )

    # --- What is found ---------------------------------------------------------------------

    def _report_unsatisfiable(
        self,
        position: _Position,
        definition: SupergraphType,
        field: SupergraphField,
        step: Step,
        reached: Nodes,
    ) -> None:
        target = self._types.get(TypeName(named_type(field.type)))
        is_composite = target is not None and target.kind in _COMPOSITE
        message = unsatisfiable_message(
            self._reach,
            position.kind,
            (*position.path, step),
            reached,
            field.name,
            position.contexts,
            is_composite=is_composite,
        )
        self._report(ErrorCode.SATISFIABILITY_ERROR, message, f"{definition.name}.{field.name}")

    def _report_unknown_type(self, position: _Position, step: Step, reached: Nodes) -> None:
        message = unknown_type_message(
            self._reach, position.kind, (*position.path, step), reached, position.type_name
        )
        self._report(ErrorCode.SATISFIABILITY_ERROR, message, position.type_name)

    def _report(self, code: ErrorCode, message: str, coordinate: str) -> None:
        if message not in self._reported:
            self._reported.add(message)
            self.errors.append(
                CompositionError(code, message, self._locate(coordinate), coordinate)
            )

    def _check_runtime_types(
        self,
        position: _Position,
        definition: SupergraphType,
        field: SupergraphField,
        reached: Nodes,
    ) -> None:
        """Subgraphs that share a field of an abstract type should return the same objects."""
        if field.inaccessible:
            return
        by_graph = {
            edge.tail.subgraph: self._graph.facts(edge.head).shown_types
            for edge in self._reach.edges(reached, field.name)
            if not self._graph.facts(edge.head).is_interface_object
            and not self._reach.is_declared_external(edge.tail, edge.field_name)
        }
        coordinate = f"{definition.name}.{field.name}"
        if len(set(by_graph.values())) < 2 or coordinate in self._reported:
            return
        self._reported.add(coordinate)
        step = Step.field(field.name, self._arguments(definition.name, field.name))
        query = witness_query(position.kind, (*position.path, step), is_composite=True)
        type_name = named_type(field.type)
        places = self._locate(coordinate)
        if not frozenset.intersection(*by_graph.values()):
            message = mismatched_runtime_types_message(query, coordinate, type_name, by_graph)
            code = ErrorCode.SHAREABLE_HAS_MISMATCHED_RUNTIME_TYPES
            self.errors.append(CompositionError(code, message, places, coordinate))
        else:
            message = inconsistent_runtime_types_message(query, coordinate, type_name, by_graph)
            hint = HintCode.INCONSISTENT_RUNTIME_TYPES_FOR_SHAREABLE_RETURN
            self.hints.append(CompositionHint(hint, message, places, coordinate))
