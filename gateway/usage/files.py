"""Usage files: JSON lines that are appended, put aside when they are large, and in the end deleted.

    {"v": 1, "kind": "file", "id": …}
    {"v": 1, "kind": "operation", "hash": …, "name": …, "text": …}
    {"v": 1, "kind": "count", "hash": …, "client": …, "version": …, "count": …, "until": …}

The text of an operation stands in every file in which it is counted, before that; each process
remembers by the file's id which texts it wrote. All workers append to one file, each batch under a
lock and in one write. A batch that was cut off (the disk was full, the machine went down) is cut
away by the next.
"""

from __future__ import annotations

import contextlib
import json
import os
import uuid
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TypeAlias

from gateway.usage.signature import Signature

try:
    import fcntl
except ImportError:  # pragma: no cover - Windows; one process writes there
    fcntl = None  # type: ignore[assignment]

FILE_NAME = "usage.jsonl"
FORMAT_VERSION = 1

Counts: TypeAlias = Mapping[tuple[Signature, str, str | None], int]
"""How often an operation was answered, by operation, client and the client's version."""


class UsageFiles:
    """The usage files of a directory."""

    def __init__(self, directory: Path, *, max_file_bytes: int, max_files: int) -> None:
        self._directory = directory
        self._path = directory / FILE_NAME
        self._max_file_bytes = max_file_bytes
        self._max_files = max_files
        self._written: set[str] = set()
        self._file = b""
        """First line of the file whose texts are in `_written`."""

    def append(self, counts: Counts, until: str) -> None:
        """Write counts down.

        Raises:
            OSError: if they cannot be written; earlier ones stay.
        """
        self._directory.mkdir(parents=True, exist_ok=True)
        with self._locked():
            self._rotate()
            descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o640)
            try:
                size = os.fstat(descriptor).st_size
                end = _end_of_lines(descriptor, size)
                if end != size:
                    os.ftruncate(descriptor, end)
                if end == 0:
                    header = f"{_line(kind='file', id=uuid.uuid4().hex)}\n".encode()
                    end = os.write(descriptor, header)
                # An inode does not tell a file from its successor: it is used again.
                first = os.pread(descriptor, 200, 0).partition(b"\n")[0]
                if first != self._file:
                    self._file, self._written = first, set()
                lines, texts = self._lines(counts, until)
                data = "".join(f"{line}\n" for line in lines).encode()
                if os.write(descriptor, data) < len(data):
                    os.ftruncate(descriptor, end)
                    raise OSError("the file system took a part of it only")
                self._written |= texts
            finally:
                os.close(descriptor)

    def _lines(self, counts: Counts, until: str) -> tuple[list[str], set[str]]:
        lines: list[str] = []
        texts: set[str] = set()
        for (signature, client, version), count in counts.items():
            if signature.hash not in self._written and signature.hash not in texts:
                texts.add(signature.hash)
                lines.append(
                    _line(
                        kind="operation",
                        hash=signature.hash,
                        name=signature.name,
                        text=signature.text,
                    )
                )
            lines.append(
                _line(
                    kind="count",
                    hash=signature.hash,
                    client=client,
                    version=version,
                    count=count,
                    until=until,
                )
            )
        return lines, texts

    def _rotate(self) -> None:
        """Put the file aside if it is full: `usage.jsonl.1` is the youngest of those."""
        with contextlib.suppress(FileNotFoundError):
            if self._path.stat().st_size < self._max_file_bytes:
                return
            aside = [self._directory / f"{FILE_NAME}.{n}" for n in range(1, self._max_files)]
            if not aside:
                self._path.unlink()
                return
            for older, younger in zip(reversed(aside), [*reversed(aside[:-1]), None], strict=True):
                source = younger if younger is not None else self._path
                if source.exists():
                    source.replace(older)

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        if fcntl is None:  # pragma: no cover - see the import
            yield
            return
        with (self._directory / ".usage.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def _line(**members: object) -> str:
    return json.dumps({"v": FORMAT_VERSION, **members}, ensure_ascii=False, separators=(",", ":"))


def _end_of_lines(descriptor: int, size: int) -> int:
    """Where the last whole line ends."""
    position = size
    while position > 0:
        start = max(0, position - 65_536)
        chunk = os.pread(descriptor, position - start, start)
        found = chunk.rfind(b"\n")
        if found >= 0:
            return start + found + 1
        position = start
    return 0
