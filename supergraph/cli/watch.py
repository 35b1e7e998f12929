"""Composing again at each change, for whoever edits a schema beside a running gateway.

Files are looked at twice a second: that works on every file system, network shares and containers
included, where notifications do not. Several changes in a row (a checkout, an editor that writes in
steps) are one change. Whatever goes wrong is reported and the watch goes on; the file written last
stays as it is until something composes again.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import typer

from supergraph.cache import CompositionCache
from supergraph.cli.common import DEFAULT_CONFIG, fail, problems_json, replace_file
from supergraph.cli.report import Format, note, report_result, summary
from supergraph.compose import compose
from supergraph.config import ConfigError, SubgraphConfig, load_configs
from supergraph.subgraph.model import SubgraphInput
from supergraph.subgraph_sources import matching_files, read_subgraphs

LOOK_SECONDS = 0.5

Stamp = tuple[int, int, int] | None
"""Of a file: time of the last change in nanoseconds, size, inode; None if there is none."""


def watch(configs: list[Path] | None, out: Path, format: Format, poll_seconds: float) -> None:
    """Compose at each change until Ctrl-C."""
    paths = configs or [DEFAULT_CONFIG]
    missing = [str(path) for path in paths if not path.exists()]
    if missing:
        fail([f"{name}: there is no such file to watch." for name in missing], format)
    watcher = Watcher(paths, out, format, poll_seconds)
    try:
        watcher.run()
    except KeyboardInterrupt:
        note("Stopped watching.")


@dataclass(slots=True)
class Watcher:
    """One watch. `clock` and `sleep` count seconds and are given by tests."""

    configs: list[Path]
    out: Path
    format: Format
    poll_seconds: float
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    _cache: CompositionCache = field(default_factory=CompositionCache)
    _sources: tuple[SubgraphConfig, ...] = ()
    _last: list[SubgraphInput] | list[str] | None = None

    def run(self) -> None:
        """Compose, wait for a change, and again, forever."""
        while True:
            seen = self._stamps()
            self.compose_once()
            # Files that the configuration named only now count from here.
            known = self._stamps()
            self._wait(known if known.keys() != seen.keys() else seen)

    def compose_once(self) -> None:
        """Read everything, compose and write, if anything is new; report what happened."""
        try:
            self._sources = load_configs(self.configs)
            subgraphs = read_subgraphs(self._sources)
        except ConfigError as error:
            if error.problems != self._last:
                self._last = error.problems
                self._say_problems(error.problems)
            return
        if subgraphs == self._last:
            return
        self._last = subgraphs
        started = self.clock()
        result = compose(subgraphs, cache=self._cache)
        report_result(result, subgraphs, self.format, include_sdl=False, indent=None)
        if result.supergraph_sdl is None:
            self._note(f"{self.out} stays as it was.")
            return
        try:
            replace_file(self.out, result.supergraph_sdl)
        except OSError as error:
            self._last = None  # try again at the next change, whatever it is
            self._say_problems([f"{self.out} cannot be written: {error.strerror}."])
            return
        took = (self.clock() - started) * 1000
        self._note(
            f"Composed {summary(result.supergraph_sdl, subgraphs)} into {self.out} ({took:.0f} ms)."
        )

    def _wait(self, seen: dict[Path, Stamp]) -> None:
        asks = any(source.is_remote for source in self._sources)
        due = self.clock() + self.poll_seconds
        while not asks or self.clock() < due:
            self.sleep(LOOK_SECONDS)
            now = self._stamps()
            if now == seen:
                continue
            while True:  # until it is quiet
                self.sleep(LOOK_SECONDS / 5)
                later = self._stamps()
                if later == now:
                    return
                now = later

    def _stamps(self) -> dict[Path, Stamp]:
        files: Iterable[Path] = (
            path
            for source in self._sources
            for pattern in ((source.file,) if source.file else source.files)
            for path in matching_files(pattern)
        )
        return {path: _stamp(path) for path in (*self.configs, *files)}

    def _say_problems(self, problems: list[str]) -> None:
        if self.format is Format.JSON:
            typer.echo(problems_json(problems, indent=None))
            return
        for problem in problems:
            typer.echo(problem, err=True)
        self._note(f"{self.out} stays as it was.")

    def _note(self, text: str) -> None:
        if self.format is Format.TEXT:
            note(f"{datetime.now().astimezone():%H:%M:%S} {text}")


def _stamp(path: Path) -> Stamp:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino
