"""Run the rules that the settings want over a graph, and forgive what the base has already."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from pydantic import BaseModel, ValidationError

from supergraph.checks.errors import CheckInputError
from supergraph.checks.finding import Finding, Level, Stage
from supergraph.checks.lint.registry import known_rules
from supergraph.checks.lint.rule import LintFinding, LintGraph, LintRule
from supergraph.checks.settings import LintSettings, RuleSettings, RuleSeverity
from supergraph.model import Supergraph
from supergraph.subgraph.load import ParsedSubgraph, build_subgraph


@dataclass(frozen=True, slots=True)
class ActiveRule:
    """A rule as the settings want it."""

    rule: LintRule
    severity: RuleSeverity
    options: BaseModel


def active_rules(settings: LintSettings) -> tuple[ActiveRule, ...]:
    """The rules that are not off.

    Raises:
        CheckInputError: if the settings name a rule or option that there is not.
    """
    known = known_rules()
    problems = [
        f'There is no lint rule "{name}"; there are: {", ".join(known)}.'
        for name in settings.rules
        if name not in known
    ]
    found = []
    for name, rule in known.items():
        given = settings.rules.get(name, RuleSettings())
        try:
            options = rule.options_model.model_validate(given.options)
        except ValidationError as error:
            problems += [
                f'The lint rule "{name}": option {".".join(map(str, item["loc"]))}: {item["msg"]}.'
                for item in error.errors(include_url=False, include_input=False)
            ]
            continue
        severity = given.severity or rule.severity
        if severity is not RuleSeverity.OFF:
            found.append(ActiveRule(rule, severity, options))
    if problems:
        raise CheckInputError(*problems)
    return tuple(found)


def lint_graph(
    parsed: Iterable[ParsedSubgraph], supergraph: Supergraph, *, places: bool = True
) -> LintGraph:
    """What rules are shown of subgraphs that compose."""
    subgraphs, parts = [], {}
    for item in parsed:
        built = build_subgraph(item)
        if built.subgraph is not None:
            subgraphs.append(built.subgraph)
        if item.given.parts:
            parts[item.given.name] = item.given.parts
    return LintGraph(tuple(subgraphs), supergraph, parts, places)


def lint(
    graph: LintGraph,
    base: LintGraph | None,
    rules: Sequence[ActiveRule],
    settings: LintSettings,
) -> list[Finding]:
    """The findings of all rules, in the order of the rules, then of the graph.

    With a base, what it has as well is marked as existing and, with grace, only a note.
    """
    found: list[Finding] = []
    for active in rules:
        known = {
            (item.coordinate, item.subgraph)
            for item in _run(active, base, settings)
        } if base is not None else set()  # fmt: skip
        for item in _run(active, graph, settings):
            existing = (item.coordinate, item.subgraph) in known
            found.append(_finding(active, item, existing=existing, grace=settings.grace))
    return found


def _run(active: ActiveRule, graph: LintGraph | None, settings: LintSettings) -> list[LintFinding]:
    if graph is None:
        return []
    return [
        item
        for item in active.rule.check(graph, active.options)
        if not any(fnmatchcase(item.coordinate, pattern) for pattern in settings.ignore)
    ]


_LEVELS: Mapping[RuleSeverity, Level] = {
    RuleSeverity.ERROR: Level.ERROR,
    RuleSeverity.WARNING: Level.WARNING,
}


def _finding(active: ActiveRule, item: LintFinding, *, existing: bool, grace: bool) -> Finding:
    return Finding(
        stage=Stage.LINT,
        code=active.rule.name,
        level=Level.NOTE if existing and grace else _LEVELS[active.severity],
        message=item.message,
        coordinate=item.coordinate,
        locations=item.locations,
        subgraph=item.subgraph,
        existing=existing,
    )
