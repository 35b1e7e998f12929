"""Answers are the same with sharing, batching and compiled code, each alone and all together."""

from __future__ import annotations

import asyncio
import json
import random
from typing import Any

import msgspec
import pytest

from gateway.context import RequestContext
from gateway.executor.compiled.executor import OperationExecutor
from gateway.executor.execute import ExecutionResult
from gateway.operation import coerce_variables, prepare_operation
from gateway.transport.answer import read_body
from gateway.transport.base import SubgraphClient, SubgraphRequest, SubgraphResponse
from gateway.transport.batching import BatchingSubgraphClient
from gateway.transport.dedupe import SharingSubgraphClient
from tests.gateway.executor.shop import SUPERGRAPH, shop
from tests.testkit.queries import RandomQueries
from tests.testkit.subgraphs import answer, planner_of

CALLERS = 3


class Slow:
    """A client whose answers take a few turns of the event loop and come as bytes."""

    def __init__(self, inner: SubgraphClient) -> None:
        self._inner = inner
        self.calls = 0

    async def execute(self, request: SubgraphRequest) -> SubgraphResponse:
        self.calls += 1
        await asyncio.sleep(0.001)
        response = await self._inner.execute(request)
        content = {"data": response.data}
        if response.errors:
            return read_body(
                request.subgraph, json.dumps({**content, "errors": list(response.errors)}).encode()
            )
        body = msgspec.json.encode(content)
        if request.undecoded:
            return SubgraphResponse(None, body=body, is_decoded=False)
        return read_body(request.subgraph, body)

    async def close(self) -> None:
        await self._inner.close()


def wrapped(client: SubgraphClient, *, share: bool, batch: bool) -> SubgraphClient:
    if batch:
        client = BatchingSubgraphClient(client, window_seconds=0.002, max_representations=50)
    return SharingSubgraphClient(client) if share else client


@pytest.mark.parametrize("compiled", [False, True], ids=["interpreted", "compiled"])
@pytest.mark.parametrize(
    ("share", "batch"),
    [(True, False), (False, True), (True, True)],
    ids=["shared", "batched", "shared and batched"],
)
async def test_random_queries_at_once(share: bool, batch: bool, compiled: bool) -> None:
    queries = RandomQueries(SUPERGRAPH.api_schema, random.Random(7), max_fields=20, max_depth=4)
    graph, subgraphs = shop()
    slow = Slow(subgraphs)
    client = wrapped(slow, share=share, batch=batch)
    planner = planner_of(graph)
    uses = 0 if compiled else 1_000_000
    cases: list[tuple[str, OperationExecutor, dict[str, Any], ExecutionResult]] = []
    while len(cases) < 25:
        query = queries.query()
        prepared = prepare_operation(graph.api_schema, query)
        if isinstance(prepared, list):
            continue
        values = coerce_variables(
            graph.api_schema, prepared.operation.variables, dict(queries.variables)
        )
        if isinstance(values, list):
            continue
        alone = await answer(graph, subgraphs, query, dict(queries.variables))
        executor = OperationExecutor(planner.plan(prepared.operation), prepared, graph)
        cases.append((query, executor, values, alone))

    async def ask(case: int) -> None:
        query, executor, values, alone = cases[case]
        result = await executor.execute(
            values, client=client, context=RequestContext(), uses_before_compiling=uses
        )
        errors = result.errors if isinstance(result, ExecutionResult) else []
        assert msgspec.json.encode(result.data) == msgspec.json.encode(alone.data), query
        as_text = sorted(json.dumps(error, sort_keys=True) for error in errors)
        expected = sorted(json.dumps(error, sort_keys=True) for error in alone.errors)
        assert as_text == expected, query

    for case in range(len(cases)):
        await ask(case)
    one_by_one, slow.calls = slow.calls, 0
    await asyncio.gather(*(ask(case) for case in range(len(cases)) for _ in range(CALLERS)))
    # Something was shared, or this test would say nothing.
    assert slow.calls < one_by_one * CALLERS
