"""`dictamesh subgraph`: make subgraphs from sources, and keep them up to date.

Exit codes: 0 fine, 1 drift or conflicts, 4 usage or configuration, 130 interrupted.
"""

from __future__ import annotations

import typer

from subgraph_kit.cli.add import add_command
from subgraph_kit.cli.common import Command
from subgraph_kit.cli.new import new_command
from subgraph_kit.cli.update import check_command, diff_command, update_command

app = typer.Typer(
    name="subgraph",
    help="Make a subgraph from a source, and keep it up to date.",
    no_args_is_help=True,
    rich_markup_mode="markdown",
)


@app.callback()
def _subgraph() -> None:
    """Make a subgraph from a source, and keep it up to date."""


app.command("new", cls=Command)(new_command)
app.command("update", cls=Command)(update_command)
app.command("diff", cls=Command)(diff_command)
app.command("add", cls=Command)(add_command)
app.command("check", cls=Command)(check_command)

__all__ = ["app"]
