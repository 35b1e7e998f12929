"""What the commands that check share: options, how they end, and what they read."""

from __future__ import annotations

import os
import re
import sys
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Annotated

import typer

from supergraph.checks.errors import CheckInputError
from supergraph.checks.operations.raw import RecordedFile, guess_source, read_recorded
from supergraph.checks.report.context import ReportContext
from supergraph.checks.report.outputs import Output, parse_outputs, prepare, render_all, write_all
from supergraph.checks.result import CheckResult, ExitCode
from supergraph.checks.settings import (
    DEFAULT_FILE,
    EXCEPTIONS_FILE,
    CheckSettings,
    FailOn,
    load_settings,
    normal_fail_on,
)
from supergraph.checks.sources.read import read_configs, read_graph_file, with_subgraph
from supergraph.checks.sources.source import GraphSource
from supergraph.checks.store import Store, default_directory
from supergraph.checks.yaml_file import read_text_file
from supergraph.cli.options import DEFAULT_CONFIG

SettingsFile = Annotated[
    Path | None,
    typer.Option(
        "--checks",
        help="Settings of checks.  [default: dictamesh.checks.yaml, if there is one]",
        show_default=False,
    ),
]
ProposedSupergraph = Annotated[
    Path | None,
    typer.Option("--supergraph", "-s", help="A composed supergraph, in place of --config."),
]
SubgraphName = Annotated[
    str | None,
    typer.Option(
        "--subgraph", help="Propose one subgraph only, with --schema; the others are the base's."
    ),
]
SchemaFile = Annotated[
    Path | None, typer.Option("--schema", help="The proposed schema of --subgraph.")
]
Base = Annotated[
    str | None,
    typer.Option(
        "--base",
        "-b",
        help="What to compare with: a file (supergraph or configuration), a git revision such as "
        "main or main:path/supergraph.yaml, a running gateway's address, or none.",
    ),
]
BaseHeaders = Annotated[
    list[str] | None,
    typer.Option(
        "--base-header",
        help="A header for the gateway, as 'Name: value'; ${env.NAME} stands for an environment "
        "variable, which keeps secrets off the command line.",
    ),
]
Operations = Annotated[
    list[Path] | None,
    typer.Option(
        "--operations",
        help="Known operations: a manifest of persisted documents, a directory of .graphql files, "
        "or usage that the gateway wrote. Repeat for several.",
    ),
]
Formats = Annotated[
    list[str] | None,
    typer.Option(
        "--format",
        "-f",
        help="text, json, markdown, github, gitlab, sarif or junit; with =FILE to a file. Repeat "
        "for several.  [default: text]",
        show_default=False,
    ),
]
FailOns = Annotated[
    list[FailOn] | None,
    typer.Option(
        "--fail-on",
        help="What fails, beside composition errors. Repeat for several.  "
        "[default: breaking, lint, policy]",
        show_default=False,
    ),
]
Exceptions = Annotated[
    Path | None,
    typer.Option(
        "--exceptions",
        help="Signed-off exceptions.  [default: dictamesh.exceptions.yaml, if there is one]",
        show_default=False,
    ),
]
UseCache = Annotated[
    bool,
    typer.Option("--cache/--no-cache", help="Whether results of unchanged input are kept."),
]
CacheDirectory = Annotated[
    Path | None,
    typer.Option(
        "--cache-dir",
        envvar="DICTAMESH_CACHE_DIR",
        help="Where they are kept.  [default: the user's cache directory]",
        show_default=False,
    ),
]

_HEADER = re.compile(r"^(?P<name>[A-Za-z0-9!#$%&'*+.^_`|~-]+)\s*:\s*(?P<value>[^\r\n]*)$")
_VARIABLE = re.compile(r"\$\{env\.(?P<name>\w+)\}")


@contextmanager
def exit_codes() -> Iterator[None]:
    """End the command as every check ends: a sentence and 4 for wrong input, 70 for our mistakes.

    Nothing that goes wrong unexpectedly may look like a pass, or like a finding.
    """
    try:
        yield
    except CheckInputError as error:
        for problem in error.problems:
            typer.echo(f"error: {problem}", err=True)
        raise typer.Exit(ExitCode.USAGE) from None
    except KeyboardInterrupt:
        typer.echo("Interrupted: nothing was checked.", err=True)
        raise typer.Exit(130) from None
    except (typer.Exit, typer.Abort):
        raise
    except Exception as error:
        if os.environ.get("DICTAMESH_DEBUG"):
            traceback.print_exc()
        typer.echo(
            f"internal error: {type(error).__name__}: this is a mistake in DictaMesh, and nothing "
            "is known about the schema. DICTAMESH_DEBUG=1 shows where it is; please report it.",
            err=True,
        )
        raise typer.Exit(ExitCode.INTERNAL) from None


def read_settings(
    file: Path | None, fail_on: Sequence[FailOn] | None, operations: Sequence[Path] | None
) -> CheckSettings:
    """The settings of the file, with what the command line says instead."""
    if file is not None:
        settings = load_settings(file)
    elif DEFAULT_FILE.exists():
        settings = load_settings(DEFAULT_FILE)
    else:
        settings = CheckSettings()
    updates: dict[str, object] = {}
    if fail_on:
        try:
            updates["fail_on"] = normal_fail_on(tuple(fail_on))
        except ValueError as error:
            raise CheckInputError(f"--fail-on: {error}.") from None
    if operations:
        updates["operations"] = tuple(guess_source(path) for path in operations)
    return settings.model_copy(update=updates)


def read_proposed(
    config: list[Path] | None,
    supergraph: Path | None,
    subgraph: str | None,
    schema: Path | None,
    base: GraphSource | None,
) -> GraphSource:
    """The graph that the command line proposes."""
    if (subgraph is None) != (schema is None):
        raise CheckInputError("--subgraph NAME and --schema FILE go together.")
    if sum(item is not None for item in (config or None, supergraph)) > 1:
        raise CheckInputError("Give either --config or --supergraph, not both.")
    if supergraph is not None and subgraph is not None:
        raise CheckInputError("Give either --supergraph or --subgraph, not both.")
    if subgraph is not None and schema is not None:
        if not subgraph.strip():
            raise CheckInputError("--subgraph is empty: name the subgraph.")
        if base is None:
            raise CheckInputError(
                "One subgraph alone is checked within a graph: name the others' with --base."
            )
        return with_subgraph(base, subgraph, schema, None)
    if supergraph is not None:
        found = read_graph_file(supergraph)
        if found.supergraph_sdl is None:
            raise CheckInputError(f"{supergraph}: name a configuration with --config.")
        return found
    return read_configs(config or [DEFAULT_CONFIG])


def read_headers(given: Sequence[str] | None) -> dict[str, str]:
    """Headers of the command line, with their variables filled in."""
    found: dict[str, str] = {}
    for item in given or ():
        match = _HEADER.match(item)
        if match is None:
            # Not repeated here: it may be a secret.
            raise CheckInputError("--base-header: write 'Name: value'.")
        for variable in _VARIABLE.finditer(match["value"]):
            if variable["name"] not in os.environ:
                raise CheckInputError(
                    f"--base-header {match['name']} needs the environment variable "
                    f"{variable['name']}, which is not set."
                )
        value = _VARIABLE.sub(lambda found: os.environ[found["name"]], match["value"])
        found[match["name"]] = value
    return found


def read_exceptions(file: Path | None, settings: CheckSettings) -> tuple[str, str] | None:
    """Name and text of the file with exceptions, if there is one."""
    path = file or settings.exceptions
    if path is None:
        if not EXCEPTIONS_FILE.exists():
            return None
        path = EXCEPTIONS_FILE
    return str(path), read_text_file(path, "a list of signed-off exceptions")


def recorded(settings: CheckSettings) -> tuple[RecordedFile, ...]:
    """The files with known operations."""
    return read_recorded(settings.operations)


def open_store(use: bool, directory: Path | None) -> Store:
    """Where results are kept."""
    return Store((directory or default_directory()) if use else None)


def outputs_for(formats: list[str] | None) -> tuple[Output, ...]:
    """The wanted outputs, their files checked and old ones removed."""
    outputs = parse_outputs(formats or [])
    prepare(outputs)
    return outputs


def finish(result: CheckResult, outputs: Sequence[Output], fallback: str) -> None:
    """Write the reports and end the command with the result's exit code."""
    rendered = render_all(result, outputs, report_context(fallback))
    write_all(rendered, lambda text: typer.echo(text, nl=False))
    sys.stdout.flush()
    if result.exit_code != ExitCode.FINE:
        raise typer.Exit(result.exit_code)


def report_context(fallback: str) -> ReportContext:
    """Paths count from the CI's check-out, or from here."""
    root = os.environ.get("GITHUB_WORKSPACE") or os.environ.get("CI_PROJECT_DIR")
    try:
        ours = version("dictamesh")
    except PackageNotFoundError:
        ours = "0.0.0"
    return ReportContext(Path(root) if root else Path.cwd(), fallback, ours)
