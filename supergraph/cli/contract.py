"""`dictamesh supergraph contract`: the same graph for clients who may see less of it."""

from __future__ import annotations

from typing import Annotated

import typer

from supergraph.cli.common import (
    EXIT_COMPOSITION,
    Configs,
    Out,
    ReportFormat,
    SupergraphFile,
    fail,
    read_supergraph,
    write_file,
)
from supergraph.cli.report import Format, note, report_contract
from supergraph.contracts import ContractFilter, apply_contract
from supergraph.model import InvalidSupergraphError
from supergraph.subgraph.model import SubgraphInput


def contract_command(
    supergraph: SupergraphFile = None,
    config: Configs = None,
    include: Annotated[
        list[str] | None,
        typer.Option("--include", help="Show only what has this tag, or one of several."),
    ] = None,
    exclude: Annotated[
        list[str] | None,
        typer.Option("--exclude", help="Hide what has this tag, also where it is included."),
    ] = None,
    hide_unreachable: Annotated[
        bool,
        typer.Option("--hide-unreachable", help="Also hide types that no query can reach."),
    ] = False,
    out: Out = None,
    format: ReportFormat = Format.TEXT,
) -> None:
    """Make a contract: a supergraph that shows clients what its tags choose.

    Tags are those of @tag in the subgraphs. What is hidden becomes @inaccessible; the gateway can
    still use it as a key or requirement.
    """
    if not include and not exclude and not hide_unreachable:
        fail(["Say what the contract shows: --include TAG, --exclude TAG, or both."], format)
    sdl = read_supergraph(supergraph, config, format)
    chosen = ContractFilter(frozenset(include or ()), frozenset(exclude or ()), hide_unreachable)
    name = str(supergraph or "supergraph")
    try:
        result = apply_contract(sdl, chosen, name)
    except InvalidSupergraphError as error:
        fail([f"{name}: {error.message}"], format)
    if result.supergraph_sdl is not None and out is not None:
        write_file(out, result.supergraph_sdl, format)
    given = SubgraphInput("supergraph", None, sdl, name)
    report_contract(result, given, format, include_sdl=out is None)
    if result.supergraph_sdl is None:
        raise typer.Exit(EXIT_COMPOSITION)
    if format is Format.TEXT:
        if out is None:
            typer.echo(result.supergraph_sdl, nl=False)
        else:
            hidden = len(result.hidden)
            note(f"The contract hides {hidden} element{'' if hidden == 1 else 's'}; it is {out}.")
