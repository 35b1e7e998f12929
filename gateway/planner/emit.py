"""Fetch graph to plan: documents are written, and order becomes sequences and parallels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from graphql import OperationType, VariableDefinitionNode, print_ast

from gateway.operation.model import Conditions, Operation
from gateway.plan.nodes import (
    ConditionNode,
    FetchNode,
    FlattenNode,
    ParallelNode,
    PlanNode,
    RequiredFragment,
    SequenceNode,
    SetValueRewrite,
)
from gateway.planner.document import write_selection
from gateway.planner.fetch_graph import FetchGraph, FetchGroup


def emit_plan(graph: FetchGraph, operation: Operation) -> PlanNode | None:
    """The plan of all groups; None if there are none."""
    variables = {item.variable.name.value: item for item in operation.variables}
    steps = sorted({group.step for group in graph.groups})
    nodes: list[PlanNode] = []
    for step in steps:
        groups = [group for group in graph.groups if group.step == step]
        nodes += _Step(groups, variables).nodes()
    return _sequence(nodes)


class _Step:
    """Groups that depend on each other only; the root fields of a mutation make several steps."""

    def __init__(
        self, groups: list[FetchGroup], variables: Mapping[str, VariableDefinitionNode]
    ) -> None:
        self._groups = groups
        self._variables = variables
        self._children: dict[FetchGroup, list[FetchGroup]] = {group: [] for group in groups}
        for group in groups:
            for parent in group.parents:
                self._children[parent].append(group)

    def nodes(self) -> list[PlanNode]:
        ready = [group for group in self._groups if not group.parents]
        found, _ = self._run(ready, frozenset())
        return found

    def _run(
        self, ready: list[FetchGroup], completed: frozenset[FetchGroup]
    ) -> tuple[list[PlanNode], frozenset[FetchGroup]]:
        """Nodes for `ready` and all that can follow them alone; and what is then completed.

        What waits for one call only follows it directly; what waits for several comes after the
        parallel in which they all are.
        """
        nodes: list[PlanNode] = []
        while ready:
            branches: list[PlanNode] = []
            finished: set[FetchGroup] = set()
            for group in ready:
                alone = completed | {group}
                following = [c for c in self._children[group] if alone.issuperset(c.parents)]
                after, done = self._run(following, alone)
                if (branch := _sequence([self._fetch(group), *after])) is not None:
                    branches.append(branch)
                finished |= done
            nodes.append(_parallel(branches))
            completed = completed | finished
            ready = list(
                {
                    child: None
                    for group in self._groups
                    if group in finished
                    for child in self._children[group]
                    if child not in completed and completed.issuperset(child.parents)
                }
            )
        return nodes, completed

    def _fetch(self, group: FetchGroup) -> PlanNode:
        decided = group.conditions or frozenset()
        text = write_selection(group.selection, decided)
        usages = tuple(sorted(text.variables))
        declared = [_declaration(self._variables[name]) for name in usages]
        body = text.body
        if group.requires:
            declared.insert(0, "$representations:[_Any!]!")
            body = f"{{_entities(representations:$representations){body}}}"
        prefix = f"{group.kind.value}({','.join(declared)})" if declared else group.kind.value
        if prefix == OperationType.QUERY.value:
            prefix = ""
        fetch = FetchNode(
            subgraph=group.subgraph,
            kind=group.kind,
            operation=prefix + body,
            variable_usages=usages,
            requires=tuple(
                RequiredFragment(name, node.selections()) for name, node in group.requires.items()
            ),
            # Types are set last: the other rewrites look at them.
            input_rewrites=tuple(
                sorted(group.rewrites, key=lambda item: isinstance(item, SetValueRewrite))
            ),
            output_rewrites=text.rewrites,
        )
        node: PlanNode = fetch
        if group.requires:
            node = FlattenNode((group.path, *group.further_paths), fetch)
        return _guarded(node, decided)


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


def _sequence(nodes: Sequence[PlanNode]) -> PlanNode | None:
    flat: list[PlanNode] = []
    for node in nodes:
        flat += node.nodes if isinstance(node, SequenceNode) else (node,)
    if len(flat) < 2:
        return flat[0] if flat else None
    return SequenceNode(tuple(flat))


def _parallel(nodes: Sequence[PlanNode]) -> PlanNode:
    return nodes[0] if len(nodes) == 1 else ParallelNode(tuple(nodes))
