"""What the tour writes: coloured where somebody looks at a terminal, plain lines where not."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.syntax import Syntax
from rich.table import Table

JSON_WIDTH = 92


class Screen:
    """Writes to standard output."""

    def __init__(self, console: Console | None = None) -> None:
        self.console = console or Console(highlight=False, soft_wrap=True)

    @property
    def is_terminal(self) -> bool:
        """Whether somebody looks."""
        return self.console.is_terminal

    def heading(self, text: str) -> None:
        """Begin a part."""
        self.console.print()
        self.console.rule(f"[bold]{escape(text)}", align="left") if self.is_terminal else (
            self.console.print(f"== {escape(text)}")
        )

    def say(self, text: str) -> None:
        """A sentence."""
        self.console.print(escape(text))

    def code(self, text: str, language: str) -> None:
        """A block of code, as it is."""
        if self.is_terminal:
            self.console.print(Syntax(text, language, background_color="default", padding=(0, 2)))
        else:
            self.console.print(escape("\n".join(f"  {line}" for line in text.splitlines())))

    def json(self, value: Any) -> None:
        """A JSON value; what fits on a line stands on one."""
        self.code(compact_json(value), "json")

    def table(self, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
        """A small table; aligned text where nobody looks."""
        rows = [tuple(map(str, row)) for row in rows]
        if self.is_terminal:
            table = Table(*columns, box=None, padding=(0, 3, 0, 1), header_style="bold")
            for row in rows:
                table.add_row(*map(escape, row))
            self.console.print(table)
            return
        widths = [max(map(len, column)) for column in zip(columns, *rows, strict=True)]
        for row in (columns, *rows):
            cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
            self.console.print(escape("  " + "  ".join(cells).rstrip()))

    def held(self, text: str) -> None:
        """Something is as it should be."""
        self.console.print(f"[green]  ok[/] {escape(text)}")

    def failed(self, text: str) -> None:
        """Something is not."""
        self.console.print(f"[red]FAIL[/] {escape(text)}")


def compact_json(value: Any, indent: int = 0) -> str:
    """JSON for people: an object or list that fits on a line stands on one."""
    line = json.dumps(value, ensure_ascii=False)
    if indent + len(line) <= JSON_WIDTH or not value or not isinstance(value, dict | list):
        return line
    inner = " " * (indent + 2)
    if isinstance(value, dict):
        members = [
            f"{inner}{json.dumps(key)}: {compact_json(member, indent + 2)}"
            for key, member in value.items()
        ]
        brackets = "{}"
    else:
        members = [f"{inner}{compact_json(member, indent + 2)}" for member in value]
        brackets = "[]"
    body = ",\n".join(members)
    return f"{brackets[0]}\n{body}\n{' ' * indent}{brackets[1]}"
