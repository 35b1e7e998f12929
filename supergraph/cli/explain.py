"""`dictamesh supergraph explain`: what a code means and how to mend it."""

from __future__ import annotations

import difflib
from typing import Annotated

import typer

from supergraph.cli.common import fail
from supergraph.explain import Explanation, explain, explanations


def explain_command(
    code: Annotated[
        str | None, typer.Argument(help="An error code or hint; without, all are listed.")
    ] = None,
) -> None:
    """Explain an error code or hint of composition: when it occurs, an example, how to mend it."""
    if code is None:
        typer.echo("\n".join(f"{item.code} ({item.kind}): {item.when}" for item in explanations()))
        return
    found = explain(code)
    if not found:
        known = [item.code for item in explanations()]
        close = difflib.get_close_matches(code.upper(), known, n=1)
        suggestion = f" Did you mean {close[0]}?" if close else " Without a code, all are listed."
        fail([f'There is no code "{code}".{suggestion}'])
    typer.echo("\n\n".join(map(_text, found)))


def _text(item: Explanation) -> str:
    parts = [f"{item.code} ({item.kind})", item.when]
    if item.no_example:
        parts.append(f"No example: {item.no_example}")
    parts += [f"# subgraph {name}\n{sdl.rstrip()}" for name, sdl in item.example]
    parts.append(f"To mend it: {item.mend}")
    return "\n\n".join(parts)
