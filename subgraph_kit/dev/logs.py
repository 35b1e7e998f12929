"""What the processes write, line by line as it comes, each with the name of its writer."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

MAX_READ_BYTES = 256 * 1024
"""At one look, of one log: a process that floods its log does not stall the others."""

MAX_LINE_CHARACTERS = 2_000


class LogFollower:
    """Reads what is appended to logs from now on."""

    def __init__(self) -> None:
        self._positions: dict[Path, int] = {}
        self._rests: dict[Path, bytes] = {}

    def follow(self, log: Path) -> None:
        """Begin at the present end of `log`, unless it is followed already."""
        if log not in self._positions:
            self._positions[log] = log.stat().st_size if log.exists() else 0

    def new_lines(self, log: Path) -> Iterator[str]:
        """The whole lines that were appended since the last call."""
        position = self._positions[log]
        try:
            with log.open("rb") as file:
                if log.stat().st_size < position:
                    position = 0  # somebody cut the log
                file.seek(position)
                read = file.read(MAX_READ_BYTES)
        except OSError:
            return
        self._positions[log] = position + len(read)
        *lines, rest = (self._rests.get(log, b"") + read).split(b"\n")
        self._rests[log] = rest[-MAX_READ_BYTES:]
        for line in lines:
            yield line.decode("utf-8", "replace").rstrip()[:MAX_LINE_CHARACTERS]
