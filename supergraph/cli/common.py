"""What the commands of `dictamesh supergraph` share: options, input, output, exit codes."""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from supergraph.cli.options import DEFAULT_CONFIG, EXIT_USAGE, Command, Configs
from supergraph.cli.report import Format, report_result
from supergraph.compose import compose
from supergraph.config import ConfigError, load_configs
from supergraph.subgraph.model import SubgraphInput
from supergraph.subgraph_sources import read_subgraphs

EXIT_COMPOSITION = 2

MAX_SUPERGRAPH_BYTES = 200_000_000
"""Larger than any real supergraph; a file that is none should not fill the memory."""

SupergraphFile = Annotated[
    Path | None, typer.Option("--supergraph", "-s", help="A composed supergraph.")
]
Out = Annotated[
    Path | None,
    typer.Option("--out", "--output", "-o", help="Write the supergraph here, not to stdout."),
]
ReportFormat = Annotated[
    Format,
    typer.Option(
        "--format", help="How to print errors and hints; json prints one object to stdout."
    ),
]


def read_inputs(configs: list[Path] | None, format: Format = Format.TEXT) -> list[SubgraphInput]:
    """The subgraphs of the configurations; ends the command if they cannot be had."""
    try:
        return read_subgraphs(load_configs(configs or [DEFAULT_CONFIG]))
    except ConfigError as error:
        fail(error.problems, format)


def read_supergraph(
    supergraph: Path | None, configs: list[Path] | None, format: Format = Format.TEXT
) -> str:
    """The text of a supergraph file, or of what the configurations compose to.

    Ends the command if there is none. Satisfiability is not checked: this is for looking at it.
    """
    if supergraph is not None and configs:
        fail(["Give either --supergraph or --config, not both."], format)
    if supergraph is not None:
        return read_text(supergraph, format)
    inputs = read_inputs(configs, format)
    result = compose(inputs, satisfiability=False)
    if result.supergraph_sdl is None:
        report_result(result, inputs, format, include_sdl=False)
        raise typer.Exit(EXIT_COMPOSITION)
    return result.supergraph_sdl


def read_text(path: Path, format: Format = Format.TEXT) -> str:
    """The text of a supergraph file; ends the command with a sentence if it cannot be read."""
    try:
        if path.stat().st_size > MAX_SUPERGRAPH_BYTES:
            fail([f"{path}: the file is larger than {MAX_SUPERGRAPH_BYTES} bytes."], format)
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        fail(
            [
                f"{path}: there is no such file. Compose one: dictamesh supergraph compose "
                f"--config supergraph.yaml --out {path}"
            ],
            format,
        )
    except (OSError, UnicodeDecodeError):
        fail([f"{path}: cannot be read as text; name a supergraph file."], format)


def fail(problems: list[str], format: Format = Format.TEXT) -> NoReturn:
    """End the command: it was called in a way that cannot work."""
    if format is Format.JSON:
        typer.echo(problems_json(problems))
    else:
        for problem in problems:
            typer.echo(problem, err=True)
    raise typer.Exit(EXIT_USAGE)


def problems_json(problems: list[str], indent: int | None = 2) -> str:
    """Problems of the configuration in the form of composition's report."""
    errors: list[dict[str, object]] = [
        {"code": "CONFIGURATION", "message": item, "coordinate": None, "locations": []}
        for item in problems
    ]
    return json.dumps({"errors": errors, "hints": []}, indent=indent, ensure_ascii=False)


def write_file(path: Path, text: str, format: Format = Format.TEXT) -> None:
    """Replace a file in one step; ends the command if it cannot be written."""
    try:
        replace_file(path, text)
    except OSError as error:
        fail([f"{path} cannot be written: {error.strerror}."], format)


def replace_file(path: Path, text: str) -> None:
    """Replace a file in one step: a reader never sees half a supergraph.

    Raises:
        OSError: if it cannot be written; the old file is as it was.
    """
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


__all__ = [
    "DEFAULT_CONFIG",
    "EXIT_COMPOSITION",
    "EXIT_USAGE",
    "Command",
    "Configs",
]
