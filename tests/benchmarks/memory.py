"""Resident memory of a gateway process: under load for minutes, and over many supergraphs.

Not a part of a plain `make bench`: it takes as long as it says (`--minutes`, `--swaps`).
"""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import AsyncIterator

import httpx

from tests.benchmarks.demo_graph import QUERY
from tests.benchmarks.loopback import Mesh, put_load_on, running_mesh
from tests.benchmarks.measure import Measurement

PART = "memory"
_LOADS = 'gateway_supergraph_loads_total{outcome="ok"}'
_SWAP_SECONDS = 10.0


async def run(minutes: float = 5.0, swaps: int = 1_000) -> AsyncIterator[Measurement]:
    """Yield what memory was after the first minute and the last, and after the swaps."""
    with running_mesh() as mesh:
        started = time.monotonic()
        await _load_for(mesh, min(60.0, minutes * 30))
        early = mesh.rss_mb()
        requests = await _load_for(mesh, minutes * 60 - (time.monotonic() - started))
        late = mesh.rss_mb()
        note = f"{early:.1f} MB, then {late:.1f} MB: {late / early - 1:+.1%}"
        rate = requests / max(time.monotonic() - started, 1e-9)
        yield Measurement(PART, f"{minutes:g} minutes under load", rate, 0.0, note)
    with running_mesh() as mesh:
        first, sdl = mesh.rss_mb(), mesh.supergraph.read_text()
        await put_load_on(mesh.port, QUERY, seconds=1.0, connections=5)
        started = time.monotonic()
        settled = first
        for number in range(swaps):
            mesh.supergraph.write_text(f"{sdl}\n# {number}\n")
            await _swapped(mesh, number + 2)
            await put_load_on(mesh.port, QUERY, seconds=0.02, connections=2)
            if number == swaps // 20:
                settled = mesh.rss_mb()
        late = mesh.rss_mb()
        note = (
            f"{first:.1f} MB idle, {settled:.1f} MB after {swaps // 20 + 1}, {late:.1f} MB at the "
            f"end: {late / settled - 1:+.1%}"
        )
        rate = swaps / (time.monotonic() - started)
        yield Measurement(PART, f"{swaps:,} supergraph swaps", rate, 0.0, note)


async def _load_for(mesh: Mesh, seconds: float) -> int:
    load = await put_load_on(mesh.port, QUERY, seconds=max(seconds, 0.5), connections=20)
    return int(load.per_second * seconds)


async def _swapped(mesh: Mesh, loads: int) -> None:
    mesh.process.send_signal(signal.SIGHUP)
    until = time.monotonic() + _SWAP_SECONDS
    async with httpx.AsyncClient() as client:
        while True:
            text = (await client.get(mesh.url.replace("/graphql", "/metrics"))).text
            counted = [line.split()[-1] for line in text.splitlines() if line.startswith(_LOADS)]
            if counted and float(counted[0]) >= loads:
                return
            if time.monotonic() > until:
                raise TimeoutError(f"supergraph {loads} was not loaded")
            await asyncio.sleep(0.01)
