"""Writes figures into `docs/benchmarks.md`, each part's table where it stands there."""

from __future__ import annotations

import datetime
import re
from collections.abc import Sequence
from pathlib import Path

from tests.benchmarks.measure import Measurement, machine

PAGE = Path(__file__).parents[2] / "docs" / "benchmarks.md"


def duration(microseconds: float) -> str:
    """A time in the unit that fits."""
    if microseconds < 10_000:
        return f"{microseconds:,.1f} µs"
    return f"{microseconds / 1e3:,.1f} ms" if microseconds < 1e6 else f"{microseconds / 1e6:,.2f} s"


def rate(per_second: float) -> str:
    """Operations per second, with decimals where there are few."""
    return f"{per_second:,.0f}" if per_second >= 10 else f"{per_second:.2f}"


def with_figures(page: str, part: str, found: Sequence[Measurement], when: str) -> str:
    """The page with the table of `part` made anew; the rest stays as it is.

    Raises:
        ValueError: if the page has no place for the part.
    """
    begin, end = f"<!-- figures: {part} -->", "<!-- end of figures -->"
    place = re.compile(f"{re.escape(begin)}\n.*?{re.escape(end)}", re.DOTALL)
    lines = [begin, f"{machine()}; {when}", "", "| what | per second | each | note |"]
    lines.append("|---|---|---|---|")
    lines += [
        f"| {item.name} | {rate(item.per_second)} | {duration(item.microseconds)} | {item.note} |"
        for item in found
    ]
    text, count = place.subn(lambda _: "\n".join([*lines, end]), page)
    if not count:
        raise ValueError(f"{PAGE.name} has no place for the figures of {part}")
    return text


def write_page(part: str, found: Sequence[Measurement]) -> None:
    """Put a part's figures into the page."""
    today = datetime.datetime.now(datetime.UTC).date().isoformat()
    PAGE.write_text(with_figures(PAGE.read_text(), part, found, today))
