"""`python -m tests.testkit.random_graphs`: as many cases as there is time for.

Runs beside other work (`nice`), in two processes, and prints what failed in its smallest form. The
same seed gives the same cases, whatever the number of processes.
"""

from __future__ import annotations

import os
import time
from concurrent.futures import ProcessPoolExecutor
from typing import Annotated

import typer

from tests.testkit.random_graphs.run import CASES_PER_GRAPH, Failure, minimal, run_graph

_REPORT_SECONDS = 10


def _run(seed: int) -> list[Failure]:
    return list(run_graph(seed))


def main(
    cases: Annotated[int, typer.Option(help="How many cases to run.")] = 2_000,
    seed: Annotated[int, typer.Option(help="The first graph; each has 20 cases.")] = 0,
    processes: Annotated[int, typer.Option(help="How many to run at once.")] = 2,
    stop_after: Annotated[int, typer.Option(help="Failures to print before giving up.")] = 5,
    shrink_seconds: Annotated[float, typer.Option(help="Time to make a failure small.")] = 30,
) -> None:
    """Compare federated answers on random graphs with those of the unsplit schemas."""
    graphs = -(-cases // CASES_PER_GRAPH)
    failures = done = 0
    started = reported = time.monotonic()
    with ProcessPoolExecutor(processes, initializer=os.nice, initargs=(10,)) as pool:
        for found in pool.map(_run, range(seed, seed + graphs), chunksize=4):
            done += 1
            for failure in found:
                failures += 1
                if failures <= stop_after:
                    typer.echo(str(minimal(failure, seconds=shrink_seconds)))
            if failures >= stop_after:
                pool.shutdown(wait=False, cancel_futures=True)
                break
            if time.monotonic() - reported > _REPORT_SECONDS:
                reported = time.monotonic()
                rate = done * CASES_PER_GRAPH / (reported - started)
                typer.echo(
                    f"{done * CASES_PER_GRAPH:,} of {cases:,} cases, "
                    f"{failures} failed, {rate:.0f} a second",
                    err=True,
                )
    typer.echo(
        f"{done * CASES_PER_GRAPH:,} cases on {done:,} graphs, seeds {seed} to {seed + done - 1}: "
        f"{failures} failed, {time.monotonic() - started:.0f} s"
    )
    raise typer.Exit(1 if failures else 0)


if __name__ == "__main__":
    typer.run(main)
