"""One case: subgraphs, an operation, its answer, and what is wrong with it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Coroutine, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

import msgspec
from graphql import GraphQLList, GraphQLNonNull, GraphQLSchema, build_schema

from gateway.context import RequestContext
from gateway.executor.compiled.executor import OperationExecutor
from gateway.executor.errors import INTERNAL_ERROR
from gateway.executor.execute import ExecutionResult, execute_plan
from gateway.operation.prepare import prepare_operation
from gateway.operation.variables import coerce_variables
from gateway.plan.nodes import QueryPlan
from gateway.planner import QueryPlanner
from supergraph.compose import compose
from supergraph.load import load_supergraph
from supergraph.subgraph.model import SubgraphInput
from tests.testkit.random_graphs.strict import StrictSubgraphs
from tests.testkit.random_graphs.world import Answer, World

T = TypeVar("T")


@dataclass(frozen=True)
class Case:
    """All that decides an answer. Without `unsplit`, the composed API schema is the yardstick."""

    subgraphs: Mapping[str, str]
    query: str
    variables: Mapping[str, Any] = field(default_factory=dict)
    seed: int = 0
    labels: frozenset[str] = frozenset()
    failing: bool = False
    compiled: bool = False
    """Whether compiled code has to give the interpreter's answer, too."""
    unsplit: str | None = None


@dataclass(frozen=True)
class Problem:
    """What is wrong. `kind` is one word, so that shrinking does not wander to another defect."""

    kind: str
    text: str


class ComposedGraph:
    """A graph that composed, ready for many operations."""

    def __init__(self, subgraphs: Mapping[str, str], unsplit: str | None = None) -> None:
        """Compose.

        Raises:
            CompositionFailedError: with all errors.
        """
        result = compose([SubgraphInput(n, f"http://{n}", sdl) for n, sdl in subgraphs.items()])
        if result.supergraph_sdl is None:
            raise CompositionFailedError(
                tuple(error.code.value for error in result.errors),
                "\n".join(str(error) for error in result.errors),
            )
        self.subgraphs = subgraphs
        self.supergraph = load_supergraph(result.supergraph_sdl)
        self.planner = QueryPlanner(self.supergraph)
        self.schema: GraphQLSchema = (
            self.supergraph.api_schema if unsplit is None else build_schema(unsplit)
        )
        self.world = World(subgraphs, self.schema)


class CompositionFailedError(Exception):
    """The composer refused."""

    def __init__(self, codes: tuple[str, ...], text: str) -> None:
        super().__init__(text)
        self.codes = codes


def find_problem(
    case: Case, graph: ComposedGraph | None = None, client: StrictSubgraphs | None = None
) -> Problem | None:
    """Compose, plan and execute a case; what is wrong, or None.

    Who wants to know what the subgraphs were asked gives the `client`, made for the same case.
    """
    if graph is None:
        try:
            graph = ComposedGraph(case.subgraphs, case.unsplit)
        except CompositionFailedError as error:
            return Problem("composition " + " ".join(sorted(set(error.codes))), str(error))
    prepared = prepare_operation(graph.supergraph.api_schema, case.query)
    if isinstance(prepared, list):
        return Problem("invalid", f"the query is refused: {prepared}")
    values = coerce_variables(
        graph.supergraph.api_schema, prepared.operation.variables, case.variables
    )
    if isinstance(values, list):
        return Problem("invalid", f"the variables are refused: {values}")
    plan = graph.planner.plan(prepared.operation, override_labels=case.labels)
    if client is None:
        client = StrictSubgraphs(graph.world, case.seed, case.labels, failing=case.failing)
    result = _run(execute_plan(plan, prepared, values, supergraph=graph.supergraph, client=client))
    expected = graph.world.answer(case.query, case.variables, case.seed, failing=case.failing)
    found = _compare(case, plan, client, result, expected)
    if found is None and case.compiled:
        executor = OperationExecutor(plan, prepared, graph.supergraph)
        found = _compiled_difference(case, executor, values, graph.world, result)
    if found is None:
        return None
    return replace(found, text=f"{found.text}\n{_answers(plan, result, expected)}")


def _compiled_difference(
    case: Case,
    executor: OperationExecutor,
    values: Mapping[str, Any],
    world: World,
    interpreted: ExecutionResult,
) -> Problem | None:
    client = StrictSubgraphs(world, case.seed, case.labels, failing=case.failing)
    answer = _run(
        executor.execute(values, client=client, context=RequestContext(), uses_before_compiling=0)
    )
    data: Any = answer.data
    if not isinstance(answer, ExecutionResult):
        data = json.loads(msgspec.json.encode(answer.data))
        if interpreted.errors:
            return Problem("compiled", f"no errors, interpreted: {interpreted.errors[0]}")
    if json.dumps(data) == json.dumps(interpreted.data):
        return None
    return Problem("compiled", f"compiled code answers {json.dumps(data)}")


_runner: asyncio.Runner | None = None


def _run(coroutine: Coroutine[Any, Any, T]) -> T:
    global _runner  # one loop for all cases: making one takes longer than a case
    if _runner is None:
        _runner = asyncio.Runner()
    return _runner.run(coroutine)


def _answers(plan: QueryPlan, result: ExecutionResult, expected: Answer) -> str:
    return (
        f"{plan}\n"
        f"answered: {json.dumps(result.data)}\n"
        f"expected: {json.dumps(expected.data)}\n"
        f"errors: {json.dumps(result.errors)}\n"
        f"expected errors: {json.dumps(expected.errors)}"
    )


def _compare(
    case: Case,
    plan: QueryPlan,
    client: StrictSubgraphs,
    result: ExecutionResult,
    expected: Answer,
) -> Problem | None:
    if plan.unresolvable:
        return Problem("unresolvable", str(plan.unresolvable))
    if client.violations:
        return Problem("violation", client.violations[0])
    for error in result.errors:
        if error.get("extensions", {}).get("code") == INTERNAL_ERROR:
            return Problem("defect", str(error))
    if case.failing:
        difference = _partial_difference(result, expected, is_voided=client.is_voided)
        return Problem("partial", difference) if difference else None
    if expected.errors:
        return Problem("generator", f"the unsplit schema fails: {expected.errors[0]}")
    if result.errors:
        return Problem("errors", str(result.errors[0]))
    if json.dumps(result.data) != json.dumps(expected.data):
        return Problem("data", "the answers differ")
    # What contexts select of the mutation is read for fields below its root fields, whoever asks.
    read = client.world.read_of_mutations
    if _executed(client.mutations, read) != _executed(expected.mutations, read):
        return Problem("mutations", f"made {client.mutations} instead of {expected.mutations}")
    return None


def _executed(mutations: Sequence[str], read: frozenset[str]) -> list[str]:
    return [text for text in mutations if text.partition(" ")[0] not in read]


def _partial_difference(
    result: ExecutionResult, expected: Answer, *, is_voided: bool
) -> str | None:
    paths = [tuple(error["path"]) for error in result.errors if error.get("path")]
    if any("path" not in error for error in result.errors) or (is_voided and result.errors):
        paths.append(())
    return find_difference(expected.data, result.data, (), paths) or _wrong_null(
        result.data, expected
    )


def _wrong_null(data: Any, expected: Answer) -> str | None:
    """A null that the schema does not allow."""
    if data is None:
        return None
    for path, type_ in expected.types.items():
        found: Any = data
        for part in path:
            if found is None or (isinstance(part, int) and part >= len(found)):
                break
            found = found[part]
        else:
            if found is None and isinstance(type_, GraphQLNonNull):
                return f"{path} is null, but its type is {type_}"
            plain = type_.of_type if isinstance(type_, GraphQLNonNull) else type_
            if (
                isinstance(found, list)
                and isinstance(plain, GraphQLList)
                and isinstance(plain.of_type, GraphQLNonNull)
                and None in found
            ):
                return f"{path} has a null in it, but its type is {type_}"
    return None


def find_difference(
    expected: Any, actual: Any, path: tuple[str | int, ...], errors: list[tuple[str | int, ...]]
) -> str | None:
    """Where a partial answer is wrong: what is there must be right, what is not has an error.

    An error explains a null at its path, above it (a non-null field below failed) and below it
    (an error may stand for all places of a failed call).
    """
    if expected is None or (not isinstance(expected, dict | list) and expected == actual):
        if expected is None and actual is not None:
            return _explained(path, errors, f"{path} is {actual!r} instead of null")
        return None
    if actual is None:
        return _explained(path, errors, f"{path} is null and no error says why")
    if isinstance(expected, dict) and isinstance(actual, dict):
        if list(expected) != list(actual):
            return f"{path} has {list(actual)} instead of {list(expected)}"
        for name, value in expected.items():
            found = find_difference(value, actual[name], (*path, name), errors)
            if found:
                return found
        return None
    if isinstance(expected, list) and isinstance(actual, list) and len(expected) == len(actual):
        for index, value in enumerate(expected):
            found = find_difference(value, actual[index], (*path, index), errors)
            if found:
                return found
        return None
    return f"{path} is {actual!r} instead of {expected!r}"


def _explained(
    path: tuple[str | int, ...], errors: list[tuple[str | int, ...]], problem: str
) -> str | None:
    for error in errors:
        length = min(len(error), len(path))
        if error[:length] == path[:length]:
            return None
    return problem
