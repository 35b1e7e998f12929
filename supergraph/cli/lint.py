"""`dictamesh supergraph lint`: the rules of style alone, and which there are."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

import typer

from supergraph.checks.finding import Stage
from supergraph.checks.inputs import CheckInputs
from supergraph.checks.settings import FailOn, PlanSettings
from supergraph.checks.sources.read import read_base
from supergraph.cli.checking import (
    Base,
    BaseHeaders,
    CacheDirectory,
    Exceptions,
    FailOns,
    Formats,
    ProposedSupergraph,
    SettingsFile,
    UseCache,
    exit_codes,
    finish,
    open_store,
    outputs_for,
    read_exceptions,
    read_headers,
    read_proposed,
    read_settings,
)
from supergraph.cli.common import DEFAULT_CONFIG, Configs

ListRules = Annotated[
    bool, typer.Option("--rules", help="List the rules with their options, and end.")
]


def lint_command(
    config: Configs = None,
    supergraph: ProposedSupergraph = None,
    base: Base = None,
    base_header: BaseHeaders = None,
    checks: SettingsFile = None,
    exceptions: Exceptions = None,
    formats: Formats = None,
    fail_on: FailOns = None,
    use_cache: UseCache = True,
    cache_dir: CacheDirectory = None,
    rules: ListRules = False,
) -> None:
    """Hold a graph to the rules of style.

    With --base, what the base has already is let pass: only new findings fail.

    Example: dictamesh supergraph lint --base main --format sarif=lint.sarif
    """
    from supergraph.checks.check import check

    with exit_codes():
        if rules:
            typer.echo(_rules_text())
            return
        outputs = outputs_for(formats)
        settings = read_settings(checks, fail_on or [FailOn.LINT, FailOn.POLICY], None)
        files = [supergraph] if supergraph is not None else config or [DEFAULT_CONFIG]
        before = read_base(base, files, read_headers(base_header)) if base is not None else None
        inputs = CheckInputs(
            proposed=read_proposed(config, supergraph, None, None, before),
            base=before,
            settings=settings.model_copy(
                update={"operations": (), "contracts": {}, "plans": PlanSettings(compare=False)}
            ),
            exceptions=read_exceptions(exceptions, settings),
        )
        result = check(inputs, None, open_store(use_cache, cache_dir))
        shown = (Stage.LINT, Stage.POLICY)
        findings = tuple(
            item
            for item in result.findings
            if item.stage in shown or (item.stage is Stage.COMPOSITION and item.fails)
        )
        finish(replace(result, findings=findings, exit_code=-1), outputs, str(files[0]))


def _rules_text() -> str:
    from supergraph.checks.lint.registry import known_rules

    lines = []
    for name, rule in known_rules().items():
        description = (type(rule).__doc__ or "").strip().split("\n")[0]
        lines.append(f"{name} ({rule.severity.value})\n  {description}")
        for option, field in rule.options_model.model_fields.items():
            default = field.get_default(call_default_factory=True)
            said = field.description or ""
            lines.append(f"    {option}: {said} [default: {default}]")
    return "\n".join(lines)
