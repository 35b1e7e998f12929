"""A check, stage by stage: what was read in, a `CheckResult` out.

    inputs ─→ compose ─→ differences ─→ operations ─→ contracts ─→ lint ─→ policy ─→ levels

The stages are functions over values; nothing here reads a file or asks a server.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace

from supergraph.cache import CompositionCache
from supergraph.checks.beside import MIN_BESIDE, beside
from supergraph.checks.change import Criticality, SchemaChange
from supergraph.checks.changes_found import change_finding, findings_of, graph_changes
from supergraph.checks.contracts import VariantCheck, check_variants
from supergraph.checks.errors import CheckInputError
from supergraph.checks.existing import mark_existing
from supergraph.checks.finding import Finding, Level, Stage
from supergraph.checks.inputs import CheckInputs
from supergraph.checks.lint.run import ActiveRule, active_rules, lint, lint_graph
from supergraph.checks.operations.examine import examine_all
from supergraph.checks.operations.model import KnownOperation
from supergraph.checks.operations.plans import PlannerFactory
from supergraph.checks.operations.read import read_operations
from supergraph.checks.policy import accept, expired_in, parse_policy
from supergraph.checks.regrade import RegradeOptions, reachable_names, regrade
from supergraph.checks.result import CheckResult, Figures
from supergraph.checks.settings import FailOn, GradingSettings, LintSettings
from supergraph.checks.side import (
    Composed,
    Failed,
    GraphSide,
    compose_side,
    composing_beside,
    merged_side,
)
from supergraph.checks.sources.read import subgraphs_of
from supergraph.checks.sources.source import GraphSource
from supergraph.checks.store import Store
from supergraph.checks.usage import (
    Examined,
    operation_findings,
    used_changes,
    wanted_uses,
    with_usage,
)
from supergraph.collection import collection_paused
from supergraph.errors import CompositionError
from supergraph.hints import CompositionHint, HintLevel
from supergraph.subgraph.load import ParsedSubgraph


def check(
    inputs: CheckInputs, planner: PlannerFactory | None = None, store: Store | None = None
) -> CheckResult:
    """Check a proposed graph.

    Raises:
        CheckInputError: if an input is not what it should be; nothing was checked then.
    """
    with collection_paused():
        return _check(inputs, planner, store or Store(None))


def _check(inputs: CheckInputs, planner: PlannerFactory | None, store: Store) -> CheckResult:
    settings = inputs.settings
    rules = active_rules(settings.lint)
    policy = parse_policy(inputs.exceptions[1], inputs.exceptions[0]) if inputs.exceptions else None
    cache = CompositionCache(keep_all=True)
    notes: list[str] = []

    with (
        _reading_operations(inputs) as operations_read,
        composing_beside(inputs.base, inputs.proposed, cache, store) as base_composed,
    ):
        proposed = compose_side(inputs.proposed, cache, store)
        operations = operations_read()
        base = _base(inputs, proposed, cache, store, base_composed)
    old = base.side
    new, errors = _checkable(inputs, proposed, base, cache)
    if new is None:
        return _not_composed(inputs, errors, proposed.hints)
    notes += base.notes

    with _linting(base, new, rules, settings.lint, cache) as lint_findings:
        changes = graph_changes(old, new) if old is not None else []
        if old is not None:
            changes = _graded(changes, old, settings.grading)
        variants = check_variants(settings.contracts, old, new, changes, store)
        all_changes = [*changes, *(item.change for item in variants.changes)]
        used = used_changes(all_changes, (old or new).api_schema)
        examined: Examined = tuple(
            zip(
                operations,
                examine_all(
                    operations, new, old,
                    wanted_uses=wanted_uses(used),
                    planner=planner if settings.plans.compare else None,
                    store=store,
                ),
                strict=True,
            )
        )  # fmt: skip
        linted, forgiven = lint_findings()

    findings = [*errors, *_hint_findings(new.hints)]
    if old is not None:
        graded = [*findings_of(changes, old, new), *_variant_findings(variants, old, new)]
        findings += [
            with_usage(finding, item, examined, settings.usage)
            for finding, item in zip(graded, used, strict=True)
        ]
    findings += operation_findings(examined, compared=old is not None, plans=settings.plans)
    findings += variants.findings
    notes += variants.notes
    if forgiven:
        notes.append(f"The base has {forgiven:,} lint findings already; they are let pass.")
    findings += linted
    findings = [_levelled(finding, settings.fail_on) for finding in findings]
    unused: tuple[str, ...] = ()
    if policy is not None:
        findings, unused = accept(findings, policy, inputs.today)
        findings += [
            _levelled(finding, settings.fail_on) for finding in expired_in(policy, inputs.today)
        ]
    affected = {operation.id for finding in findings for operation in finding.operations}
    return CheckResult(
        base=_label(inputs.base),
        proposed=inputs.proposed.label,
        findings=tuple(sorted(findings, key=_order)),
        notes=(*notes, *unused),
        figures=Figures(
            subgraphs=len(new.supergraph.graphs) if new.supergraph is not None else 0,
            operations=len(operations),
            operations_affected=len(affected),
            lint_rules=len(rules),
            variants=len(settings.contracts),
        ),
    )


# --- The parts of it -----------------------------------------------------------------------------


def _not_composed(
    inputs: CheckInputs, errors: Sequence[Finding], hints: Iterable[CompositionHint]
) -> CheckResult:
    return CheckResult(
        base=_label(inputs.base),
        proposed=inputs.proposed.label,
        # Nothing else could be checked, so that this fails whoever broke it.
        findings=(*(replace(item, level=Level.ERROR) for item in errors), *_hint_findings(hints)),
        notes=("The subgraphs do not compose, so nothing else was checked.",),
        figures=Figures(subgraphs=len(inputs.proposed.subgraphs)),
    )


@dataclass(frozen=True, slots=True)
class _Base:
    """What there is to compare with; with `errors` it was broken before the change."""

    source: GraphSource | None = None
    side: GraphSide | None = None
    errors: tuple[CompositionError, ...] = ()
    notes: tuple[str, ...] = ()


def _base(
    inputs: CheckInputs,
    new: GraphSide | Failed,
    cache: CompositionCache,
    store: Store,
    composed: Composed | None,
) -> _Base:
    source = inputs.base
    if source is None:
        return _Base(notes=("There is no base, so nothing was compared.",))
    like = new if isinstance(new, GraphSide) else None
    if like is None and not source.subgraphs:
        return _Base()  # it is composed: none of what is wrong now was wrong there
    side = compose_side(source, cache, store, composed=composed, like=like)
    if isinstance(side, Failed):
        merged = merged_side(source, cache, like)
        first, more = side.errors[0], len(side.errors) - 1
        sentence = first.message.partition("\n")[0].rstrip(" .:")
        also = f" (and {more} more {'error' if more == 1 else 'errors'})" if more else ""
        said = f"{first.code}: {sentence}{also}"
        told = f"{source.label} does not compose, without this change: {said}."
        if merged is not None:
            note = f"{told} It was compared all the same: only some of its queries have no plan."
            return _Base(source, merged, side.errors, (note,))
        if like is not None:
            # To pass what was compared with nothing would be taken for a check.
            raise CheckInputError(f"{told} With --base none nothing is compared.")
        return _Base(source, None, side.errors)
    if side.supergraph is None:
        return _Base(
            source,
            side,
            notes=(
                f"Only the API schema of {side.source.label} is known: differences between "
                "subgraphs, plans and what was there before were not looked at.",
            ),
        )
    return _Base(source, side)


def _checkable(
    inputs: CheckInputs, proposed: GraphSide | Failed, base: _Base, cache: CompositionCache
) -> tuple[GraphSide | None, list[Finding]]:
    """The proposed graph, if it can be checked, and why it does not compose.

    Where it only has queries without a plan, and the base has these as well, the rest of the check
    is worth as much as ever.
    """
    if isinstance(proposed, GraphSide):
        return proposed, []
    marked = mark_existing(proposed.errors, base.errors)
    errors = [
        Finding(
            Stage.COMPOSITION,
            error.code.value,
            Level.WARNING if existing else Level.ERROR,
            error.message,
            error.coordinate,
            error.locations,
            existing=existing,
        )
        for error, existing in marked
    ]
    if base.side is None or not all(existing for _, existing in marked):
        return None, errors
    return merged_side(inputs.proposed, cache, base.side), errors


def _graded(
    changes: Sequence[SchemaChange], old: GraphSide, settings: GradingSettings
) -> list[SchemaChange]:
    options = RegradeOptions(
        dangerous_is_breaking=settings.dangerous_is_breaking,
        ignore_descriptions=settings.ignore_descriptions,
        suppress_deprecated_removals=settings.allow_deprecated_removals,
        safe_unreachable=settings.unreachable_is_safe,
        simplify=settings.simplify,
        ignore_directives=frozenset(settings.ignore_directives),
        kinds={
            kind: None if grade == "ignore" else Criticality(grade)
            for kind, grade in settings.kinds.items()
        },
    )
    # Only this option asks what can be reached, and finding out takes a while.
    reachable = reachable_names(old.sdl) if settings.unreachable_is_safe else ()
    return regrade(changes, options, reachable)


def _label(source: GraphSource | None) -> str:
    return source.label if source is not None else "nothing"


def _hint_findings(hints: Iterable[CompositionHint]) -> list[Finding]:
    return [
        Finding(
            Stage.COMPOSITION,
            hint.code.value,
            Level.WARNING if hint.code.level is HintLevel.WARN else Level.NOTE,
            hint.message,
            hint.coordinate,
            hint.locations,
        )
        for hint in hints
        if hint.code.level is not HintLevel.DEBUG
    ]


def _variant_findings(variants: VariantCheck, old: GraphSide, new: GraphSide) -> list[Finding]:
    return [
        change_finding(
            item.change, new.places, old.places, stage=Stage.CONTRACTS, variant=item.variant
        )
        for item in variants.changes
    ]


def _reading_operations(
    inputs: CheckInputs,
) -> AbstractContextManager[Callable[[], tuple[KnownOperation, ...]]]:
    def read() -> tuple[KnownOperation, ...]:
        if not inputs.operations:
            return ()
        return read_operations(inputs.operations, inputs.settings.usage)

    size = sum(len(file.content) for file in inputs.operations)
    return beside(read, worthwhile=size > MIN_BESIDE)


def _linting(
    base: _Base,
    new: GraphSide,
    rules: Sequence[ActiveRule],
    settings: LintSettings,
    cache: CompositionCache,
) -> AbstractContextManager[Callable[[], tuple[list[Finding], int]]]:
    def found() -> tuple[list[Finding], int]:
        linted = _lint(base, new, rules, settings, cache)
        if not settings.grace:
            return linted, 0
        # A large graph has tens of thousands of them, and nobody is to mend them now.
        kept = [finding for finding in linted if not finding.existing]
        return kept, len(linted) - len(kept)

    return beside(found, worthwhile=len(new.sdl) > MIN_BESIDE)


def _lint(
    base: _Base,
    new: GraphSide,
    rules: Sequence[ActiveRule],
    settings: LintSettings,
    cache: CompositionCache,
) -> list[Finding]:
    if not rules or new.supergraph is None:
        return []
    before = None
    if base.side is not None and base.side.supergraph is not None:
        before = lint_graph(_parsed(base.side.source, cache), base.side.supergraph, places=False)
    elif base.source is not None and base.errors:
        # What its subgraphs have is not the change's fault either, though they do not compose.
        before = lint_graph(_parsed(base.source, cache), new.supergraph, places=False)
    graph = lint_graph(_parsed(new.source, cache), new.supergraph)
    found = lint(graph, before, rules, settings)
    if new.source.subgraphs:
        return found
    # The subgraphs were taken out of the supergraph: the places meant are those of its file.
    return [replace(item, locations=new.places.nearest(item.coordinate or "")) for item in found]


def _parsed(source: GraphSource, cache: CompositionCache) -> list[ParsedSubgraph]:
    return [cache.parse(given) for given in subgraphs_of(source)]


def _levelled(finding: Finding, fail_on: Collection[FailOn]) -> Finding:
    """The finding as an error if it shall fail the check, and as none if it shall not."""
    if finding.stage is Stage.COMPOSITION:
        fails = finding.level is Level.ERROR or (
            finding.level is Level.WARNING and not finding.existing and FailOn.HINTS in fail_on
        )
    elif finding.stage is Stage.LINT:
        fails = (
            finding.level is Level.ERROR
            and not {FailOn.LINT, FailOn.LINT_WARNINGS}.isdisjoint(fail_on)
        ) or (finding.level is Level.WARNING and FailOn.LINT_WARNINGS in fail_on)
    elif finding.stage is Stage.POLICY:
        fails = FailOn.POLICY in fail_on
    elif finding.code.startswith("PLAN_"):
        fails = FailOn.PLANS in fail_on
    else:
        fails = (
            finding.level is Level.ERROR
            and not {FailOn.BREAKING, FailOn.DANGEROUS}.isdisjoint(fail_on)
        ) or (finding.level is Level.WARNING and FailOn.DANGEROUS in fail_on)
    if fails:
        return replace(finding, level=Level.ERROR)
    return replace(finding, level=Level.WARNING) if finding.level is Level.ERROR else finding


_LEVELS = (Level.ERROR, Level.WARNING, Level.NOTE)
_STAGES = tuple(Stage)


def _order(finding: Finding) -> tuple[int, int]:
    """What fails first, then stage by stage, each in the order found."""
    return _LEVELS.index(finding.level), _STAGES.index(finding.stage)
