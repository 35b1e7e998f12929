"""`dictamesh supergraph`: compose, and look into each stage.

Exit codes: 0 fine, 1 a breaking change, 2 the subgraphs do not compose, 3 lint or policy, 4 usage
or configuration, 70 a mistake of ours.

A command's module is imported when the command is called, or all are listed with their help: most
of the time that a short command takes would otherwise go into importing the others.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

from supergraph.cli.options import Command

_COMMANDS = (
    "check", "compose", "contract", "diff", "extract", "explain", "lint", "publish", "inspect",
)  # fmt: skip
"""Each is a module here, with `NAME_command`, or with commands of its own."""


class _Commands(TyperGroup):
    """The commands, each a name until it is asked for."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.commands = {name: TyperCommand(name) for name in _COMMANDS}

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """The command of that name, imported now."""
        return _command(cmd_name) if cmd_name in _COMMANDS else None


def _command(name: str) -> Any:
    module = import_module(f"supergraph.cli.{name}")
    found: Any
    if name == "inspect":
        found = typer.main.get_group(module.inspect)
    else:
        alone = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
        alone.command(name, cls=Command)(getattr(module, f"{name}_command"))
        found = typer.main.get_command(alone)
    found.name = name
    return found


app = typer.Typer(
    name="supergraph",
    cls=_Commands,
    help="Compose subgraphs into a supergraph and look into it.",
    no_args_is_help=True,
)


@app.callback()
def _supergraph() -> None:
    """Compose subgraphs into a supergraph and look into it."""


__all__ = ["app"]
