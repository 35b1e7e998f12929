"""`dictamesh supergraph check`: would this change hurt the graph, its clients or its rules?"""

from __future__ import annotations

import gc
import json
from enum import StrEnum
from typing import Annotated

import typer

from supergraph.checks.cached_check import cached_check
from supergraph.checks.errors import CheckInputError
from supergraph.checks.inputs import CheckInputs
from supergraph.checks.report.json_report import json_schema as result_schema
from supergraph.checks.settings import json_schema as settings_schema
from supergraph.checks.sources.read import read_base
from supergraph.cli.checking import (
    Base,
    BaseHeaders,
    CacheDirectory,
    Exceptions,
    FailOns,
    Formats,
    Operations,
    ProposedSupergraph,
    SchemaFile,
    SettingsFile,
    SubgraphName,
    UseCache,
    exit_codes,
    finish,
    open_store,
    outputs_for,
    read_exceptions,
    read_headers,
    read_proposed,
    read_settings,
    recorded,
)
from supergraph.cli.options import DEFAULT_CONFIG, Configs
from supergraph.cli.services import services
from supergraph.collection import collection_paused


class SchemaOf(StrEnum):
    """What a JSON Schema is printed of."""

    SETTINGS = "settings"
    RESULT = "result"


PrintSchema = Annotated[
    SchemaOf | None,
    typer.Option(
        "--print-schema",
        help="Print the JSON Schema of the settings file or of --format json, and end.",
    ),
]


def check_command(
    context: typer.Context,
    config: Configs = None,
    supergraph: ProposedSupergraph = None,
    subgraph: SubgraphName = None,
    schema: SchemaFile = None,
    base: Base = None,
    base_header: BaseHeaders = None,
    checks: SettingsFile = None,
    operations: Operations = None,
    exceptions: Exceptions = None,
    formats: Formats = None,
    fail_on: FailOns = None,
    use_cache: UseCache = True,
    cache_dir: CacheDirectory = None,
    print_schema: PrintSchema = None,
) -> None:
    """Compare a proposed graph with a base, and hold it to the team's rules.

    Composition, every difference with its grade, what known operations make of it, variants, lint
    and signed-off exceptions, in one run.

    Ends with 0 if all is fine, 1 for breaking changes, 2 if it does not compose, 3 for lint and
    expired exceptions, 4 if it was called wrongly, 70 for a mistake of its own.

    Example: dictamesh supergraph check --base main --operations operations/
    """
    with exit_codes():
        if print_schema is not None:
            found = settings_schema() if print_schema is SchemaOf.SETTINGS else result_schema()
            typer.echo(json.dumps(found, indent=2))
            return
        outputs = outputs_for(formats)
        settings = read_settings(checks, fail_on, operations)
        wanted = base if base is not None else settings.base
        if wanted is None:
            raise CheckInputError(
                "Say what to compare with: --base FILE, --base REVISION or --base ADDRESS; "
                "--base none compares with nothing."
            )
        files = [supergraph] if supergraph is not None else config or [DEFAULT_CONFIG]
        before = read_base(wanted, files, read_headers(base_header))
        inputs = CheckInputs(
            proposed=read_proposed(config, supergraph, subgraph, schema, before),
            base=before,
            settings=settings,
            operations=recorded(settings),
            exceptions=read_exceptions(exceptions, settings),
        )
        planner = services(context).planner if settings.plans.compare else None
        with collection_paused():
            result = cached_check(inputs, planner, open_store(use_cache, cache_dir))
            # The process ends soon: what a check leaves is not worth being looked through.
            gc.freeze()
        finish(result, outputs, str(schema or files[0]))


__all__ = ["check_command"]
