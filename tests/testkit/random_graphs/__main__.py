"""`python -m tests.testkit.random_graphs`: as many cases as there is time for.

Runs beside other work (`nice`), in two processes, and prints what failed in its smallest form. The
same seed gives the same cases, whatever the number of processes.
"""

from __future__ import annotations

import os
import signal
import time
from multiprocessing import Pool
from typing import Annotated, NoReturn

import typer

from tests.testkit.random_graphs.run import CASES_PER_GRAPH, Failure, minimal, run_graph

_REPORT_SECONDS = 10


def _run(seed: int) -> list[Failure]:
    return list(run_graph(seed))


def _begin() -> None:
    """Make a process give way to others, and end when it is told to."""
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.nice(10)


def _stop(*_: object) -> NoReturn:
    raise SystemExit(143)


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
    # Leaving the pool ends its processes, also where a signal is the reason.
    signal.signal(signal.SIGTERM, _stop)
    with Pool(processes, initializer=_begin) as pool:
        for found in pool.imap(_run, range(seed, seed + graphs), chunksize=2):
            done += 1
            for failure in found:
                failures += 1
                if failures <= stop_after:
                    typer.echo(str(minimal(failure, seconds=shrink_seconds)))
            if failures >= stop_after:
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
