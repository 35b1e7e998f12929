"""Metrics of all workers, whichever of them is asked.

A scrape reaches any one of the processes that share a port; its numbers alone would jump from
scrape to scrape. Each worker writes its metrics to a file of its own every second, and whoever is
asked puts all of them together, each sample with the label `worker`.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from pathlib import Path

_WRITE_SECONDS = 1.0
_SUFFIX = ".prom"


class WorkerMetrics:
    """One worker's file in a directory that all workers share."""

    def __init__(self, directory: Path, number: int, render: Callable[[], bytes]) -> None:
        self._directory = directory
        self._file = directory / f"{number}{_SUFFIX}"
        self._render = render

    async def keep_written(self) -> None:
        """Write the file again and again, until cancelled."""
        while True:
            self.write()
            await asyncio.sleep(_WRITE_SECONDS)

    def write(self) -> bytes:
        """Write this worker's metrics and return them."""
        text = self._render()
        draft = self._file.with_suffix(".draft")
        # A full or vanished directory makes metrics old, nothing else.
        with contextlib.suppress(OSError):
            draft.write_bytes(text)
            draft.replace(self._file)
        return text

    def of_all(self) -> bytes:
        """This worker's metrics as they are now, the others' as they wrote them last."""
        texts = {self._file.stem: self.write()}
        for file in sorted(self._directory.glob(f"*{_SUFFIX}")):
            with contextlib.suppress(OSError):
                texts.setdefault(file.stem, file.read_bytes())
        return merge(texts)


def merge(texts: dict[str, bytes]) -> bytes:
    """Put metrics in Prometheus' text format together, by worker.

    Every sample gets the label `worker`; a metric's samples of all workers stand under one header,
    as the format wants it.
    """
    families: dict[str, tuple[list[str], list[str]]] = {}
    for worker, text in sorted(texts.items()):
        header: list[str] = []
        samples: list[str] = []
        name = ""
        for line in text.decode().splitlines():
            if line.startswith("# "):
                _, kind, metric, *_ = line.split(" ", 3)
                if metric != name:
                    name = metric
                    header, samples = families.setdefault(name, ([], []))
                prefix = f"# {kind} {metric}"
                if not any(known.startswith(prefix) for known in header):
                    header.append(line)
            elif line:
                samples.append(_labelled(line, worker))
    lines = [line for header, samples in families.values() for line in (*header, *samples)]
    return "\n".join(lines).encode() + b"\n"


def _labelled(sample: str, worker: str) -> str:
    name, brace, rest = sample.partition("{")
    if brace:
        return f'{name}{{worker="{worker}",{rest}'
    name, _, value = sample.partition(" ")
    return f'{name}{{worker="{worker}"}} {value}'
