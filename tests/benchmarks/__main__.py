"""`make bench`: measures the parts one by one and prints a table.

python -m tests.benchmarks [--only gateway] [--json FILE] [--markdown FILE]
"""

from __future__ import annotations

import argparse
import asyncio
import json
from dataclasses import asdict
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tests.benchmarks import backends, composition, end_to_end, gateway, memory, transport
from tests.benchmarks.measure import Measurement, machine

PARTS = {
    "composition": composition.run,
    "gateway": gateway.run,
    "transport": transport.run,
    "end-to-end": end_to_end.run,
    "backends": backends.run,
    "memory": memory.run,
}
LONG = frozenset(("memory",))
"""Measured only when asked for by name."""


async def _measure(parts: list[str], console: Console) -> list[Measurement]:
    found: list[Measurement] = []
    for part in parts:
        with console.status(f"measuring {part}"):
            found += [measurement async for measurement in PARTS[part]()]
    return found


def _duration(microseconds: float) -> str:
    if microseconds < 10_000:
        return f"{microseconds:,.1f} µs"
    return f"{microseconds / 1e3:,.1f} ms" if microseconds < 1e6 else f"{microseconds / 1e6:,.2f} s"


def _markdown(found: list[Measurement]) -> str:
    lines = [
        f"{machine()}",
        "",
        "| part | what | per second | each | note |",
        "|---|---|---|---|---|",
    ]
    for item in found:
        rate = f"{item.per_second:,.0f}" if item.per_second >= 10 else f"{item.per_second:.2f}"
        each = _duration(item.microseconds)
        lines.append(f"| {item.part} | {item.name} | {rate} | {each} | {item.note} |")
    return "\n".join(lines) + "\n"


def main() -> None:
    """Parse the options, measure, print."""
    parser = argparse.ArgumentParser(prog="make bench", description="Measure the parts apart.")
    parser.add_argument("--only", choices=sorted(PARTS), help="measure this part alone")
    parser.add_argument("--json", type=Path, help="also write the figures to this file")
    parser.add_argument("--markdown", type=Path, help="also write the table to this file")
    options = parser.parse_args()
    console = Console()
    parts = [options.only] if options.only else [part for part in PARTS if part not in LONG]
    found = asyncio.run(_measure(parts, console))
    table = Table("part", "what", "per second", "each", "spread", "note", title=machine())
    for item in found:
        table.add_row(
            item.part,
            item.name,
            f"{item.per_second:,.0f}" if item.per_second >= 10 else f"{item.per_second:.2f}",
            _duration(item.microseconds),
            f"{item.spread:.0%}",
            item.note,
        )
    console.print(table)
    if options.markdown is not None:
        options.markdown.write_text(_markdown(found))
    if options.json is not None:
        figures = [asdict(item) for item in found]
        options.json.write_text(json.dumps({"machine": machine(), "figures": figures}, indent=1))


if __name__ == "__main__":
    main()
