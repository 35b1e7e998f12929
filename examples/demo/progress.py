"""Shows what starts, and how long it takes."""

from __future__ import annotations

import time
from types import TracebackType

from rich.markup import escape
from rich.progress import Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn

from examples.demo.screen import Screen


class StartProgress:
    """A spinner per step on a terminal, a line per finished step elsewhere."""

    def __init__(self, screen: Screen) -> None:
        self._screen = screen
        self._started: dict[str, float] = {}
        self._tasks: dict[str, TaskID] = {}
        self._progress: Progress | None = None
        if screen.is_terminal:
            self._progress = Progress(
                SpinnerColumn(finished_text="[green]✓"),
                TextColumn("{task.description}"),
                TimeElapsedColumn(),
                console=screen.console,
            )

    def __enter__(self) -> StartProgress:
        if self._progress is not None:
            self._progress.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._progress is not None:
            self._progress.stop()

    def report(self, step: str, done: bool) -> None:
        """Note that a step began, or is done."""
        if not done:
            self._started[step] = time.perf_counter()
            if self._progress is not None:
                self._tasks[step] = self._progress.add_task(escape(step), total=1)
            return
        if self._progress is not None:
            self._progress.update(self._tasks[step], completed=1)
        else:
            self._screen.say(f"  {time.perf_counter() - self._started[step]:5.1f} s  {step}")
