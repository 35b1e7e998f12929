"""The `dictamesh` command: gathers the command lines of the packages into one.

Each package brings its own; one whose libraries are not installed says which extra has them, when
it is called, and does not keep the others from working.
"""

from __future__ import annotations

import importlib
import importlib.machinery
import importlib.util
import os
import sys
from importlib.metadata import PackageNotFoundError, version
from typing import Annotated, Any, NoReturn

import typer

_GROUPS = (
    # name, module with its `app`, the extra that has what it needs, one line for --help
    ("gateway", "gateway.cli", "gateway", "Serve a supergraph, and look at how it answers."),
    ("supergraph", "supergraph.cli", "gateway", "Compose subgraphs into a supergraph, check it."),
    ("operations", "supergraph.cli.operations", "gateway", "Hold what clients send to a graph."),
    ("subgraph", "subgraph_kit.cli", "kit", "Generate and run subgraphs."),
)
_COMMANDS = (
    # name, module with a function of that name, the extra, one line for --help
    ("dev", "subgraph_kit.dev.cli", "kit,embedded", "Run a mesh here and follow every change."),
    ("demo", "examples.cli", "kit,embedded", "Bring up the whole mesh and show it."),
)
_CHECKING = ("supergraph", "operations")

app = typer.Typer(
    name="dictamesh",
    help="One GraphQL graph, one catalog and one event stream over all your data.",
    no_args_is_help=True,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
)


def _show_version(wanted: bool) -> None:
    if wanted:
        try:
            typer.echo(version("dictamesh"))
        except PackageNotFoundError:
            typer.echo("not installed")
        raise typer.Exit


@app.callback()
def _dictamesh(
    _version: Annotated[
        bool,
        typer.Option("--version", help="Print the version.", callback=_show_version, is_eager=True),
    ] = False,
) -> None:
    """One GraphQL graph, one catalog and one event stream over all your data."""


def _add_group(name: str, module: str, extra: str, help_text: str) -> None:
    try:
        group = importlib.import_module(module).app
        if name == "subgraph":
            grade_schema_changes()
    except ModuleNotFoundError as error:
        group = _explaining_group(error.name, extra)
    app.add_typer(group, name=name, help=help_text)


def grade_schema_changes() -> None:
    """Let `dictamesh subgraph` say how much a change matters: the kit itself cannot know."""
    from subgraph_kit.cli.schema_changes import SchemaChange, set_grader
    from supergraph.checks.diff import diff

    def grade(before: str, after: str) -> list[SchemaChange]:
        changes = diff(before, after)
        return [SchemaChange(each.criticality.value, each.message) for each in changes]

    set_grader(grade)


def _add_command(name: str, module: str, extra: str, help_text: str) -> None:
    try:
        command: Any = getattr(importlib.import_module(module), name)
    except ModuleNotFoundError as error:
        missing = error.name

        def command() -> None:
            _explain_missing(missing, extra)

    app.command(name, help=command.__doc__ or help_text)(command)


def _add_name_only(name: str, help_text: str) -> None:
    """List a command in --help without importing what it needs."""

    def unreachable() -> None:
        raise AssertionError(name)

    app.command(name, help=help_text)(unreachable)


def _explaining_group(missing: str | None, extra: str) -> typer.Typer:
    group = typer.Typer(invoke_without_command=True)

    @group.callback(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
    def explain() -> None:
        _explain_missing(missing, extra)

    return group


def _explain_missing(missing: str | None, extra: str) -> NoReturn:
    typer.echo(
        f"Error: this command needs the package {missing}: pip install 'dictamesh[{extra}]'",
        err=True,
    )
    raise typer.Exit(1)


def _services() -> Any:
    """What the commands of `supergraph` need of packages that it may not know."""
    from supergraph.cli.services import Services

    return Services(planner=_planner, catalog=_catalog)


def _planner(supergraph: Any) -> Any:
    """What plans operations on a supergraph; imported when the first one is planned."""
    return importlib.import_module("gateway.plan_figures").PlanMeter(supergraph)


def _catalog(dsn: str) -> Any:
    """The catalog at a DSN."""
    from supergraph.checks.catalog import CatalogError

    kit = importlib.import_module("subgraph_kit.catalog.graphql_schemas")
    return kit.SchemaArchive(dsn, CatalogError)


def _exists(module: str) -> bool:
    """Whether there is such a module, found without running it or what it imports."""
    top, *inner = module.split(".")
    spec = importlib.util.find_spec(top)
    for part in inner:
        if spec is None or spec.submodule_search_locations is None:
            return False
        # `find_spec` of a module in a package would run the package.
        name = f"{spec.name}.{part}"
        spec = importlib.machinery.PathFinder.find_spec(name, spec.submodule_search_locations)
    return spec is not None


def main() -> None:
    """Run the `dictamesh` command."""
    wanted = next((word for word in sys.argv[1:] if not word.startswith("-")), None)
    completing = any(name.endswith("_COMPLETE") for name in os.environ)
    for command in (*_GROUPS, *_COMMANDS):
        name, module, _, help_text = command
        if not _exists(module):
            continue  # This package has no commands yet.
        if name != wanted and not completing:
            _add_name_only(name, help_text)
        elif command in _COMMANDS:
            _add_command(*command)
        else:
            _add_group(*command)
    app(obj=_services() if wanted in _CHECKING else None)


if __name__ == "__main__":
    main()
