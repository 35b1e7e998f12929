"""Many cases: a graph per seed, several operations for each."""

from __future__ import annotations

import json
import traceback
from collections.abc import Iterator
from dataclasses import dataclass, replace

from tests.testkit.random_graphs.case import (
    Case,
    ComposedGraph,
    CompositionFailedError,
    Problem,
    find_problem,
)
from tests.testkit.random_graphs.queries import make_query
from tests.testkit.random_graphs.shrink import crash_kind, shrink
from tests.testkit.random_graphs.split import make_split

CASES_PER_GRAPH = 20
_LABELS = (frozenset[str](), frozenset({"percent(50)", "beta"}), frozenset({"beta"}))


@dataclass(frozen=True)
class Failure:
    """A case that failed; `number` counts within its graph."""

    seed: int
    number: int
    case: Case
    problem: Problem

    def __str__(self) -> str:
        subgraphs = "\n\n".join(f"# {name}\n{sdl}" for name, sdl in self.case.subgraphs.items())
        return (
            f"seed {self.seed}, operation {self.number}: {self.problem.kind}\n\n{subgraphs}\n\n"
            f"{self.case.query}\n"
            f"variables: {json.dumps(self.case.variables)}\n"
            f"data seed: {self.case.seed}, labels: {sorted(self.case.labels)}, "
            f"failing: {self.case.failing}\n\n{self.problem.text}\n"
        )


def run_graph(seed: int, cases: int = CASES_PER_GRAPH) -> Iterator[Failure]:
    """All cases of one graph, with what failed."""
    split = make_split(seed)
    subgraphs, unsplit = split.sdl(), split.unsplit_sdl()
    try:
        graph = ComposedGraph(subgraphs, unsplit)
    except CompositionFailedError as error:
        kind = "composition " + " ".join(sorted(set(error.codes)))
        yield Failure(seed, 0, Case(subgraphs, "", unsplit=unsplit), Problem(kind, str(error)))
        return
    for number in range(cases):
        query, variables = make_query(graph.schema, seed * 1000 + number)
        case = Case(
            subgraphs,
            query,
            variables,
            seed=seed * 1000 + number,
            labels=_LABELS[number % len(_LABELS)],
            failing=number % 5 == 4,
            compiled=number % 5 == 3,
            unsplit=unsplit,
        )
        problem = _problem(case, graph)
        if problem is not None:
            yield Failure(seed, number, case, problem)


def minimal(failure: Failure, *, seconds: float = 30) -> Failure:
    """The failure in its smallest form."""
    if not failure.case.query:
        return failure
    case = shrink(failure.case, failure.problem.kind, seconds=seconds)
    return replace(failure, case=case, problem=_problem(case) or failure.problem)


def _problem(case: Case, graph: ComposedGraph | None = None) -> Problem | None:
    try:
        return find_problem(case, graph)
    except Exception as error:  # a crash is a finding like others
        return Problem(crash_kind(error), traceback.format_exc(limit=-6))
