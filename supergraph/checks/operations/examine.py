"""Hold operations to two graphs: are they still valid, what do they use, what do they cost now?

Thousands of operations take seconds, so they are shared out to processes where the system can fork:
a forked process has both graphs already. Plans are kept in a store; most operations and one of the
two graphs are the same as in the check before.
"""

from __future__ import annotations

import gc
import json
import multiprocessing
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass, field

from graphql import (
    DocumentNode,
    GraphQLError,
    GraphQLSchema,
    NoUnusedFragmentsRule,
    specified_rules,
    validate,
)

from supergraph.checks.beside import processors
from supergraph.checks.operations.documents import MAX_TOKENS
from supergraph.checks.operations.model import KnownOperation
from supergraph.checks.operations.plans import OperationPlanner, PlanFigures, PlannerFactory
from supergraph.checks.operations.touched import touched_coordinates
from supergraph.checks.operations.uses import UseFinder
from supergraph.checks.side import GraphSide
from supergraph.checks.store import Store, code_fingerprint, digest
from supergraph.collection import collection_paused
from supergraph.parsing import parse

_RULES = tuple(rule for rule in specified_rules if rule is not NoUnusedFragmentsRule)
"""A fragment too many hurts nobody, and a recorded document may have some."""

_MIN_PARALLEL = 200
"""Fewer operations than this are examined sooner than processes are started."""

_CHUNKS_PER_PROCESS = 8


@dataclass(frozen=True, slots=True)
class Problem:
    """Why an operation is not valid; `line` and `column` count in its text."""

    message: str
    line: int = 1
    column: int = 1


@dataclass(frozen=True, slots=True)
class Examination:
    """What was found of one operation.

    `problems` are those with the new graph, `had_problems` says whether it had some before.
    `uses` are the coordinates, among those asked for, that it uses of the graph before (or of the
    only one). Plans are there if they were wanted and can differ.
    """

    problems: tuple[Problem, ...] = ()
    had_problems: bool = False
    uses: frozenset[str] = frozenset()
    old_plan: PlanFigures | None = None
    new_plan: PlanFigures | None = None


@dataclass(slots=True)
class Examiner:
    """Examines operations one by one.

    `wanted_uses` None keeps all uses. An operation that uses nothing of `touched` is as valid as it
    was, at the cost it had, and is not looked at further; None has all looked at. Planners are made
    when first needed; `old_plans` and `new_plans` hold what is known.
    """

    new: GraphSide
    old: GraphSide | None = None
    wanted_uses: frozenset[str] | None = None
    touched: frozenset[str] | None = None
    planner: PlannerFactory | None = None
    old_plans: dict[str, PlanFigures] = field(default_factory=dict)
    new_plans: dict[str, PlanFigures] = field(default_factory=dict)
    _planners: dict[int, OperationPlanner] = field(default_factory=dict)
    _finder: UseFinder | None = None

    def examine(self, operation: KnownOperation) -> Examination:
        """Examine one operation."""
        try:
            # Only problems need places, and most operations are not touched.
            without_places = self.touched is not None
            document = parse(operation.text, max_tokens=MAX_TOKENS, no_location=without_places)
        except (GraphQLError, RecursionError) as error:
            said = error.message if isinstance(error, GraphQLError) else "It is nested too deeply."
            return Examination((Problem(said),), had_problems=True)
        if self._finder is None:
            self._finder = UseFinder((self.old or self.new).api_schema)
        found = self._finder.uses(document)
        uses = frozenset(found if self.wanted_uses is None else found & self.wanted_uses)
        if self.old is not None and self.touched is not None and self.touched.isdisjoint(found):
            return Examination(uses=uses)
        if without_places:
            document = parse(operation.text, max_tokens=MAX_TOKENS)
        problems = _problems(self.new.api_schema, document)
        if self.old is None:
            return Examination(
                problems,
                bool(problems),
                uses,
                None,
                self._new_plan(document, operation) if not problems else None,
            )
        had_problems = bool(_problems(self.old.api_schema, document))
        if problems or had_problems or self.planner is None:
            return Examination(problems, had_problems, uses)
        return Examination(
            uses=uses,
            old_plan=self._plan(self.old, document, operation, self.old_plans),
            new_plan=self._new_plan(document, operation),
        )

    def _new_plan(self, document: DocumentNode, operation: KnownOperation) -> PlanFigures | None:
        return self._plan(self.new, document, operation, self.new_plans)

    def _plan(
        self,
        side: GraphSide,
        document: DocumentNode,
        operation: KnownOperation,
        known: dict[str, PlanFigures],
    ) -> PlanFigures | None:
        if side.supergraph is None or self.planner is None:
            return None
        key = plan_key(operation)
        figures = known.get(key)
        if figures is None:
            planner = self._planners.get(id(side))
            if planner is None:
                planner = self._planners[id(side)] = self.planner(side.supergraph)
            figures = known[key] = planner.figures(document, operation.name)
        return figures


def plan_key(operation: KnownOperation) -> str:
    """Under which figures of a plan are kept."""
    return digest([operation.text, operation.name or ""])[:32]


def _problems(schema: GraphQLSchema, document: DocumentNode) -> tuple[Problem, ...]:
    try:
        errors = validate(schema, document, _RULES, max_errors=20)
    except RecursionError:
        return (Problem("It is nested too deeply to be validated."),)
    return tuple(
        Problem(
            error.message,
            error.locations[0].line if error.locations else 1,
            error.locations[0].column if error.locations else 1,
        )
        for error in errors
    )


# --- Many of them --------------------------------------------------------------------------------


def examine_all(
    operations: Sequence[KnownOperation],
    new: GraphSide,
    old: GraphSide | None = None,
    *,
    wanted_uses: frozenset[str] | None = frozenset(),
    planner: PlannerFactory | None = None,
    store: Store | None = None,
) -> list[Examination]:
    """Examine every operation; the results stand in the same order."""
    store = store or Store(None)
    new_key, old_key = _plans_key(new), _plans_key(old)
    new_plans = _kept_plans(store, new_key) if planner is not None else {}
    old_plans = _kept_plans(store, old_key) if planner is not None else {}
    known = len(new_plans), len(old_plans)
    touched = touched_coordinates(old, new) if old is not None else None
    examiner = Examiner(new, old, wanted_uses, touched, planner, old_plans, new_plans)
    processes = processors()
    if len(operations) < _MIN_PARALLEL or processes < 2:
        found = [examiner.examine(operation) for operation in operations]
    else:
        found = _in_processes(operations, examiner, processes)
        for operation, item in zip(operations, found, strict=True):
            _keep(new_plans, operation, item.new_plan)
            _keep(old_plans, operation, item.old_plan)
    if planner is not None:
        if len(new_plans) > known[0]:
            _store_plans(store, new_key, new_plans, operations)
        if len(old_plans) > known[1]:
            _store_plans(store, old_key, old_plans, operations)
    return found


def _keep(
    plans: dict[str, PlanFigures], operation: KnownOperation, plan: PlanFigures | None
) -> None:
    if plan is not None:
        plans[plan_key(operation)] = plan


_examiner: Examiner | None = None
"""In a forked process: what it examines with."""


def _in_processes(
    operations: Sequence[KnownOperation], examiner: Examiner, processes: int
) -> list[Examination]:
    size = max(1, len(operations) // (processes * _CHUNKS_PER_PROCESS))
    chunks = [operations[start : start + size] for start in range(0, len(operations), size)]
    # The children share the parent's memory until someone writes there: a collection would.
    with (
        collection_paused(),
        ProcessPoolExecutor(
            processes, multiprocessing.get_context("fork"), _start, (examiner,)
        ) as pool,
    ):
        return [item for chunk in pool.map(_examine_chunk, chunks) for item in chunk]


def _start(examiner: Examiner) -> None:
    global _examiner
    _examiner = examiner
    gc.disable()


def _examine_chunk(operations: Sequence[KnownOperation]) -> list[Examination]:
    assert _examiner is not None  # noqa: S101 - set by _start
    return [_examiner.examine(operation) for operation in operations]


# --- Plans on disk -------------------------------------------------------------------------------


def _plans_key(side: GraphSide | None) -> str:
    return digest([code_fingerprint(), side.sdl]) if side is not None else ""


def _kept_plans(store: Store, key: str) -> dict[str, PlanFigures]:
    kept = store.get("plans", key) if key else None
    if kept is None:
        return {}
    try:
        return {
            name: PlanFigures(
                item["calls"], item["chain"], tuple(item["unresolvable"]), item["problem"]
            )
            for name, item in json.loads(kept).items()
        }
    except (ValueError, KeyError, TypeError, AttributeError):
        return {}


def _store_plans(
    store: Store,
    key: str,
    plans: Mapping[str, PlanFigures],
    operations: Iterable[KnownOperation],
) -> None:
    """Keep the plans of these operations; those of operations that are gone go."""
    wanted = {plan_key(operation) for operation in operations}
    kept = {name: asdict(item) for name, item in plans.items() if name in wanted}
    if key:
        store.put("plans", key, json.dumps(kept).encode())
