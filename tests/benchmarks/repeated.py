"""What repetition costs: many references to one entity beside as many to different ones.

And what it costs to look for repetition where there is none: different entities once more, with
code that never looks.
"""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace

import msgspec

from gateway.context import RequestContext
from gateway.executor.compiled import compile_plan
from gateway.executor.compiled.run import CompiledExecution
from gateway.executor.compiled.sharing import SHARE_FROM_BYTES
from gateway.operation import prepare_operation
from gateway.planner import QueryPlanner
from gateway.transport.base import SubgraphRequest, SubgraphResponse
from gateway.transport.request_body import encode_request_body
from supergraph.load import load_supergraph
from tests.benchmarks.measure import Measurement, measure_in_turns
from tests.testkit.composition import compose_sdl

REFERENCES = 10_000
QUERY = "{ lines { product { id name price stock } } }"
SUBGRAPHS = {
    "orders": """
        type Query { lines: [Line!]! }
        type Line { product: Product! }
        type Product @key(fields: "id", resolvable: false) { id: ID! }
    """,
    "products": """
        type Product @key(fields: "id") { id: ID! name: String! price: Float! stock: Int! }
    """,
}


class Answers:
    """Both subgraphs; the orders' lines have `distinct` products in turn."""

    def __init__(self, distinct: int) -> None:
        self.bytes_sent = 0
        ids = [str(100_000 + number % distinct) for number in range(REFERENCES)]
        lines = [{"product": {"__typename": "Product", "id": id_}} for id_ in ids]
        self._lines = msgspec.json.encode({"data": {"lines": lines}})
        self._products = b""

    async def execute(self, request: SubgraphRequest) -> SubgraphResponse:
        """Answer as bytes from a network would; the request is written, as for a network."""
        self.bytes_sent += len(encode_request_body(request))
        body = self._lines
        if request.subgraph == "products":
            if not self._products:
                entities = [
                    {"name": f"Product {item['id']}", "price": 9.5, "stock": 3}
                    for item in request.variables["representations"]
                ]
                self._products = msgspec.json.encode({"data": {"_entities": entities}})
            body = self._products
        return SubgraphResponse(None, body=body, is_decoded=False)

    async def close(self) -> None:
        """Nothing to release."""


async def run(part: str) -> AsyncIterator[Measurement]:
    """Yield one measurement for different entities and one for the same one."""
    supergraph = load_supergraph(compose_sdl(**SUBGRAPHS))
    prepared = prepare_operation(supergraph.api_schema, QUERY)
    if isinstance(prepared, list):
        raise TypeError(f"the benchmark's query is refused: {prepared}")
    plan = QueryPlanner(supergraph).plan(prepared.operation)

    def execution(distinct: int, *, looks_for_repetition: bool) -> Callable[[], Awaitable[object]]:
        from_bytes = SHARE_FROM_BYTES if looks_for_repetition else sys.maxsize
        compiled = compile_plan(plan, prepared, {}, supergraph, share_from_bytes=from_bytes)
        client = Answers(distinct)

        async def execute() -> object:
            execution = CompiledExecution(compiled, {}, client=client, context=RequestContext())
            return msgspec.json.encode(await execution.run())

        return execute

    runs = {
        "different entities": execution(REFERENCES, looks_for_repetition=True),
        "the same, repetition never looked for": execution(REFERENCES, looks_for_repetition=False),
        "references to one entity": execution(1, looks_for_repetition=True),
    }
    for found in await measure_in_turns(part, runs, note="compiled, JSON too"):
        yield replace(found, name=f"{REFERENCES:,} {found.name}")
