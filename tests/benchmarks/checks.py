"""Checks: a large graph with thousands of operations, when nothing is known, and again.

The command runs as a user's CI runs it, in a process of its own each time, start included. Modules
are compiled to bytecode before, as installing a package does it.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from pathlib import Path

from graphql import (
    GraphQLObjectType,
    GraphQLSchema,
    get_named_type,
    is_leaf_type,
    is_required_argument,
)

from supergraph.compose import compose
from supergraph.load import load_supergraph
from supergraph.subgraph.model import SubgraphInput
from tests.benchmarks.large_graph import large_graph
from tests.benchmarks.measure import Measurement

PART = "checks"
OPERATIONS = 5_000


async def run() -> AsyncIterator[Measurement]:
    """Yield the part's measurements."""
    graph = large_graph()
    sdl = compose(graph).supergraph_sdl
    assert sdl is not None
    operations = _operations(load_supergraph(sdl).api_schema)
    with tempfile.TemporaryDirectory(prefix="dmchecks") as name:
        directory = Path(name)
        await _compile_modules(directory)
        _write(directory / "base", graph)
        _write(directory / "new", _changed(graph))
        (directory / "manifest.json").write_text(json.dumps(operations))
        note = f"{len(graph)} subgraphs, {len(operations):,} operations"
        seconds, code = await _check(directory)
        yield Measurement(PART, "all for the first time", 1 / seconds, 0, f"{note}; exit {code}")
        _write(directory / "new", _changed(graph, again=True))
        seconds, code = await _check(directory)
        yield Measurement(PART, "the next change", 1 / seconds, 0, f"the same base; exit {code}")
        seconds, code = await _check(directory)
        yield Measurement(PART, "unchanged input", 1 / seconds, 0, f"from the cache; exit {code}")


async def _compile_modules(directory: Path) -> None:
    """Check something small."""
    for side, sdl in (("base", "type Query { a: Int b: Int }"), ("new", "type Query { a: Int }")):
        _write(directory / side, [SubgraphInput("first", "http://first", sdl)])
    (directory / "manifest.json").write_text(json.dumps({"op": "{ a }"}))
    await _check(directory)


async def _check(directory: Path) -> tuple[float, int]:
    started = time.perf_counter()
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "dictamesh", "supergraph", "check",
        "--base", str(directory / "base" / "supergraph.yaml"),
        "--config", str(directory / "new" / "supergraph.yaml"),
        "--operations", str(directory / "manifest.json"),
        "--cache-dir", str(directory / "cache"),
        "--format", f"json={directory / 'out.json'}",
        "--format", f"sarif={directory / 'out.sarif'}",
        env={
            **os.environ,
            "PYTHONDONTWRITEBYTECODE": "",
            "PYTHONPYCACHEPREFIX": str(directory / "bytecode"),
        },
    )  # fmt: skip
    code = await process.wait()
    if code not in (0, 1):
        raise ValueError(f"the check ended with {code}")
    return time.perf_counter() - started, code


def _write(directory: Path, graph: list[SubgraphInput]) -> None:
    directory.mkdir(exist_ok=True)
    lines = ["subgraphs:"]
    for item in graph:
        (directory / f"{item.name}.graphql").write_text(item.sdl)
        lines.append(
            f"  {item.name}: {{ routing_url: {item.url}, schema: {{ file: {item.name}.graphql }} }}"
        )
    (directory / "supergraph.yaml").write_text("\n".join(lines) + "\n")


def _changed(graph: list[SubgraphInput], *, again: bool = False) -> list[SubgraphInput]:
    """The graph after one team took two fields away and added one."""
    first, *rest = graph
    sdl = first.sdl.replace("type Query {", f"type Query {{\n  added{int(again)}: Int", 1)
    lines = sdl.split("\n")
    gone = [number for number, line in enumerate(lines) if line.startswith("  f4: ")][:2]
    kept = "\n".join(line for number, line in enumerate(lines) if number not in gone)
    return [SubgraphInput(first.name, first.url, kept), *rest]


def _operations(schema: GraphQLSchema) -> dict[str, str]:
    """Operations of some 15 fields over one to three levels, by id."""
    chance = random.Random(5)  # the same every time
    assert schema.query_type is not None
    roots = [name for name in schema.query_type.fields if name.startswith("entity")]
    found = {}
    for number in range(OPERATIONS):
        name = chance.choice(roots)
        target = get_named_type(schema.query_type.fields[name].type)
        assert isinstance(target, GraphQLObjectType)
        body = _selection(target, 2, chance)
        found[f"op{number}"] = f"query Op{number}($id: ID!) {{ {name}(id: $id) {body} }}"
    return found


def _selection(definition: GraphQLObjectType, depth: int, chance: random.Random) -> str:
    names = [
        name
        for name, field in definition.fields.items()
        if not any(is_required_argument(argument) for argument in field.args.values())
    ]
    parts = []
    for name in chance.sample(names, min(6, len(names))):
        target = get_named_type(definition.fields[name].type)
        if is_leaf_type(target):
            parts.append(name)
        elif isinstance(target, GraphQLObjectType) and depth:
            parts.append(f"{name} {_selection(target, depth - 1, chance)}")
    return f"{{ {' '.join(parts) or '__typename'} }}"
