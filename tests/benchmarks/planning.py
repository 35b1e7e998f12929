"""From the text of a new operation to its plan: what a first request waits for.

The targets are those of the project's issue on planning. Everything is cold: the planner has
planned nothing before, and nothing is cached.
"""

from __future__ import annotations

import gc
import time
import tracemalloc
from collections.abc import AsyncIterator

from gateway.operation import prepare_operation
from gateway.planner import PlanningError, QueryPlanner
from supergraph.load import load_supergraph
from supergraph.model import Supergraph
from tests.benchmarks.hostile_queries import hostile_operations
from tests.benchmarks.large_queries import (
    assembly_query,
    assembly_subgraphs,
    chained_query,
    many_fields_query,
    many_subgraphs,
    overlapping_query,
    overlapping_subgraphs,
    wide_query,
)
from tests.benchmarks.measure import Measurement, measure
from tests.testkit.composition import compose_sdl
from tests.testkit.plans import fetches

PART = "gateway"
HOSTILE_RUNS = 3


def text_to_plan(supergraph: Supergraph, query: str) -> str:
    """Prepare and plan a query by a new planner; says what came of it."""
    name = "A" if query.startswith("query A") else None
    prepared = prepare_operation(supergraph.api_schema, query, name)
    if isinstance(prepared, list):
        return str((prepared[0].extensions or {}).get("code"))
    try:
        plan = QueryPlanner(supergraph).plan(prepared.operation)
    except PlanningError as error:
        return error.code
    return f"{len(list(fetches(plan.node)))} fetches"


async def new_operations(demo: tuple[dict[str, str], str]) -> AsyncIterator[Measurement]:
    """Yield a row per operation, and at the end the hostile ones with the worst of them."""
    many = many_subgraphs()
    cases: dict[str, tuple[dict[str, str], str, float | None]] = {
        "the query above": (*demo, 3),
        "overlapping subgraphs": (overlapping_subgraphs(), overlapping_query(), None),
        "deep, 6 overlapping subgraphs": (assembly_subgraphs(), assembly_query(), 100),
        "1,000 fields, 20 subgraphs, nested": (many, many_fields_query(), 150),
        "1,000 fields, 20 subgraphs, flat": (many, wide_query(), 150),
        "1,000 fields, 20 subgraphs, chained": (many, chained_query(), 150),
    }
    for name, (subgraphs, query, target) in cases.items():
        supergraph = load_supergraph(compose_sdl(**subgraphs))
        prepared = prepare_operation(supergraph.api_schema, query)
        if isinstance(prepared, list):
            raise TypeError(f"the benchmark's query is refused: {prepared}")
        operation = prepared.operation

        async def do_plan(
            supergraph: Supergraph = supergraph, wanted: object = operation
        ) -> object:
            return QueryPlanner(supergraph).plan(wanted)  # type: ignore[arg-type]

        async def do_all(supergraph: Supergraph = supergraph, query: str = query) -> object:
            return text_to_plan(supergraph, query)

        note = text_to_plan(supergraph, query)
        yield await measure(PART, f"plan, cold: {name}", do_plan, note=note, target_ms=target)
        yield await measure(PART, f"text to plan, cold: {name}", do_all, note=note)
    async for measurement in _hostile():
        yield measurement


async def _hostile() -> AsyncIterator[Measurement]:
    worst, most = 0.0, 0.0
    graphs: dict[str, Supergraph] = {}
    for name, (subgraphs, query) in hostile_operations().items():
        sdl = compose_sdl(**subgraphs)
        supergraph = graphs.setdefault(sdl, load_supergraph(sdl))
        seconds = []
        outcome = ""
        for _ in range(HOSTILE_RUNS):
            gc.collect()
            started = time.perf_counter()
            outcome = text_to_plan(supergraph, query)
            seconds.append(time.perf_counter() - started)
        tracemalloc.start()
        text_to_plan(supergraph, query)
        megabytes = tracemalloc.get_traced_memory()[1] / 1e6
        tracemalloc.stop()
        best = min(seconds)
        worst, most = max(worst, best), max(most, megabytes)
        note = f"{outcome}; {megabytes:.0f} MB"
        spread = (max(seconds) - best) / best
        yield Measurement(PART, f"hostile: {name}", 1 / best, spread, note)
    note = f"most memory: {most:.0f} MB"
    yield Measurement(PART, "hostile: the worst of them", 1 / worst, 0, note, target_ms=1000)
