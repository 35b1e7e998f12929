"""Results kept on disk: what was computed from the same input by the same code is not again.

Every entry is a file named by a digest of all that its content depends on, so an entry is never
wrong, only unused; the least recently used go. A store that cannot be read or written costs time,
nothing else.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import tempfile
from collections.abc import Iterable
from functools import cache
from pathlib import Path

MAX_ENTRIES = 400
MAX_BYTES = 500_000_000
"""Of all entries together; a large graph's supergraph and figures have some 10 MB."""


class Store:
    """A directory of entries; `Store(None)` keeps nothing."""

    def __init__(self, directory: Path | None) -> None:
        self._directory = directory

    def get(self, kind: str, key: str) -> bytes | None:
        """The content of an entry, or None."""
        if self._directory is None:
            return None
        path = self._path(kind, key)
        try:
            content = path.read_bytes()
            os.utime(path)  # used just now
        except OSError:
            return None
        return content

    def put(self, kind: str, key: str, content: bytes) -> None:
        """Keep an entry; readers never see half of it."""
        if self._directory is None:
            return
        try:
            self._directory.mkdir(parents=True, exist_ok=True)
            descriptor, temporary = tempfile.mkstemp(dir=self._directory, prefix=".")
        except OSError:
            return
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
            Path(temporary).replace(self._path(kind, key))
        except OSError:
            Path(temporary).unlink(missing_ok=True)
            return
        self._shrink()

    def _path(self, kind: str, key: str) -> Path:
        assert self._directory is not None  # noqa: S101 - callers looked
        return self._directory / f"{kind}-{key}"

    def _shrink(self) -> None:
        assert self._directory is not None  # noqa: S101 - callers looked
        found = []
        for path in self._directory.iterdir():
            with contextlib.suppress(OSError):
                status = path.stat()
                found.append((status.st_mtime_ns, status.st_size, path))
        total = sum(size for _, size, _ in found)
        count = len(found)
        for _, size, path in sorted(found):
            if count <= MAX_ENTRIES and total <= MAX_BYTES:
                break
            with contextlib.suppress(OSError):
                path.unlink()
            count -= 1
            total -= size


def digest(parts: Iterable[str | bytes]) -> str:
    """A digest of texts that differs wherever they or their borders do."""
    found = hashlib.sha256()
    for part in parts:
        data = part.encode("utf-8", "surrogatepass") if isinstance(part, str) else part
        found.update(len(data).to_bytes(8, "big"))
        found.update(data)
    return found.hexdigest()


@cache
def code_fingerprint() -> str:
    """Changes whenever the code does that computes what is kept, release or not."""
    root = Path(__file__).resolve().parents[2]
    parts = []
    for package in ("supergraph", "gateway"):
        for path in sorted((root / package).rglob("*.py")):
            status = path.stat()
            parts.append(f"{path.relative_to(root)} {status.st_size} {status.st_mtime_ns}")
    return digest(parts)


def default_directory() -> Path:
    """Where entries are kept if nothing else is said: the user's cache directory."""
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "dictamesh" / "checks"
