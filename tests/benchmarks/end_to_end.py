"""A whole gateway process on one core, with clients and subgraphs on another."""

from __future__ import annotations

from collections.abc import AsyncIterator

from tests.benchmarks.demo_graph import CHAIN, QUERY, SMALL_QUERY
from tests.benchmarks.loopback import put_load_on, running_mesh
from tests.benchmarks.measure import Measurement

PART = "end to end"
SECONDS = 4.0
LATENCY_MS = 5

CONFIGURATIONS: dict[str, tuple[str, str, dict[str, str], bool]] = {
    "3 fetches, 4 kB": ("compiled, nothing shared", QUERY, {}, True),
    "3 fetches, interpreter": (
        "nothing shared",
        QUERY,
        {"DICTAMESH_GATEWAY__EXECUTOR": "interpreter"},
        True,
    ),
    "1 fetch, 100 bytes": ("compiled, nothing shared", SMALL_QUERY, {}, True),
    "3 fetches, identical": (
        "equal operations shared",
        QUERY,
        {"DICTAMESH_GATEWAY__SHARING__OPERATIONS": "true"},
        False,
    ),
}


async def run() -> AsyncIterator[Measurement]:
    """Yield requests per second of each configuration, then the time of one among slow calls."""
    for name, (kind, query, settings, unique) in CONFIGURATIONS.items():
        with running_mesh(settings=settings) as mesh:
            idle_mb = mesh.rss_mb()
            await put_load_on(mesh.port, query, seconds=1.0, unique=unique)
            before = mesh.cpu_seconds()
            load = await put_load_on(mesh.port, query, seconds=SECONDS, unique=unique)
            used = mesh.cpu_seconds() - before
            note = (
                f"{kind}; p50 {load.p50_ms:.1f} ms, p99 {load.p99_ms:.1f} ms; "
                f"{used / (load.per_second * SECONDS) * 1e6:.0f} µs of CPU each; "
                f"idle {idle_mb:.0f} MB, then {mesh.rss_mb():.0f} MB"
            )
            if load.wrong:
                note = f"{load.wrong} WRONG ANSWERS; {note}"
            yield Measurement(PART, name, load.per_second, 0.0, note)
    with running_mesh(latency_ms=LATENCY_MS) as mesh:
        await put_load_on(mesh.port, QUERY, seconds=1.0, connections=1)
        load = await put_load_on(mesh.port, QUERY, seconds=2.0, connections=1)
        yield Measurement(
            PART,
            f"one client, {LATENCY_MS} ms in every subgraph",
            load.per_second,
            0.0,
            f"p50 {load.p50_ms:.1f} ms for a chain of {CHAIN * LATENCY_MS} ms",
        )
