"""Which files changed, by looking: works on every file system, containers and shares included."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

MAX_FILES = 20_000
"""More than this below one directory is no source code; the rest is not looked at."""

_SUFFIXES = frozenset(
    {".py", ".graphql", ".graphqls", ".gql", ".toml", ".yaml", ".yml", ".json", ".sql"}
)
_LEFT_OUT = frozenset({"__pycache__", "node_modules", "build", "dist", "tests"})

Stamps = dict[Path, tuple[int, int]]
"""By file: when it was changed, in nanoseconds, and its size."""


def stamps(places: Iterable[Path]) -> Stamps:
    """Of each file named, and of each source file below each directory named."""
    found: Stamps = {}
    for place in places:
        for path in _files(place):
            try:
                status = path.stat()
            except OSError:
                continue
            found[path] = (status.st_mtime_ns, status.st_size)
            if len(found) >= MAX_FILES:
                return found
    return found


def _files(place: Path) -> Iterator[Path]:
    if not place.is_dir():
        yield place
        return
    for directory, below, names in os.walk(place):
        below[:] = sorted(n for n in below if n not in _LEFT_OUT and not n.startswith("."))
        for name in names:
            if (path := Path(directory, name)).suffix in _SUFFIXES:
                yield path
