"""Fetch graph to plan: documents are written, and order becomes sequences and parallels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from graphql import OperationType, VariableDefinitionNode, print_ast

from gateway.operation.model import Conditions, Operation
from gateway.plan.nodes import (
    ConditionNode,
    DependentField,
    FetchNode,
    FlattenNode,
    ParallelNode,
    PlanNode,
    RequiredFragment,
    SequenceNode,
    SetValueRewrite,
)
from gateway.planner.fetch_graph import FetchGraph, FetchGroup, RequiredNode
from gateway.planner.selections import TYPENAME
from supergraph.model import TypeName


def emit_plan(graph: FetchGraph, operation: Operation) -> PlanNode | None:
    """The plan of all groups; None if there are none."""
    variables = {item.variable.name.value: item for item in operation.variables}
    steps = sorted({group.step for group in graph.groups})
    nodes: list[PlanNode] = []
    for step in steps:
        groups = [group for group in graph.groups if group.step == step]
        nodes += _Step(groups, variables).nodes()
    return _sequence(nodes) if nodes else None


class _Step:
    """Groups that depend on each other only; the root fields of a mutation make several steps."""

    def __init__(
        self, groups: list[FetchGroup], variables: Mapping[str, VariableDefinitionNode]
    ) -> None:
        self._groups = groups
        self._variables = variables
        self._known_descendants: dict[FetchGroup, frozenset[FetchGroup]] = {}
        self._children: dict[FetchGroup, list[FetchGroup]] = {group: [] for group in groups}
        for group in groups:
            for parent in group.parents:
                self._children[parent].append(group)

    def nodes(self) -> list[PlanNode]:
        """The step as a sequence."""
        node = self._run([group for group in self._groups if not group.parents], frozenset())
        return [] if node is None else [node]

    def _run(self, ready: list[FetchGroup], completed: frozenset[FetchGroup]) -> PlanNode | None:
        """Groups whose parents are all completed, and everything that follows from them.

        Groups that no later call depends on together run beside each other, each with what
        follows it. Others run wave by wave, so that what waits for several of them waits for no
        more calls than it must.
        """
        branches = [self._run_cluster(cluster, completed) for cluster in self._clusters(ready)]
        return _parallel(branches) if branches else None

    def _run_cluster(self, cluster: list[FetchGroup], completed: frozenset[FetchGroup]) -> PlanNode:
        completed = completed.union(cluster)
        following = dict.fromkeys(
            child
            for group in cluster
            for child in self._children[group]
            if completed.issuperset(child.parents)
        )
        wave = _parallel([self._fetch(group) for group in cluster])
        rest = self._run(list(following), completed)
        return wave if rest is None else _sequence([wave, rest])

    def _clusters(self, ready: list[FetchGroup]) -> list[list[FetchGroup]]:
        """Groups that something later depends on together, directly or not."""
        cluster_of: dict[FetchGroup, list[FetchGroup]] = {}
        clusters: list[list[FetchGroup]] = []
        for group in ready:
            merged = [group]
            met = {id(cluster_of.get(descendant)) for descendant in self._descendants(group)}
            for other in [cluster for cluster in clusters if id(cluster) in met]:
                clusters.remove(other)
                merged = other + merged
            clusters.append(merged)
            for member in merged:
                for descendant in self._descendants(member):
                    cluster_of[descendant] = merged
        return clusters

    def _descendants(self, group: FetchGroup) -> frozenset[FetchGroup]:
        known = self._known_descendants.get(group)
        if known is None:
            children = self._children[group]
            known = frozenset(children).union(*(self._descendants(child) for child in children))
            self._known_descendants[group] = known
        return known

    def _fetch(self, group: FetchGroup) -> PlanNode:
        text = group.text()
        usages = tuple(sorted(text.variables))
        declared = [
            f"${name}:{group.context_types[name]}"
            if name in group.context_types
            else _declaration(self._variables[name])
            for name in usages
        ]
        body = text.body
        if group.requires:
            declared.insert(0, "$representations:[_Any!]!")
            body = f"{{_entities(representations:$representations){body}}}"
        prefix = f"{group.kind.value}({','.join(declared)})" if declared else group.kind.value
        if prefix == OperationType.QUERY.value:
            prefix = ""
        keys, dependent = _dependent_fields(group)
        fetch = FetchNode(
            subgraph=group.subgraph,
            kind=group.kind,
            operation=prefix + body,
            variable_usages=usages,
            requires=group.required(),
            # Types are set last: the other rewrites look at them.
            input_rewrites=tuple(
                sorted(group.rewrites, key=lambda item: isinstance(item, SetValueRewrite))
            ),
            output_rewrites=text.rewrites,
            context_rewrites=tuple(group.contexts),
            keys=keys,
            dependent_fields=dependent,
        )
        node: PlanNode = fetch
        if not group.is_at_root:
            node = FlattenNode(tuple(place.path for place in group.places), fetch)
        return _guarded(node, group.decided)


def _fragments(nodes: Mapping[TypeName, RequiredNode]) -> tuple[RequiredFragment, ...]:
    return tuple(RequiredFragment(name, node.selections()) for name, node in nodes.items())


def _dependent_fields(
    group: FetchGroup,
) -> tuple[tuple[RequiredFragment, ...], tuple[DependentField, ...]]:
    """What of a call can be had without the inputs of the rest, if there is such a part."""
    if not group.inputs:
        return (), ()
    dependent = tuple(
        DependentField(type_name, response_name, node.selections())
        for (type_name, response_name), node in group.inputs.items()
    )
    names = {item.response_name for item in group.selection.all_fields()} - {TYPENAME}
    is_mixed = not names <= {field.response_name for field in dependent}
    if not is_mixed and len({field.requires for field in dependent}) == 1:
        return (), ()
    return _fragments(group.keys), dependent


def _declaration(definition: VariableDefinitionNode) -> str:
    text = f"${definition.variable.name.value}:{print_ast(definition.type)}"
    if definition.default_value is not None:
        text += f"={print_ast(definition.default_value)}"
    return text


def _guarded(node: PlanNode, conditions: Conditions) -> PlanNode:
    for condition in sorted(conditions, key=lambda c: (c.variable, c.required), reverse=True):
        if condition.required:
            node = ConditionNode(condition.variable, node, None)
        else:
            node = ConditionNode(condition.variable, None, node)
    return node


def _sequence(nodes: Sequence[PlanNode]) -> PlanNode:
    flat: list[PlanNode] = []
    for node in nodes:
        flat += node.nodes if isinstance(node, SequenceNode) else (node,)
    return flat[0] if len(flat) == 1 else SequenceNode(tuple(flat))


def _parallel(nodes: Sequence[PlanNode]) -> PlanNode:
    return nodes[0] if len(nodes) == 1 else ParallelNode(tuple(nodes))
