"""`make bench`: measures the parts one by one and prints a table.

python -m tests.benchmarks [--only gateway] [--json FILE] [--docs]
"""

from __future__ import annotations

import argparse
import asyncio
import json
from dataclasses import asdict
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tests.benchmarks import (
    backends,
    checks,
    composition,
    end_to_end,
    gateway,
    generator,
    memory,
    transport,
)
from tests.benchmarks.measure import Measurement, machine
from tests.benchmarks.page import duration, rate, write_page

PARTS = {
    "composition": composition.run,
    "gateway": gateway.run,
    "transport": transport.run,
    "end-to-end": end_to_end.run,
    "backends": backends.run,
    "memory": memory.run,
    "checks": checks.run,
    "generator": generator.run,
}
LONG = frozenset(("memory",))
"""Measured only when asked for by name."""
ON_PAGE = frozenset(("gateway", "transport", "end-to-end", "memory"))
"""Have a table in docs/benchmarks.md."""


async def _measure(part: str, console: Console) -> list[Measurement]:
    with console.status(f"measuring {part}"):
        return [measurement async for measurement in PARTS[part]()]


def main() -> None:
    """Parse the options, measure, print."""
    parser = argparse.ArgumentParser(prog="make bench", description="Measure the parts apart.")
    parser.add_argument("--only", choices=sorted(PARTS), help="measure this part alone")
    parser.add_argument("--json", type=Path, help="also write the figures to this file")
    parser.add_argument(
        "--docs", action="store_true", help="also write the gateway's figures into its page"
    )
    options = parser.parse_args()
    console = Console()
    table = Table("part", "what", "per second", "each", "target", "spread", "note", title=machine())
    figures: list[dict[str, object]] = []
    for part in [options.only] if options.only else [part for part in PARTS if part not in LONG]:
        found = asyncio.run(_measure(part, console))
        if options.docs and part in ON_PAGE:
            write_page(part, found)
        for item in found:
            figures.append(asdict(item))
            table.add_row(
                item.part,
                item.name,
                rate(item.per_second),
                duration(item.microseconds),
                duration(item.target_ms * 1e3) if item.target_ms else "",
                f"{item.spread:.0%}",
                item.note,
            )
    console.print(table)
    if options.json is not None:
        options.json.write_text(json.dumps({"machine": machine(), "figures": figures}, indent=1))


if __name__ == "__main__":
    main()
