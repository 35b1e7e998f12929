"""`dictamesh supergraph compose`: from a configuration to a supergraph, once or at each change."""

from __future__ import annotations

from typing import Annotated

import typer

from supergraph.cli.common import (
    EXIT_COMPOSITION,
    Configs,
    Out,
    ReportFormat,
    fail,
    read_inputs,
    write_file,
)
from supergraph.cli.report import Format, note, report_result, summary
from supergraph.cli.watch import watch
from supergraph.compose import compose


def compose_command(
    config: Configs = None,
    out: Out = None,
    format: ReportFormat = Format.TEXT,
    watching: Annotated[
        bool,
        typer.Option(
            "--watch",
            "-w",
            help="Compose again whenever a file changes, until Ctrl-C; needs --out.",
        ),
    ] = False,
    poll_seconds: Annotated[
        float,
        typer.Option(
            "--poll-seconds",
            min=0.5,
            help="With --watch: how often schemas that come from a URL are asked for.",
        ),
    ] = 10.0,
) -> None:
    """Compose the subgraphs of a configuration into a supergraph.

    Errors and hints go to stderr, each with the line of SDL it is about. A file named by --out is
    only replaced by a supergraph that composed.
    """
    if watching:
        if out is None:
            fail(["--watch writes a file: name it with --out."], format)
        watch(config, out, format, poll_seconds)
        return
    subgraphs = read_inputs(config, format)
    result = compose(subgraphs)
    if result.supergraph_sdl is not None and out is not None:
        write_file(out, result.supergraph_sdl, format)
    report_result(result, subgraphs, format, include_sdl=out is None)
    if result.supergraph_sdl is None:
        raise typer.Exit(EXIT_COMPOSITION)
    if format is Format.TEXT:
        if out is None:
            typer.echo(result.supergraph_sdl, nl=False)
        else:
            note(f"Composed {summary(result.supergraph_sdl, subgraphs)} into {out}.")
