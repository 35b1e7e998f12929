"""Operations, planner and executor, each alone, on a graph shaped like the demo's.

The subgraphs answer from memory without computing, so the executor's figure is the gateway's own
work: representations, merging, projection.
"""

from __future__ import annotations

from collections.abc import AsyncIterator

from gateway.context import RequestContext
from gateway.executor.compiled import compile_plan
from gateway.executor.compiled.run import CompiledExecution
from gateway.executor.entity_cache import EntityCache
from gateway.executor.execute import execute_plan
from gateway.operation import OperationLimits, PreparedOperation, prepare_operation
from gateway.operation.model import Operation
from gateway.planner import QueryPlanner
from subgraph_kit.cache.memory import MemoryCache
from supergraph.load import load_supergraph
from supergraph.model import Supergraph
from tests.benchmarks import repeated
from tests.benchmarks.demo_graph import (
    INVOICES,
    ITEMS,
    QUERY,
    SUBGRAPHS,
    AnsweringBytes,
    AnsweringFromMemory,
    encode,
)
from tests.benchmarks.large_queries import (
    many_fields_query,
    many_subgraphs,
    overlapping_query,
    overlapping_subgraphs,
)
from tests.benchmarks.measure import Measurement, measure
from tests.testkit.composition import compose_sdl
from tests.testkit.plans import fetches

PART = "gateway"


async def run() -> AsyncIterator[Measurement]:
    """Yield the part's measurements."""
    supergraph = load_supergraph(compose_sdl(**SUBGRAPHS))
    limits = OperationLimits()

    def prepare() -> PreparedOperation:
        prepared = prepare_operation(supergraph.api_schema, QUERY, None, limits)
        if isinstance(prepared, list):
            raise TypeError(f"the benchmark's query is refused: {prepared}")
        return prepared

    prepared = prepare()
    planner = QueryPlanner(supergraph)
    plan = planner.plan(prepared.operation)
    client = AnsweringFromMemory()
    from_bytes = AnsweringBytes(client)
    cache = EntityCache(MemoryCache(max_bytes=10_000_000), ttl_seconds=60)

    async def do_prepare() -> object:
        return prepare()

    async def do_plan() -> object:
        return planner.plan(prepared.operation)

    async def do_execute() -> object:
        return await execute_plan(plan, prepared, {"id": "1"}, supergraph=supergraph, client=client)

    compiled = compile_plan(plan, prepared, {"id": "1"}, supergraph)
    context = RequestContext()

    async def do_compile() -> object:
        return compile_plan(plan, prepared, {"id": "1"}, supergraph)

    async def do_interpret_bytes() -> object:
        result = await execute_plan(
            plan, prepared, {"id": "1"}, supergraph=supergraph, client=from_bytes
        )
        return encode(result.data)

    async def do_execute_compiled() -> object:
        execution = CompiledExecution(compiled, {"id": "1"}, client=from_bytes, context=context)
        return encode(await execution.run())

    async def do_execute_cached() -> object:
        return await execute_plan(
            plan,
            prepared,
            {"id": "1"},
            supergraph=supergraph,
            client=client,
            entity_cache=cache,
        )

    entities = f"1 customer, {INVOICES} invoices, {INVOICES * ITEMS} products"
    yield await measure(PART, "parse, validate, normalize", do_prepare, note="not cached")
    yield await measure(PART, "plan", do_plan, note="3 subgraphs, 3 fetches; not cached")
    yield await measure(PART, "execute (interpreter)", do_execute, note=entities)
    in_bytes = f"{entities}; bytes in, bytes out"
    yield await measure(PART, "execute (interpreter), JSON too", do_interpret_bytes, note=in_bytes)
    yield await measure(PART, "execute (compiled), JSON too", do_execute_compiled, note=in_bytes)
    yield await measure(PART, "compile a plan", do_compile, note="once per operation")
    yield await measure(PART, "execute, entities cached", do_execute_cached, note=entities)
    async for measurement in repeated.run(PART):
        yield measurement
    async for measurement in _plan_cold():
        yield measurement


async def _plan_cold() -> AsyncIterator[Measurement]:
    """Planning by a planner that has planned nothing yet: what a first request waits for."""
    hard = {
        "the query above": (SUBGRAPHS, QUERY),
        "overlapping subgraphs": (overlapping_subgraphs(), overlapping_query()),
        "1,000 fields, 20 subgraphs": (many_subgraphs(), many_fields_query()),
    }
    for name, (subgraphs, query) in hard.items():
        supergraph = load_supergraph(compose_sdl(**subgraphs))
        prepared = prepare_operation(supergraph.api_schema, query)
        if isinstance(prepared, list):
            raise TypeError(f"the benchmark's query is refused: {prepared}")
        operation = prepared.operation
        calls = len(list(fetches(QueryPlanner(supergraph).plan(operation).node)))

        async def do_plan(
            supergraph: Supergraph = supergraph, wanted: Operation = operation
        ) -> object:
            return QueryPlanner(supergraph).plan(wanted)

        yield await measure(PART, f"plan, cold: {name}", do_plan, note=f"{calls} fetches")
