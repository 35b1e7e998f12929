"""`dictamesh supergraph inspect`: the stages of composition, printed."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer
from graphql import print_schema

from supergraph.cli.common import (
    DEFAULT_CONFIG,
    EXIT_COMPOSITION,
    EXIT_USAGE,
    Command,
    Configs,
    SupergraphFile,
    fail,
    read_supergraph,
)
from supergraph.cli.report import note, text_report
from supergraph.cli.resolvers import describe_resolvers
from supergraph.config import ConfigError, load_configs
from supergraph.errors import CompositionError
from supergraph.load import load_supergraph
from supergraph.model import InvalidSupergraphError, Supergraph
from supergraph.printer import print_definitions
from supergraph.query_graph import build_query_graph, display_query_graph, query_graph_to_dot
from supergraph.satisfiability import check_satisfiability
from supergraph.subgraph.load import load_subgraph
from supergraph.subgraph.model import SubgraphInput
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
    config: Configs = None,
) -> None:
    """Print a subgraph as the composer understands it.

    Links are expanded, pieces of types joined, root types have their default names, and Federation
    1 is upgraded.
    """
    given = _read_one(name, config)
    result = load_subgraph(given)
    if result.subgraph is None:
        typer.echo(text_report(result.errors, [given]), err=True)
        raise typer.Exit(EXIT_COMPOSITION)
    subgraph = result.subgraph
    errors: list[CompositionError] = []
    if subgraph.version is None:
        errors += upgrade_federation_1(subgraph)
        version = "Federation 1, upgraded"
    else:
        version = f"Federation {subgraph.version[0]}.{subgraph.version[1]}"
    typer.echo(f"# {name}: {version}")
    for link in subgraph.links:
        typer.echo(f"# links {link.identity} as {link.namespace}")
    typer.echo()
    typer.echo(print_definitions(subgraph))
    errors += check_subgraph(subgraph)
    if errors:
        typer.echo(text_report(errors, [given]), err=True)
        raise typer.Exit(EXIT_COMPOSITION)


@inspect.command("graph", cls=Command)
def inspect_graph(
    supergraph: SupergraphFile = None,
    config: Configs = None,
    format: Annotated[
        GraphFormat, typer.Option("--format", help="dot is drawn by Graphviz: | dot -Tsvg")
    ] = GraphFormat.TEXT,
) -> None:
    """Print the query graph of a supergraph: what is reachable from where."""
    graph = build_query_graph(_load(supergraph, config))
    text = query_graph_to_dot(graph) if format is GraphFormat.DOT else display_query_graph(graph)
    typer.echo(text, nl=False)


@inspect.command("satisfiability", cls=Command)
def inspect_satisfiability(supergraph: SupergraphFile = None, config: Configs = None) -> None:
    """Print who resolves each field of the API schema, and every query that has no plan.

    A query without a plan is shown as a witness, with the reason per subgraph.
    """
    loaded = _load(supergraph, config)
    typer.echo(describe_resolvers(loaded), nl=False)
    result = check_satisfiability(loaded)
    if result.hints or result.errors:
        typer.echo(f"\n{text_report([*result.hints, *result.errors], [])}", err=True)
    if result.errors:
        raise typer.Exit(EXIT_COMPOSITION)
    note("Every query has a plan.")


@inspect.command("api-schema", cls=Command)
def inspect_api_schema(supergraph: SupergraphFile = None, config: Configs = None) -> None:
    """Print the schema that clients see."""
    typer.echo(print_schema(_load(supergraph, config).api_schema))


def _read_one(name: str, configs: Configs) -> SubgraphInput:
    """Reads no other subgraph: those need not be there to look at this one."""
    try:
        listed = load_configs(configs or [DEFAULT_CONFIG])
        found = [item for item in listed if item.name == name]
        if not found:
            known = ", ".join(item.name for item in listed)
            fail([f'There is no subgraph "{name}" in the configuration; there are: {known}.'])
        return read_subgraphs(found)[0]
    except ConfigError as error:
        fail(error.problems)


def _load(supergraph: SupergraphFile, config: Configs) -> Supergraph:
    try:
        return load_supergraph(read_supergraph(supergraph, config))
    except InvalidSupergraphError as error:
        typer.echo(f"{supergraph or 'supergraph'}: {error.message}", err=True)
        raise typer.Exit(EXIT_USAGE) from None
