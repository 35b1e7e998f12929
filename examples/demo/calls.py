"""How many calls each source received, by the sources' own records.

The two REST sources write an access log, the shop's PostgreSQL logs its statements. What happens in
the background (looking for changes, health checks) is told apart by what it asks for.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from examples.mesh import Mesh

SETTLE_SECONDS = 0.1
"""A source writes its line after the answer; we give it this long."""

_STATEMENT = re.compile(r"^\S+ \S+ \S+ \[\d+\] leser LOG:  (?:statement|execute [^:]*): (.*)$")
_BACKGROUND = (frozenset({"fields", "limit"}), frozenset({"pageSize"}))
"""Parameters of health checks."""


@dataclass(frozen=True, slots=True)
class SourceCalls:
    """Calls that one source received for one entity type, `requests` being one line each."""

    source: str
    entity_type: str
    count: int
    requests: tuple[str, ...]


class CallCounter:
    """Counts the calls from `mark` to `count`."""

    def __init__(self, mesh: Mesh) -> None:
        self._logs = {source: mesh.access_log(source) for source in ("cms", "vendor", "shop")}
        self._marks: dict[str, int] = {}

    async def mark(self) -> None:
        """Count from here."""
        await asyncio.sleep(SETTLE_SECONDS)
        self._marks = {source: _size(log) for source, log in self._logs.items()}

    async def count(self) -> list[SourceCalls]:
        """The calls since the mark, background left out."""
        await asyncio.sleep(SETTLE_SECONDS)
        found: list[SourceCalls] = []
        for source, log in self._logs.items():
            text = await asyncio.to_thread(_read_from, log, self._marks.get(source, 0))
            calls = _statements(text) if source == "shop" else _requests(source, text)
            counts = Counter(entity for entity, _ in calls)
            found += [
                SourceCalls(source, entity, count, tuple(r for e, r in calls if e == entity))
                for entity, count in sorted(counts.items())
            ]
        return found


def _requests(source: str, text: str) -> list[tuple[str, str]]:
    entity = {"cms": "Customer", "vendor": "Product"}[source]
    calls = []
    for line in text.splitlines():
        entry = json.loads(line)
        query = frozenset(entry["query"])
        if "updatedSince" in query or query in _BACKGROUND:
            continue
        asked = "&".join(sorted(query))
        target = entry["path"] + (f"?{asked}" if asked else "")
        calls.append((entity, f"{entry['method']} {target} -> {entry['status']}"))
    return calls


def _statements(text: str) -> list[tuple[str, str]]:
    statements: list[str] = []
    for line in text.splitlines():
        if match := _STATEMENT.match(line):
            statements.append(match[1])
        elif line.startswith("\t") and statements:
            statements[-1] += " " + line.strip()
        elif statements and not line.startswith("\t"):
            statements.append("")
    calls = []
    for statement in map(str.strip, statements):
        if "tbl_rechnung" not in statement or "(r.geaendert_am, r.rech_id) >" in statement:
            continue
        entity = "InvoiceItem" if "tbl_rechnung_pos" in statement else "Invoice"
        shown = re.sub(r"^SELECT .*? FROM ", "SELECT ... FROM ", " ".join(statement.split()))
        calls.append((entity, shown[:90]))
    return calls


def _size(log: Path) -> int:
    return log.stat().st_size if log.exists() else 0


def _read_from(log: Path, offset: int) -> str:
    with log.open("rb") as file:
        file.seek(offset)
        return file.read().decode("utf-8", "replace")
