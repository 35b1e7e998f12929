"""`dictamesh supergraph`: compose, and look into each stage.

Exit codes: 0 fine, 1 a breaking change, 2 the subgraphs do not compose, 3 lint or policy, 4 usage
or configuration, 70 a mistake of ours.
"""

from __future__ import annotations

import typer

from supergraph.cli.check import check_command
from supergraph.cli.common import Command
from supergraph.cli.compose import compose_command
from supergraph.cli.contract import contract_command
from supergraph.cli.diff import diff_command
from supergraph.cli.explain import explain_command
from supergraph.cli.extract import extract_command
from supergraph.cli.inspect import inspect
from supergraph.cli.lint import lint_command
from supergraph.cli.publish import publish_command

app = typer.Typer(
    name="supergraph",
    help="Compose subgraphs into a supergraph and look into it.",
    no_args_is_help=True,
)


@app.callback()
def _supergraph() -> None:
    """Compose subgraphs into a supergraph and look into it."""


app.command("check", cls=Command)(check_command)
app.command("compose", cls=Command)(compose_command)
app.command("contract", cls=Command)(contract_command)
app.command("diff", cls=Command)(diff_command)
app.command("extract", cls=Command)(extract_command)
app.command("explain", cls=Command)(explain_command)
app.command("lint", cls=Command)(lint_command)
app.command("publish", cls=Command)(publish_command)
app.add_typer(inspect)

__all__ = ["app"]
