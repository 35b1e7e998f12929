"""What the known operations make of changes, and what changes make of them.

A change that no operation is affected by hurts nobody who is known. One that some are affected by
names them and their clients. Beside that an operation can break, or become dearer to answer.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from graphql import GraphQLSchema

from supergraph.checks.change import Criticality, SchemaChange
from supergraph.checks.finding import AffectedOperation, Finding, Level, Stage
from supergraph.checks.operations.affected import Touched, touched_by
from supergraph.checks.operations.examine import Examination, Problem
from supergraph.checks.operations.model import KnownOperation
from supergraph.checks.operations.plans import PlanFigures
from supergraph.checks.settings import PlanSettings, UsageSettings
from supergraph.errors import SourceLocation

BROKEN = "OPERATION_BROKEN"
INVALID = "OPERATION_INVALID"
MORE_CALLS = "PLAN_MORE_CALLS"
LONGER_CHAIN = "PLAN_LONGER_CHAIN"
UNRESOLVABLE = "PLAN_FIELD_UNRESOLVABLE"
NO_PLAN = "PLAN_IMPOSSIBLE"

Examined = Sequence[tuple[KnownOperation, Examination]]


@dataclass(frozen=True, slots=True)
class UsedChange:
    """A change with the uses that it touches."""

    change: SchemaChange
    touched: Touched

    @property
    def concerns_clients(self) -> bool:
        """Whether operations can tell: not what subgraphs agree on among themselves."""
        return self.change.subgraph is None and self.change.criticality is not Criticality.SAFE


def used_changes(changes: Iterable[SchemaChange], schema: GraphQLSchema) -> list[UsedChange]:
    """The changes with what they touch; `schema` is what clients saw before."""
    return [UsedChange(change, touched_by(change, schema)) for change in changes]


def wanted_uses(changes: Iterable[UsedChange]) -> frozenset[str]:
    """The uses that decide on any of the changes."""
    found: set[str] = set()
    for item in changes:
        if item.concerns_clients:
            found |= item.touched.uses | item.touched.unless
    return frozenset(found)


def with_usage(
    finding: Finding, used: UsedChange, examined: Examined, settings: UsageSettings
) -> Finding:
    """The finding of a change with the operations it affects, and graded by them."""
    if not used.concerns_clients or not examined:
        return finding
    affected = tuple(
        operation.affected()
        for operation, examination in examined
        if used.touched.affects(examination.uses)
    )
    if affected:
        return replace(finding, operations=affected)
    count = len(examined)
    if not settings.unused_is_safe:
        return finding
    reason = (
        f"None of the {count} known operations is affected."
        if count != 1
        else "The one known operation is not affected."
    )
    return replace(
        finding,
        criticality=Criticality.SAFE,
        level=Level.NOTE,
        reasons=(*finding.reasons, reason),
    )


def operation_findings(examined: Examined, *, compared: bool, plans: PlanSettings) -> list[Finding]:
    """What there is to say of single operations; `compared` tells whether there is a base."""
    found: list[Finding] = []
    for operation, examination in examined:
        if examination.problems:
            found.append(_invalid(operation, examination, compared=compared))
        elif plans.compare:
            found += _plan_findings(operation, examination, plans)
    return found


def _invalid(operation: KnownOperation, examination: Examination, *, compared: bool) -> Finding:
    first = examination.problems[0]
    more = len(examination.problems) - 1
    also = f" (and {more} more {'error' if more == 1 else 'errors'})" if more else ""
    affected = operation.affected()
    named = _sentence_name(affected)
    if compared and examination.had_problems:
        return Finding(
            Stage.OPERATIONS,
            INVALID,
            Level.NOTE,
            f"{named} is not valid, and was not before: {first.message}{also}",
            locations=_places(operation, first),
            operations=(affected,),
            existing=True,
        )
    said = "is not valid any more" if compared else "is not valid"
    return Finding(
        Stage.OPERATIONS,
        BROKEN if compared else INVALID,
        Level.ERROR,
        f"{named} {said}: {first.message}{also}",
        locations=_places(operation, first),
        operations=(affected,),
        criticality=Criticality.BREAKING,
    )


def _plan_findings(
    operation: KnownOperation, examination: Examination, settings: PlanSettings
) -> Iterable[Finding]:
    old, new = examination.old_plan, examination.new_plan
    if new is None or new == old:
        return
    affected = operation.affected()
    named = _sentence_name(affected)
    for code, message in _plan_changes(old, new, settings):
        yield Finding(
            Stage.OPERATIONS,
            code,
            Level.WARNING,
            f"{named} {message}",
            locations=_places(operation, Problem("")),
            operations=(affected,),
        )


def _plan_changes(
    old: PlanFigures | None, new: PlanFigures, settings: PlanSettings
) -> Iterable[tuple[str, str]]:
    if new.problem is not None:
        if old is None or old.problem is None:
            yield NO_PLAN, f"has no plan: {new.problem}"
        return
    known = set(old.unresolvable) if old is not None else set()
    lost = [path for path in new.unresolvable if path not in known]
    if lost:
        yield UNRESOLVABLE, f"asks for what no subgraph can be asked for: {', '.join(lost)}."
    if old is None or old.problem is not None:
        return
    if new.calls - old.calls >= settings.min_more_calls:
        yield MORE_CALLS, f"takes {new.calls} subgraph calls instead of {old.calls}."
    if new.chain > old.chain:
        yield (
            LONGER_CHAIN,
            f"waits for {new.chain} subgraph calls one after the other instead of {old.chain}.",
        )


def _sentence_name(operation: AffectedOperation) -> str:
    name = (
        f'The operation "{operation.name}"'
        if operation.name
        else (f"The operation {operation.id[:12]}")
    )
    clients = ", ".join(dict.fromkeys(str(client) for client in operation.clients))
    return f"{name} of {clients}" if clients else name


def _places(operation: KnownOperation, problem: Problem) -> tuple[SourceLocation, ...]:
    place = operation.place(problem.line)
    if place is None:
        return ()
    # In a manifest or usage file the document is one long string: its columns are not the file's.
    is_document = place[0].endswith((".graphql", ".gql"))
    return (SourceLocation("", place[1], problem.column if is_document else 1, place[0]),)
