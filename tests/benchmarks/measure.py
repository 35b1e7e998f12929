"""How the benchmarks measure: rounds of a fixed number of runs, and the median of the rounds.

Machines are noisy. A round is long enough to average the clock, the median drops the round that
something else disturbed, and the spread is printed so that a reader sees how far to trust it.
"""

from __future__ import annotations

import gc
import os
import platform
import statistics
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

ROUNDS = 5
ROUND_SECONDS = 0.4
"""Aimed-at length of one round."""

TURNS = 40
"""How often each of several things to compare is run, one after the other."""


@dataclass(frozen=True, slots=True)
class Measurement:
    """What one benchmark found: `per_second` operations, `spread` as a part of the median.

    `target_ms` is what one operation may take, where somebody was promised something.
    """

    part: str
    name: str
    per_second: float
    spread: float
    note: str = ""
    target_ms: float | None = None

    @property
    def microseconds(self) -> float:
        """Time of one operation."""
        return 1e6 / self.per_second


async def measure(
    part: str,
    name: str,
    run: Callable[[], Awaitable[object]],
    *,
    operations: int = 1,
    note: str = "",
    target_ms: float | None = None,
) -> Measurement:
    """Repeat `run`, which does `operations` operations each time, and take the median rate."""
    await run()
    started = time.perf_counter()
    await run()
    once = max(time.perf_counter() - started, 1e-7)
    repeats = max(1, int(ROUND_SECONDS / once))
    rates: list[float] = []
    for _ in range(ROUNDS):
        gc.collect()
        started = time.perf_counter()
        for _ in range(repeats):
            await run()
        rates.append(repeats * operations / (time.perf_counter() - started))
    median = statistics.median(rates)
    spread = (max(rates) - min(rates)) / median
    return Measurement(part, name, median, spread, note, target_ms)


async def measure_in_turns(
    part: str, runs: Mapping[str, Callable[[], Awaitable[object]]], *, note: str
) -> list[Measurement]:
    """Measure several things for their ratios: in turns, as machines change their speed.

    The first is what the others are compared with; the notes say how many times its time they take.
    """
    seconds: dict[str, list[float]] = {name: [] for name in runs}
    for turn in range(TURNS + 1):
        for name, run in runs.items():
            gc.collect()
            started = time.perf_counter()
            await run()
            if turn > 0:
                seconds[name].append(time.perf_counter() - started)
    first, *others = runs
    found: list[Measurement] = []
    for name, times in seconds.items():
        median = statistics.median(times)
        low, _, high = statistics.quantiles(times, n=4)
        compared = ""
        if name in others:
            ratios = (a / b for a, b in zip(times, seconds[first], strict=True))
            compared = f"; {statistics.median(ratios):.2f} of {first}"
        spread = (high - low) / median
        found.append(Measurement(part, name, 1 / median, spread, note + compared))
    return found


def machine() -> str:
    """One line on where this ran."""
    return (
        f"{platform.python_implementation()} {platform.python_version()}, {platform.system()} "
        f"{platform.machine()}, {os.cpu_count()} cores"
    )
