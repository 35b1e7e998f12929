"""`dictamesh operations`: hold what clients send to a graph, and see which of it they use."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Annotated

import typer

from supergraph.cache import CompositionCache
from supergraph.checks.check import check
from supergraph.checks.errors import CheckInputError
from supergraph.checks.finding import Stage
from supergraph.checks.inputs import CheckInputs
from supergraph.checks.operations.coverage import Coverage, coverage_of
from supergraph.checks.operations.read import read_operations
from supergraph.checks.settings import CheckSettings, LintSettings, RuleSettings, RuleSeverity
from supergraph.checks.side import Failed, GraphSide, compose_side
from supergraph.checks.sources.read import read_base
from supergraph.checks.store import Store
from supergraph.cli.checking import (
    Base,
    BaseHeaders,
    CacheDirectory,
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
    read_headers,
    read_proposed,
    read_settings,
    recorded,
)
from supergraph.cli.common import DEFAULT_CONFIG, Command, Configs
from supergraph.cli.services import services

app = typer.Typer(
    name="operations",
    help="Hold what clients send to a graph, and see which of it they use.",
    no_args_is_help=True,
)

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]


@app.callback()
def _operations() -> None:
    """Hold what clients send to a graph, and see which of it they use."""


def check_operations(
    context: typer.Context,
    config: Configs = None,
    supergraph: ProposedSupergraph = None,
    base: Base = None,
    base_header: BaseHeaders = None,
    checks: SettingsFile = None,
    operations: Operations = None,
    formats: Formats = None,
    fail_on: FailOns = None,
    use_cache: UseCache = True,
    cache_dir: CacheDirectory = None,
) -> None:
    """Validate and plan known operations; with --base, say which break or become dearer.

    Example: dictamesh operations check --operations operations/ --base main
    """
    with exit_codes():
        outputs = outputs_for(formats)
        settings = _with_operations(read_settings(checks, fail_on, operations))
        files = [supergraph] if supergraph is not None else config or [DEFAULT_CONFIG]
        before = read_base(base, files, read_headers(base_header)) if base is not None else None
        inputs = CheckInputs(
            proposed=read_proposed(config, supergraph, None, None, before),
            base=before,
            settings=settings,
            operations=recorded(settings),
        )
        planner = services(context).planner if settings.plans.compare else None
        result = check(inputs, planner, open_store(use_cache, cache_dir))
        findings = tuple(
            item
            for item in result.findings
            if item.stage is Stage.OPERATIONS or (item.stage is Stage.COMPOSITION and item.fails)
        )
        finish(replace(result, findings=findings, notes=(), exit_code=-1), outputs, str(files[0]))


def coverage(
    config: Configs = None,
    supergraph: ProposedSupergraph = None,
    checks: SettingsFile = None,
    operations: Operations = None,
    as_json: AsJson = False,
) -> None:
    """Say how much of each type known operations use.

    Example: dictamesh operations coverage --operations operations/
    """
    with exit_codes():
        found, _ = _coverage(config, supergraph, checks, operations)
        if as_json:
            typer.echo(json.dumps(_coverage_json(found), indent=2))
            return
        for item in found.types:
            typer.echo(f"{item.used:5} of {item.fields:5} fields  {item.name}")
        typer.echo(
            f"{found.used:,} of {found.fields:,} fields ({found.percent:.1f} %) are used by "
            f"{found.operations:,} operations."
        )


def unused(
    config: Configs = None,
    supergraph: ProposedSupergraph = None,
    checks: SettingsFile = None,
    operations: Operations = None,
    as_json: AsJson = False,
    deprecated: Annotated[
        bool, typer.Option("--deprecated", help="Only what is deprecated: it can be removed.")
    ] = False,
) -> None:
    """List the fields that no known operation uses, with the places that declare them.

    Example: dictamesh operations unused --operations usage/ --deprecated
    """
    with exit_codes():
        found, side = _coverage(config, supergraph, checks, operations)
        listed = [item for item in found.unused if item.deprecated or not deprecated]
        if as_json:
            rows = [
                {
                    "coordinate": item.coordinate,
                    "deprecated": item.deprecated,
                    "locations": [str(place) for place in side.places.of(item.coordinate)],
                }
                for item in listed
            ]
            typer.echo(json.dumps({"version": 1, "unused": rows}, indent=2))
            return
        for item in listed:
            places = ", ".join(str(place) for place in side.places.of(item.coordinate))
            mark = " (deprecated)" if item.deprecated else ""
            typer.echo(f"{item.coordinate}{mark}" + (f"  {places}" if places else ""))
        typer.echo(
            f"{len(listed):,} fields are used by none of {found.operations:,} operations.", err=True
        )


def _coverage(
    config: Configs,
    supergraph: ProposedSupergraph,
    checks: SettingsFile,
    operations: Operations,
) -> tuple[Coverage, GraphSide]:
    settings = _with_operations(read_settings(checks, None, operations))
    source = read_proposed(config, supergraph, None, None, None)
    side = compose_side(source, CompositionCache(), Store(None))
    if isinstance(side, Failed):
        first = side.errors[0]
        raise CheckInputError(
            f"{source.label} does not compose: {first.code}: {first.message} "
            "`dictamesh supergraph compose` shows all errors."
        )
    known = read_operations(recorded(settings), settings.usage)
    return coverage_of(side, known), side


def _with_operations(settings: CheckSettings) -> CheckSettings:
    """The settings for looking at operations only."""
    if not settings.operations:
        raise CheckInputError(
            "There are no operations to look at: name them with --operations, or in the settings "
            "of checks."
        )
    off = {name: RuleSettings(severity=RuleSeverity.OFF) for name in _rule_names()}
    return settings.model_copy(update={"lint": LintSettings(rules=off), "contracts": {}})


def _rule_names() -> list[str]:
    from supergraph.checks.lint.registry import known_rules

    return list(known_rules())


def _coverage_json(found: Coverage) -> dict[str, object]:
    return {
        "version": 1,
        "operations": found.operations,
        "fields": found.fields,
        "used": found.used,
        "types": [
            {"name": item.name, "fields": item.fields, "used": item.used} for item in found.types
        ],
    }


app.command("check", cls=Command)(check_operations)
app.command("coverage", cls=Command)(coverage)
app.command("unused", cls=Command)(unused)

__all__ = ["app"]
