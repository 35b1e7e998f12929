"""`make profile`: where a gateway under load spends its time, by module and by function.

A sampling profiler (py-spy) starts the gateway and looks at it from outside, so that what is seen
is what runs in production.
"""

from __future__ import annotations

import argparse
import asyncio
import re
import sys
import tempfile
from collections import Counter
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tests.benchmarks.demo_graph import QUERY, SMALL_QUERY
from tests.benchmarks.loopback import put_load_on, running_mesh

_FRAME = re.compile(r"(?P<function>.*) \((?P<file>[^():]+)(:\d+)?\)$")
_IDLE = "concurrent/futures/thread.py"
"""Threads that wait for work are seen, too."""


def summarize(stacks: str) -> tuple[Counter[str], Counter[str]]:
    """Count samples by module and by function of the innermost frame.

    `stacks` has one line per distinct stack: frames joined by semicolons, then a count.
    """
    modules: Counter[str] = Counter()
    functions: Counter[str] = Counter()
    for line in stacks.splitlines():
        stack, _, count = line.rpartition(" ")
        match = _FRAME.match(stack.rpartition(";")[2])
        if match is None or match["file"].endswith(_IDLE):
            continue
        file = match["file"].rpartition("site-packages/")[2]
        file = file.removeprefix(f"{Path.cwd()}/")
        modules[file] += int(count)
        functions[f"{match['function']}  {file}"] += int(count)
    return modules, functions


def main() -> None:
    """Run, sample, print."""
    parser = argparse.ArgumentParser(prog="make profile", description=__doc__)
    parser.add_argument("--seconds", type=float, default=10.0, help="length of the load")
    parser.add_argument("--small", action="store_true", help="one fetch instead of three")
    parser.add_argument("--raw", type=Path, help="keep the sampled stacks in this file")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        raw = options.raw or Path(directory, "stacks.txt")
        spy = ("py-spy", "record", "--format", "raw", "--rate", "200", "--output", str(raw))
        command = (str(Path(sys.executable).with_name("py-spy")), *spy[1:], "--", sys.executable)
        with running_mesh(command=(*command, "-m", "dictamesh")) as mesh:
            query = SMALL_QUERY if options.small else QUERY
            load = asyncio.run(put_load_on(mesh.port, query, seconds=options.seconds))
        modules, functions = summarize(raw.read_text())
    total = sum(modules.values()) or 1
    console = Console()
    console.print(f"{load.per_second:,.0f} requests/s while watched, p50 {load.p50_ms:.1f} ms")
    for title, counts in (("module", modules), ("function", functions)):
        table = Table(title, "of the time")
        for name, count in counts.most_common(25):
            table.add_row(name, f"{count / total:.1%}")
        console.print(table)


if __name__ == "__main__":
    main()
