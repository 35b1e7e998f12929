"""`dictamesh gateway`: run it, and look at what it makes of a query.

The heavy imports happen inside the commands, so that `--help` answers at once.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

if TYPE_CHECKING:
    from gateway.operation import PreparedOperation
    from supergraph.model import Supergraph

EXIT_FAILURE = 1
"""The query, the supergraph or the environment is wrong; the text on stderr says what."""

app = typer.Typer(
    name="gateway",
    help="Serve a supergraph, and look at how it answers a query.",
    no_args_is_help=True,
    rich_markup_mode="markdown",
)

SupergraphOption = Annotated[
    Path,
    typer.Option(
        "--supergraph",
        help="Supergraph SDL, as `dictamesh supergraph compose --out FILE` writes it.",
        show_default=False,
    ),
]
QueryOption = Annotated[
    str,
    typer.Option(
        "--query",
        help="File with the GraphQL document; `-` reads standard input.",
        show_default=False,
    ),
]
OperationOption = Annotated[
    str | None,
    typer.Option("--operation", help="Which operation, if the document has several."),
]


class PlanFormat(StrEnum):
    """How a plan is printed."""

    TEXT = "text"
    JSON = "json"
    MERMAID = "mermaid"


class Stage(StrEnum):
    """A stage that can be looked at."""

    NORMALIZE = "normalize"
    PLAN = "plan"


@app.command()
def run(
    supergraph: Annotated[
        Path | None,
        typer.Option(help="Supergraph SDL. The file is watched: a changed one is taken over."),
    ] = None,
    port: Annotated[
        int | None,
        typer.Option(min=0, max=65535, help="Port to listen on (4000); 0 takes a free one."),
    ] = None,
    host: Annotated[
        str | None,
        typer.Option(help="Address to listen on (127.0.0.1); 0.0.0.0 for all of this machine."),
    ] = None,
    workers: Annotated[
        int | None,
        typer.Option(min=1, max=256, help="Processes that serve the port (1); one per core."),
    ] = None,
    config: Annotated[
        Path | None,
        typer.Option(help="YAML file with all settings; `dictamesh gateway config` shows them."),
    ] = None,
    events: Annotated[
        str | None,
        typer.Option(help="Event bus: postgresql://... or kafka://host:port. Keeps caches fresh."),
    ] = None,
    redis: Annotated[
        str | None, typer.Option(help="redis:// URL of an entity cache shared by gateways.")
    ] = None,
    log_level: Annotated[
        str | None, typer.Option(help="DEBUG, INFO, WARNING or ERROR (INFO).")
    ] = None,
) -> None:
    """Serve a supergraph over HTTP until Ctrl-C.

    GraphQL and, for browsers, GraphiQL are at `/graphql`; GET `/health` answers 200 as soon as
    requests can be answered; `/metrics` has Prometheus metrics. SIGHUP loads the supergraph again.

    Options win over environment variables (`DICTAMESH_GATEWAY__LIMITS__MAX_DEPTH=12`), those over
    the configuration file.

    **Example:** `dictamesh gateway run --supergraph supergraph.graphql --port 4000`
    """
    with _sentences_for_errors():
        from gateway.config import load_settings
        from gateway.server.run import run_gateway

        settings = load_settings(
            config,
            {
                "supergraph": supergraph,
                "listen": {"port": port, "host": host, "workers": workers},
                "events": {"url": events},
                "cache": {"entities": {"redis_url": redis}},
                "telemetry": {"log_level": log_level.upper() if log_level else None},
            },
            os.environ,
        )
        run_gateway(settings)


@app.command()
def plan(
    supergraph: SupergraphOption,
    query: QueryOption,
    operation: OperationOption = None,
    output: Annotated[
        PlanFormat,
        typer.Option("--format", help="Apollo's text form, its JSON form, or a Mermaid flowchart."),
    ] = PlanFormat.TEXT,
    explain: Annotated[
        bool,
        typer.Option(
            "--explain",
            help="Say of each call what it brings, what it waits for, and the alternatives.",
        ),
    ] = False,
    label: Annotated[
        list[str] | None,
        typer.Option(help="Label of a progressive `@override` that applies; may be repeated."),
    ] = None,
    compiled: Annotated[
        bool,
        typer.Option("--compiled", help="Print the Python code that the plan is compiled to."),
    ] = False,
    variables: Annotated[
        str,
        typer.Option(
            help="JSON object; with --compiled the code is for these values of `@skip`/`@include`."
        ),
    ] = "{}",
) -> None:
    """Print the query plan: which subgraphs are asked what, in which order.

    **Example:** `echo '{ me { name } }' | dictamesh gateway plan --supergraph s.graphql --query -`
    """
    with _sentences_for_errors():
        graph, prepared = _prepare(supergraph, query, operation)
        if compiled:
            typer.echo(_compiled_text(graph, prepared, variables))
        else:
            labels = frozenset(label or ())
            typer.echo(_plan_text(graph, prepared, output, labels, explain=explain))


@app.command()
def inspect(
    stage: Annotated[Stage, typer.Argument(help="Which stage's result to print.")],
    supergraph: SupergraphOption,
    query: QueryOption,
    operation: OperationOption = None,
) -> None:
    """Print what one stage makes of a query; the first that looks wrong is the one to debug.

    *normalize*: fragments spread, equal fields merged, literal conditions decided.
    *plan*: the query plan.
    """
    with _sentences_for_errors():
        graph, prepared = _prepare(supergraph, query, operation)
        match stage:
            case Stage.NORMALIZE:
                from gateway.inspect import display_operation

                typer.echo(display_operation(prepared.operation))
            case Stage.PLAN:
                typer.echo(_plan_text(graph, prepared, PlanFormat.TEXT, frozenset()))


@app.command("config")
def show_config(
    config: Annotated[Path | None, typer.Option(help="YAML file to check and show.")] = None,
    schema: Annotated[
        bool, typer.Option("--schema", help="Print the JSON Schema of the file, for editors.")
    ] = False,
) -> None:
    """Print the settings in effect: defaults, file and environment together, secrets masked."""
    import json

    import yaml

    from gateway.config import json_schema, load_settings

    with _sentences_for_errors():
        if schema:
            typer.echo(json.dumps(json_schema(), indent=2))
        else:
            settings = load_settings(config, environ=os.environ)
            values = settings.model_dump(mode="json")
            typer.echo(yaml.safe_dump(values, sort_keys=False).rstrip())


def _prepare(
    supergraph_file: Path, query: str, operation: str | None
) -> tuple[Supergraph, PreparedOperation]:
    from gateway.errors import ConfigurationError
    from gateway.operation import prepare_operation
    from supergraph.load import load_supergraph

    graph = load_supergraph(_read(supergraph_file))
    text = sys.stdin.read() if query == "-" else _read(Path(query))
    prepared = prepare_operation(graph.api_schema, text, operation)
    if isinstance(prepared, list):
        lines = []
        for error in prepared:
            at = f" (line {error.locations[0].line})" if error.locations else ""
            lines.append(f"{error.message}{at}")
        raise ConfigurationError("\n".join(lines))
    return graph, prepared


def _plan_text(
    graph: Supergraph,
    prepared: PreparedOperation,
    output: PlanFormat,
    labels: frozenset[str],
    *,
    explain: bool = False,
) -> str:
    from gateway.plan.display import display_plan
    from gateway.planner import QueryPlanner
    from gateway.planner.explanation import display_explanation, display_mermaid

    planner = QueryPlanner(graph)
    if explain and output is PlanFormat.TEXT:
        return display_explanation(planner.explain(prepared.operation, override_labels=labels))
    query_plan = planner.plan(prepared.operation, override_labels=labels)
    match output:
        case PlanFormat.MERMAID:
            return display_mermaid(planner.explain(prepared.operation, override_labels=labels))
        case PlanFormat.TEXT:
            return display_plan(query_plan)
        case PlanFormat.JSON:
            import json

            from gateway.plan.serde import plan_to_json

            document = plan_to_json(query_plan)
            if explain:
                from dataclasses import asdict

                explained = planner.explain(prepared.operation, override_labels=labels)
                document = {**document, "explanation": [asdict(fetch) for fetch in explained]}
            return json.dumps(document, indent=2)


def _compiled_text(graph: Supergraph, prepared: PreparedOperation, variables: str) -> str:
    import json

    from gateway.errors import ConfigurationError
    from gateway.executor.compiled import NotCompilableError, compile_plan
    from gateway.planner import QueryPlanner

    try:
        values = json.loads(variables)
    except ValueError as error:
        raise ConfigurationError(f"--variables is no JSON: {error}") from error
    if not isinstance(values, dict):
        raise ConfigurationError('--variables has to be a JSON object, like {"details": true}')
    query_plan = QueryPlanner(graph).plan(prepared.operation)
    try:
        compiled = compile_plan(query_plan, prepared, values, graph)
    except NotCompilableError as reason:
        raise ConfigurationError(
            f"This plan is always interpreted, because it has {reason}"
        ) from reason
    sharing = compiled.sharing_source()
    if not sharing:
        return compiled.source
    return f"{compiled.source}\n# For long answers that repeat themselves:\n\n{sharing}"


def _read(path: Path) -> str:
    from gateway.errors import ConfigurationError

    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise ConfigurationError(f"There is no file {path}") from error
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ConfigurationError(f"{path} is not UTF-8 text") from error


@contextmanager
def _sentences_for_errors() -> Iterator[None]:
    """Turn what a user can mend into a sentence on stderr; whatever else is a bug and shows."""
    try:
        from gateway.errors import GatewayError
        from gateway.planner import PlanningError
        from subgraph_kit.errors import ConfigurationError as KitConfigurationError
        from supergraph.model import InvalidSupergraphError
    except ImportError as error:
        _fail(f"The gateway needs the package {error.name}: pip install 'dictamesh[gateway]'")
    try:
        yield
    except (GatewayError, PlanningError, KitConfigurationError, InvalidSupergraphError) as error:
        _fail(str(error))
    except ImportError as error:
        _fail(f"The gateway needs the package {error.name}: pip install 'dictamesh[gateway]'")
    except KeyboardInterrupt:
        raise typer.Exit(130) from None


def _fail(message: str) -> NoReturn:
    typer.secho("Error: ", fg=typer.colors.RED, bold=True, err=True, nl=False)
    typer.echo(message, err=True)
    raise typer.Exit(EXIT_FAILURE)
