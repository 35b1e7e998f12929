"""`dictamesh supergraph inspect`: the stages of composition, printed."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from supergraph.command import EXIT_COMPOSITION, EXIT_USAGE, Command, Config
from supergraph.config import ConfigError, load_config
from supergraph.load import load_supergraph
from supergraph.model import InvalidSupergraphError
from supergraph.printer import print_definitions
from supergraph.query_graph import build_query_graph, display_query_graph, query_graph_to_dot
from supergraph.report import text_report
from supergraph.subgraph.load import load_subgraph
from supergraph.subgraph.rules import check_subgraph
from supergraph.subgraph.upgrade import upgrade_federation_1
from supergraph.subgraph_sources import read_subgraphs

inspect = typer.Typer(name="inspect", help="Print a stage of composition.", no_args_is_help=True)


class GraphFormat(StrEnum):
    """How a query graph is printed."""

    TEXT = "text"
    DOT = "dot"


@inspect.command("subgraph", cls=Command)
def inspect_subgraph(
    name: Annotated[str, typer.Argument(help="The subgraph, by its name in the configuration.")],
    config: Config = Path("supergraph.yaml"),
) -> None:
    """Print a subgraph as the composer understands it.

    Links are expanded, pieces of types joined, root types have their default names, and Federation
    1 is upgraded.
    """
    try:
        found = [item for item in load_config(config).subgraphs if item.name == name]
        if not found:
            known = ", ".join(item.name for item in load_config(config).subgraphs)
            raise ConfigError([f'{config}: there is no subgraph "{name}"; there are: {known}.'])
        given = read_subgraphs(found)[0]
    except ConfigError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(EXIT_USAGE) from None
    result = load_subgraph(given)
    if result.subgraph is None:
        typer.echo(text_report(result.errors, [given]), err=True)
        raise typer.Exit(EXIT_COMPOSITION)
    subgraph = result.subgraph
    if subgraph.version is None:
        upgrade_federation_1(subgraph)
        version = "Federation 1, upgraded"
    else:
        version = f"Federation {subgraph.version[0]}.{subgraph.version[1]}"
    typer.echo(f"# {name}: {version}")
    for link in subgraph.links:
        typer.echo(f"# links {link.identity} as {link.namespace}")
    typer.echo()
    typer.echo(print_definitions(subgraph))
    errors = check_subgraph(subgraph)
    if errors:
        typer.echo(text_report(errors, [given]), err=True)
        raise typer.Exit(EXIT_COMPOSITION)


@inspect.command("graph", cls=Command)
def inspect_graph(
    supergraph: Annotated[Path, typer.Option("--supergraph", help="A composed supergraph.")],
    format: Annotated[GraphFormat, typer.Option("--format")] = GraphFormat.TEXT,
) -> None:
    """Print the query graph of a supergraph: what is reachable from where."""
    try:
        graph = build_query_graph(load_supergraph(supergraph.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError):
        typer.echo(f"{supergraph}: cannot be read as text; name a supergraph file.", err=True)
        raise typer.Exit(EXIT_USAGE) from None
    except InvalidSupergraphError as error:
        typer.echo(f"{supergraph}: {error.message}", err=True)
        raise typer.Exit(EXIT_USAGE) from None
    text = query_graph_to_dot(graph) if format is GraphFormat.DOT else display_query_graph(graph)
    typer.echo(text, nl=False)
