"""Composition: the demo, a large generated graph, that graph again after a change, and doubled.

Where Node.js is there and `npm ci` was run in tools/composition-bench, `@apollo/composition`
composes the same text in the same run, and the notes say how the two compare: the fastest round of
each, which is the one that other work on the machine disturbed least (and for the reference one
after its compiler has warmed up).
"""

from __future__ import annotations

import asyncio
import gc
import json
import shutil
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import asdict, replace
from pathlib import Path

from examples.customers.adapter import CustomerAdapter
from examples.customers.subgraph import build_app as build_customers
from examples.invoices.adapter import InvoiceAdapter, InvoiceItemAdapter
from examples.invoices.subgraph import build_app as build_invoices
from examples.products.adapter import ProductAdapter
from examples.products.subgraph import build_app as build_products
from subgraph_kit.sources.rest import RestSource
from subgraph_kit.sources.sql import SqlSource
from supergraph.cache import CompositionCache
from supergraph.compose import CompositionResult, compose
from supergraph.load import load_supergraph
from supergraph.query_graph import build_query_graph
from supergraph.subgraph.model import SubgraphInput
from tests.benchmarks.large_graph import large_graph
from tests.benchmarks.measure import Measurement, measure

PART = "composition"
SUBGRAPHS, TYPES, FIELDS = 100, 2_000, 20_000
ROUNDS = 3
_REFERENCE = Path(__file__).resolve().parents[2] / "tools" / "composition-bench"


async def run() -> AsyncIterator[Measurement]:
    """Yield the part's measurements."""
    demo = _demo()

    async def compose_demo() -> object:
        return _sdl(compose(demo))

    yield await measure(PART, "the demo", compose_demo, note="3 subgraphs; satisfiability included")
    small, large, double = (_graph(scale) for scale in (0.5, 1, 2))
    reference = await _reference_seconds(large)
    for name, graph in (("half of it", small), ("large graph", large), ("twice of it", double)):
        compared = reference if graph is large else None
        yield _measure_once(name, _composing(graph), _described(graph), compared)
    cache = CompositionCache()
    compose(large, cache=cache)
    numbers = iter(range(ROUNDS + 1))
    yield _measure_once(
        "large graph, one changed",
        lambda: _sdl(compose(_changed(large, next(numbers)), cache=cache)),
        "with a CompositionCache",
        reference,
    )
    sdl = _sdl(compose(large))
    yield _measure_once("load its supergraph", lambda: load_supergraph(sdl), f"{len(sdl):,} bytes")
    supergraph = load_supergraph(sdl)
    yield _measure_once(
        "walk its query graph", lambda: build_query_graph(supergraph).all_nodes(), "every edge made"
    )


def _demo() -> list[SubgraphInput]:
    shop = SqlSource("ecommerce", "postgresql://reader@shop/shop")
    apps = {
        "customers": build_customers(CustomerAdapter(RestSource("directus", "http://cms"))),
        "products": build_products(ProductAdapter(RestSource("thirdparty", "http://vendor"))),
        "invoices": build_invoices(InvoiceAdapter(shop), InvoiceItemAdapter(shop)),
    }
    return [SubgraphInput(name, f"http://{name}/graphql", app.sdl()) for name, app in apps.items()]


def _graph(scale: float) -> list[SubgraphInput]:
    return large_graph(int(SUBGRAPHS * scale), int(TYPES * scale), int(FIELDS * scale))


def _described(graph: Sequence[SubgraphInput]) -> str:
    scale = len(graph) / SUBGRAPHS
    return f"{len(graph)} subgraphs, {TYPES * scale:,.0f} types, {FIELDS * scale:,.0f} fields"


def _changed(graph: Sequence[SubgraphInput], number: int) -> list[SubgraphInput]:
    """The graph after one team added a field."""
    first, *rest = graph
    sdl = first.sdl.replace("type Query {", f"type Query {{\n  added{number}: Int", 1)
    return [replace(first, sdl=sdl), *rest]


def _composing(graph: Sequence[SubgraphInput]) -> Callable[[], object]:
    return lambda: _sdl(compose(graph))


def _sdl(result: CompositionResult) -> str:
    if result.supergraph_sdl is None:
        raise ValueError(f"the benchmark's graph does not compose: {result.errors[0]}")
    return result.supergraph_sdl


def _measure_once(
    name: str, work: Callable[[], object], note: str, reference: float | None = None
) -> Measurement:
    """Few rounds of one run each: for work of seconds."""
    rounds = []
    for _ in range(ROUNDS):
        gc.collect()
        started = time.perf_counter()
        work()
        rounds.append(time.perf_counter() - started)
    median = statistics.median(rounds)
    if reference is not None:
        ratio = min(rounds) / reference
        note += f"; @apollo/composition {reference:.2f} s, ratio {ratio:.2f}"
    return Measurement(PART, name, 1 / median, (max(rounds) - min(rounds)) / median, note)


async def _reference_seconds(graph: Sequence[SubgraphInput]) -> float | None:
    """The reference's fastest round, or None where it is not installed."""
    node = shutil.which("node")
    if node is None or not (_REFERENCE / "node_modules").is_dir():
        return None
    with tempfile.TemporaryDirectory(prefix="dmbench") as directory:
        file = Path(directory) / "subgraphs.json"
        file.write_text(json.dumps([asdict(item) for item in graph]))
        process = await asyncio.create_subprocess_exec(
            node,
            str(_REFERENCE / "compose.mjs"),
            str(file),
            str(ROUNDS),
            stdout=asyncio.subprocess.PIPE,
        )
        output, _ = await process.communicate()
    found = json.loads(output)
    if found["errors"]:
        raise ValueError(f"the reference finds {found['errors']} errors in the benchmark's graph")
    return float(min(found["seconds"]))
