"""`dictamesh supergraph`: compose, and look into each stage.

Exit codes: 0 fine, 2 the subgraphs do not compose, 4 usage or configuration.
"""

from __future__ import annotations

import json
import os
import tempfile
from enum import StrEnum
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from rich.console import Console
from rich.text import Text

from supergraph.command import EXIT_COMPOSITION, EXIT_USAGE, Command, Config
from supergraph.compose import CompositionResult, compose
from supergraph.config import ConfigError, load_config
from supergraph.hints import HintLevel
from supergraph.inspect_cli import inspect
from supergraph.report import json_report, text_report
from supergraph.subgraph.model import SubgraphInput
from supergraph.subgraph_sources import read_subgraphs

app = typer.Typer(
    name="supergraph",
    help="Compose subgraphs into a supergraph and look into it.",
    no_args_is_help=True,
)


class Format(StrEnum):
    """How errors and hints are printed."""

    TEXT = "text"
    JSON = "json"


app.add_typer(inspect)


@app.callback()
def _supergraph() -> None:
    """Compose subgraphs into a supergraph and look into it."""


@app.command("compose", cls=Command)
def compose_command(
    config: Config = Path("supergraph.yaml"),
    out: Annotated[
        Path | None,
        typer.Option("--out", "--output", "-o", help="Write the supergraph here, not to stdout."),
    ] = None,
    format: Annotated[
        Format,
        typer.Option(
            "--format", help="How to print errors and hints; json prints one object to stdout."
        ),
    ] = Format.TEXT,
) -> None:
    """Compose the subgraphs of a configuration into a supergraph.

    Errors and hints go to stderr, each with the line of SDL it is about. A file named by --out is
    only replaced by a supergraph that composed.
    """
    subgraphs = _read(config, format)
    result = compose(subgraphs)
    if result.supergraph_sdl is not None and out is not None:
        try:
            _write(out, result.supergraph_sdl)
        except OSError as error:
            _fail([f"{out} cannot be written: {error.strerror}."], format)
    if format is Format.JSON:
        typer.echo(json_report(result, include_sdl=out is None))
    else:
        _print_text(result, subgraphs)
        if result.supergraph_sdl is not None and out is None:
            typer.echo(result.supergraph_sdl, nl=False)
    if result.supergraph_sdl is None:
        raise typer.Exit(EXIT_COMPOSITION)


def _read(config: Path, format: Format) -> list[SubgraphInput]:
    try:
        return read_subgraphs(load_config(config).subgraphs)
    except ConfigError as error:
        _fail(error.problems, format)


def _fail(problems: list[str], format: Format) -> NoReturn:
    if format is Format.JSON:
        errors: list[dict[str, object]] = [
            {"code": "CONFIGURATION", "message": item, "coordinate": None, "locations": []}
            for item in problems
        ]
        typer.echo(json.dumps({"errors": errors, "hints": []}, indent=2, ensure_ascii=False))
    else:
        for problem in problems:
            typer.echo(problem, err=True)
    raise typer.Exit(EXIT_USAGE)


def _print_text(result: CompositionResult, subgraphs: list[SubgraphInput]) -> None:
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    shown = [hint for hint in result.hints if hint.code.level is not HintLevel.DEBUG]
    for items, style in ((shown, "yellow"), (result.errors, "bold red")):
        for item in items:
            heading, _, rest = text_report([item], subgraphs).partition(": ")
            console.print(Text(heading, style=style) + Text(f": {rest}"))
            console.print()
    if result.errors:
        count = len(result.errors)
        console.print(
            Text(f"The subgraphs do not compose: {count} error{'s' if count > 1 else ''}.")
        )


def _write(path: Path, text: str) -> None:
    """Replace a file in one step: a reader never sees half a supergraph."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
        # mkstemp makes files private; a supergraph is as readable as any file made here.
        mask = os.umask(0)
        os.umask(mask)
        Path(temporary).chmod(0o666 & ~mask)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
