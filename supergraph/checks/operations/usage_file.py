"""Usage files that the gateway writes: one JSON object a line.

    {"v": 1, "kind": "file", "id": …}
    {"v": 1, "kind": "operation", "hash": …, "name": …, "text": …}
    {"v": 1, "kind": "count", "hash": …, "client": …, "version": …, "count": …, "until": …}

An operation's text stands before its first count, in every file. The last line of a file may be
cut off where a gateway was ended while it wrote; any other line that is not as above is an error.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from supergraph.checks.errors import CheckInputError
from supergraph.checks.finding import Client
from supergraph.checks.operations.model import KnownOperation
from supergraph.checks.operations.raw import RecordedFile
from supergraph.source_parts import SourcePart

VERSION = 1


def read_usage(files: Sequence[RecordedFile]) -> list[KnownOperation]:
    """The operations of usage files, each once, with how often which client sent it.

    Raises:
        CheckInputError: if a file is no usage file, or none has an operation.
    """
    texts: dict[str, tuple[str, str | None, str, int]] = {}
    counts: dict[tuple[str, str, str | None], int] = {}
    for file in files:
        lines = file.text().split("\n")
        for number, line in enumerate(lines, 1):
            if not line.strip():
                continue
            record = _record(line)
            if record is None:
                if number == len(lines):
                    continue  # cut off: no line end follows
                raise CheckInputError(f"{file.name}:{number}: this is no line of a usage file.")
            if record["v"] != VERSION:
                raise CheckInputError(
                    f"{file.name}:{number}: version {record['v']!r} of usage files is not known; "
                    f"version {VERSION} is."
                )
            if record["kind"] == "file":
                continue
            key = record["hash"]
            if record["kind"] == "operation":
                texts.setdefault(key, (record["text"], record.get("name"), file.name, number))
            else:
                client = record.get("client") or file.client or "unknown client"
                at = (key, client, record.get("version"))
                counts[at] = counts.get(at, 0) + record["count"]
    if not texts:
        raise CheckInputError(f"{files[0].name}: no operation was recorded yet.")
    clients: dict[str, list[Client]] = {}
    for (key, client, version), count in sorted(counts.items(), key=lambda item: -item[1]):
        clients.setdefault(key, []).append(Client(client, version, count))
    return [
        KnownOperation(
            key,
            name,
            text,
            tuple(SourcePart(n, file, line) for n in range(1, text.count("\n") + 2)),
            tuple(clients.get(key, ())),
        )
        for key, (text, name, file, line) in texts.items()
    ]


def _record(line: str) -> dict[str, Any] | None:
    """The object of a line, if it has the members that its kind must have."""
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        return None
    if not isinstance(found, dict) or "v" not in found:
        return None
    if found.get("kind") == "file":
        return found
    if not isinstance(found.get("hash"), str):
        return None
    if found.get("kind") == "operation" and isinstance(found.get("text"), str):
        return found
    count = found.get("count")
    if found.get("kind") == "count" and isinstance(count, int) and count >= 0:
        return found
    return None
