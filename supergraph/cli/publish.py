"""`dictamesh supergraph publish`: record the accepted schema of each subgraph in the catalog."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from supergraph.cache import CompositionCache
from supergraph.checks.catalog import CatalogError, SchemaCatalog
from supergraph.checks.errors import CheckInputError
from supergraph.checks.inputs import CheckInputs
from supergraph.checks.result import ExitCode
from supergraph.checks.side import Failed, GraphSide, compose_side
from supergraph.checks.sources.source import GraphSource
from supergraph.checks.store import Store
from supergraph.cli.checking import (
    CacheDirectory,
    Exceptions,
    FailOns,
    Formats,
    Operations,
    ProposedSupergraph,
    SettingsFile,
    UseCache,
    exit_codes,
    finish,
    open_store,
    outputs_for,
    read_exceptions,
    read_proposed,
    read_settings,
    recorded,
)
from supergraph.cli.common import DEFAULT_CONFIG, Configs
from supergraph.cli.report import note
from supergraph.cli.services import services

DSN_VARIABLE = "DICTAMESH_CATALOG_DSN"

GraphName = Annotated[
    str,
    typer.Option(
        "--graph", help="Name of the graph, where one catalog keeps several.", show_default=False
    ),
]


def publish_command(
    context: typer.Context,
    config: Configs = None,
    supergraph: ProposedSupergraph = None,
    graph: GraphName = "",
    checks: SettingsFile = None,
    operations: Operations = None,
    exceptions: Exceptions = None,
    formats: Formats = None,
    fail_on: FailOns = None,
    use_cache: UseCache = True,
    cache_dir: CacheDirectory = None,
) -> None:
    """Check a graph against what the catalog has, and record it if it passes.

    The address of the catalog is that of DICTAMESH_CATALOG_DSN. Every subgraph whose schema changed
    gets a new version, with flags that say whether it is backward and forward compatible with the
    one before. A graph that does not pass is not recorded; the exit codes are those of check.
    """
    from supergraph.checks.check import check
    from supergraph.checks.publish import accepted_schemas, subject_of

    with exit_codes():
        outputs = outputs_for(formats)
        settings = read_settings(checks, fail_on, operations)
        catalog = _catalog(context)
        files = [supergraph] if supergraph is not None else config or [DEFAULT_CONFIG]
        try:
            latest = catalog.latest(subject_of(graph))
        except CatalogError as error:
            raise CheckInputError(str(error)) from None
        base = None
        if latest is not None:
            label = f"version {latest.version} in the catalog"
            base = GraphSource(label, supergraph_sdl=latest.sdl)
        inputs = CheckInputs(
            proposed=read_proposed(config, supergraph, None, None, base),
            base=base,
            settings=settings,
            operations=recorded(settings),
            exceptions=read_exceptions(exceptions, settings),
        )
        store = open_store(use_cache, cache_dir)
        planner = services(context).planner if settings.plans.compare else None
        result = check(inputs, planner, store)
        if result.exit_code == ExitCode.FINE:
            new, old = _side(inputs.proposed, store), _side(base, store)
            assert new is not None  # noqa: S101 - it was checked
            try:
                published = catalog.publish(accepted_schemas(graph, old, new, result))
            except CatalogError as error:
                raise CheckInputError(str(error)) from None
            made = [f"{item.subject} {item.version}" for item in published if item.is_new]
            note(f"Published {', '.join(made)}." if made else "The catalog has all of it already.")
        finish(result, outputs, str(files[0]))


def _catalog(context: typer.Context) -> SchemaCatalog:
    dsn = os.environ.get(DSN_VARIABLE)
    if not dsn:
        raise CheckInputError(
            f"Set {DSN_VARIABLE} to the address of the catalog (postgresql://…); it is not an "
            "option, because it has a password."
        )
    given = services(context).catalog
    if given is None:
        raise CheckInputError("Publishing needs the kit: pip install 'dictamesh[kit]'")
    try:
        return given(dsn)
    except ImportError as error:
        raise CheckInputError(
            f"Publishing needs the package {error.name}: pip install 'dictamesh[kit]'"
        ) from None


def _side(source: GraphSource | None, store: Store) -> GraphSide | None:
    if source is None:
        return None
    side = compose_side(source, CompositionCache(), store)
    assert not isinstance(side, Failed)  # noqa: S101 - it was checked
    return side
