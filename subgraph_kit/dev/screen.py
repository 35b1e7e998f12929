"""Lines of many writers on one terminal: each has its name before it, in a colour of its own."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from rich.console import Console
from rich.text import Text

_COLOURS = ("cyan", "green", "magenta", "blue", "yellow", "bright_cyan", "bright_green")


class DevScreen:
    """Writes to stdout, coloured where that is a terminal. `names` are those who will speak."""

    def __init__(self, names: Sequence[str], console: Console | None = None) -> None:
        self._console = console or Console(file=sys.stdout, highlight=False, soft_wrap=True)
        self._width = max(map(len, names))
        self._colours = {n: _COLOURS[i % len(_COLOURS)] for i, n in enumerate(names)}

    def say(self, name: str, line: str) -> None:
        """Write a line of `name`."""
        style = "bold" if name == "dev" else self._colours.get(name, "")
        prefix = Text(f"{name.ljust(self._width)} │ ", style=style)
        self._console.print(prefix + Text.from_ansi(line))
