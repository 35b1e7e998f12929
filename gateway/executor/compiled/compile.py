"""From a query plan to Python functions: `compile_plan`.

    plan and response shape → layout (places, types, who brings what)
    layout                  → source of Struct types, collect and merge functions
    source                  → `CompiledPlan`, a tree of calls like the plan's

It is made for one combination of the values of condition variables, so that every condition is
decided before the code is written. Names in the source are GraphQL names of the supergraph with a
prefix, texts are written by `repr`: nothing a client sends becomes code.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias, assert_never

import msgspec
from graphql import OperationType

from gateway.executor.compiled.classes import PRELUDE, ClassWriter, final_class
from gateway.executor.compiled.functions import FunctionWriter
from gateway.executor.compiled.layout import LaidOutFetch, Layout, PlacedType
from gateway.executor.compiled.lists import Lists
from gateway.executor.compiled.merging import MergeWriter, merge_name
from gateway.executor.compiled.outcome import NotCompilableError, StepAsideError
from gateway.executor.compiled.representations import Template, build_template
from gateway.executor.compiled.schedule import (
    AtOnce,
    InSequence,
    Schedule,
    Steps,
    make_schedule,
)
from gateway.executor.compiled.sharing import SHARE_FROM_BYTES, Cuts, Merge, SharingMerge
from gateway.executor.facts import SupergraphFacts
from gateway.operation.prepare import PreparedOperation
from gateway.plan.nodes import (
    ConditionNode,
    FetchNode,
    FlattenNode,
    ParallelNode,
    PlanNode,
    QueryPlan,
    SequenceNode,
)
from supergraph.model import Supergraph

ObjectLists: TypeAlias = list[list[Any]]
Collected: TypeAlias = tuple[list[dict[str, Any]], list[Any], list[int]]
Collect: TypeAlias = Callable[[ObjectLists], Collected | None]


@dataclass(frozen=True, slots=True)
class CallStep:
    """One subgraph call, with what is sent of its fetch; `collect` is None for a root fetch."""

    subgraph: str
    operation: str
    operation_name: str | None
    variable_usages: tuple[str, ...]
    is_mutation: bool
    collect: Collect | None
    merge: Merge


@dataclass(frozen=True, slots=True)
class CompiledPlan:
    """A plan as code. `new_lists` makes what one execution works on; the root stands in it."""

    schedule: Schedule[CallStep]
    source: str
    root_type: type[msgspec.Struct]
    list_count: int
    sharing_source: Callable[[], str]
    """What is written for answers that repeat themselves everywhere."""
    hide: Callable[[ObjectLists], msgspec.Struct]

    def new_lists(self) -> ObjectLists:
        """Lists for one execution."""
        return [[self.root_type()], *([] for _ in range(self.list_count - 1))]


def condition_variables(plan: QueryPlan, prepared: PreparedOperation) -> tuple[str, ...]:
    """The Boolean variables whose values decide what is fetched and answered, sorted."""
    names = set(prepared.shape.condition_variables)
    stack = [plan.node]
    while stack:
        node = stack.pop()
        match node:
            case ConditionNode(variable, if_clause, else_clause):
                names.add(variable)
                stack += [if_clause, else_clause]
            case SequenceNode(nodes) | ParallelNode(nodes):
                stack += nodes
            case _:
                pass
    return tuple(sorted(names))


def compile_plan(
    plan: QueryPlan,
    prepared: PreparedOperation,
    variables: Mapping[str, Any],
    supergraph: Supergraph,
    *,
    share_from_bytes: int = SHARE_FROM_BYTES,
) -> CompiledPlan:
    """Compile a plan for the values that `variables` give to its conditions.

    In answers of `share_from_bytes` and more, objects that repeat themselves are looked for.

    Raises:
        NotCompilableError: if the plan needs what only the interpreter does.
    """
    if plan.node is None:
        raise NotCompilableError("nothing to fetch")
    if plan.unresolvable:
        raise NotCompilableError("fields that no subgraph can be asked for")
    conditions = {name: bool(variables.get(name)) for name in condition_variables(plan, prepared)}
    facts = SupergraphFacts(supergraph)
    layout = Layout(facts, prepared.shape.for_variables(variables), conditions)
    tree = _lay_out(layout, plan.node)
    layout.drop_impossible()
    code = _Code(layout)
    source = code.write(_templates(facts, layout))
    return CompiledPlan(
        schedule=make_schedule(_steps(tree, code, share_from_bytes)),
        source=source,
        root_type=code.namespace[final_class(layout.root)],
        list_count=len(code.lists),
        sharing_source=code.sharing_source,
        hide=code.namespace["hide"],
    )


class _Code:
    """The code of one plan; of fetches whose answers repeat themselves, more is written later."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self.lists = Lists(layout)
        self.namespace: dict[str, Any] = {
            "StepAsideError": StepAsideError,
            "_client_name": _client_name,
            "_entities_name": _entities_name,
        }

    def write(self, templates: dict[int, dict[PlacedType, Template]]) -> str:
        """Make all that is needed; returns its source."""
        classes = ClassWriter(self._layout)
        classes.write()
        functions = FunctionWriter(self._layout, classes, self.lists, templates)
        functions.write()
        source = "\n".join([PRELUDE, *classes.lines, *functions.lines])
        self._execute(source)
        return source

    def merge(self, fetch: LaidOutFetch, share_from_bytes: int) -> Merge:
        """The merge function of a fetch."""
        plain: Merge = self.namespace[merge_name(fetch)]
        places = self.lists.repeatable(fetch)
        if not places:
            return plain
        return SharingMerge(plain, places, lambda cuts: self._cut(fetch, cuts), share_from_bytes)

    def sharing_source(self) -> str:
        """The source of all merge functions that cut wherever they can."""
        return "\n".join(
            self._cut_source(fetch, Cuts(places, "_cut"))
            for fetch in self._layout.fetches
            if (places := self.lists.repeatable(fetch))
        )

    def _cut(self, fetch: LaidOutFetch, cuts: Cuts) -> Merge:
        self._execute(self._cut_source(fetch, cuts))
        merge: Merge = self.namespace[merge_name(fetch, cuts)]
        return merge

    def _cut_source(self, fetch: LaidOutFetch, cuts: Cuts) -> str:
        classes = ClassWriter(self._layout, cuts)
        classes.write_fetch(fetch)
        return "\n".join([*classes.lines, *MergeWriter(fetch, classes, self.lists).write()])

    def _execute(self, source: str) -> None:
        try:
            code = compile(source, "<compiled query plan>", "exec", dont_inherit=True)
            exec(code, self.namespace)  # noqa: S102 - see above
        except (SyntaxError, TypeError, ValueError, RecursionError, MemoryError) as error:
            raise NotCompilableError(f"types that msgspec does not take: {error}") from error


def _client_name(attribute: str) -> str:
    return attribute.removeprefix("f_")


def _entities_name(attribute: str) -> str:
    return "_entities" if attribute == "entities" else attribute


@dataclass(frozen=True, slots=True)
class _Group:
    nodes: tuple[_Tree, ...]
    is_parallel: bool


_Tree: TypeAlias = "LaidOutFetch | _Group"


def _lay_out(layout: Layout, node: PlanNode | None) -> _Tree:
    """Lay out all fetches that are not left out by a condition, in the plan's order."""
    match node:
        case None:
            return _Group((), is_parallel=False)
        case FetchNode():
            return layout.add_root_fetch(node)
        case FlattenNode() if node.node.context_rewrites:
            raise NotCompilableError("values from contexts")
        case FlattenNode():
            return layout.add_entity_fetch(node)
        case SequenceNode(nodes):
            return _Group(tuple(_lay_out(layout, child) for child in nodes), is_parallel=False)
        case ParallelNode(nodes):
            return _Group(tuple(_lay_out(layout, child) for child in nodes), is_parallel=True)
        case ConditionNode(variable, if_clause, else_clause):
            return _lay_out(layout, if_clause if layout.conditions[variable] else else_clause)
        case _:
            assert_never(node)


def _templates(facts: SupergraphFacts, layout: Layout) -> dict[int, dict[PlacedType, Template]]:
    return {
        fetch.number: {
            target.placed: build_template(facts, fetch.node, target.placed)
            for target in fetch.targets
        }
        for fetch in layout.fetches
        if fetch.node.requires
    }


def _steps(tree: _Tree, code: _Code, share_from_bytes: int) -> Steps[CallStep]:
    if isinstance(tree, LaidOutFetch):
        if not tree.targets:
            return InSequence(())  # no object can stand there now
        fetch = tree.node
        return CallStep(
            fetch.subgraph,
            fetch.operation,
            fetch.operation_name,
            fetch.variable_usages,
            fetch.kind is OperationType.MUTATION,
            code.namespace.get(f"collect_{tree.number}"),
            code.merge(tree, share_from_bytes),
        )
    steps = tuple(_steps(node, code, share_from_bytes) for node in tree.nodes)
    return AtOnce(steps) if tree.is_parallel else InSequence(steps)
