"""Exceptions that a team has signed off: in a file in the repository, reviewed like code.

    exceptions:
      - kind: FIELD_REMOVED
        path: Product.price
        who: jane@example.com
        why: The last client moved to Product.cost in March.
        until: 2026-12-31

`kind` and `path` may have `*` for any characters. An exception lets findings pass until the end of
its last day, and is then itself what fails the check: it has to be renewed or removed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from fnmatch import fnmatchcase

from pydantic import Field

from supergraph.checks.change import Criticality
from supergraph.checks.finding import Acceptance, Finding, Level, Stage
from supergraph.checks.usage import BROKEN
from supergraph.checks.yaml_file import ConfigModel, parse_model
from supergraph.errors import SourceLocation

EXPIRED = "EXCEPTION_EXPIRED"


class PolicyException(ConfigModel):
    """One exception."""

    kind: str = Field(min_length=1, max_length=200)
    """Code of the findings it accepts: a kind of change, a lint rule's name, PLAN_MORE_CALLS."""
    path: str = Field(min_length=1, max_length=500)
    """Schema coordinate, or the name of an operation."""
    who: str = Field(min_length=1, max_length=200)
    """Who has signed it off."""
    why: str = Field(min_length=1, max_length=2000)
    """Why it may pass."""
    until: date
    """The last day on which it does."""


class ExceptionsFile(ConfigModel):
    """`dictamesh.exceptions.yaml`."""

    exceptions: tuple[PolicyException, ...] = ()
    """All exceptions."""


@dataclass(frozen=True, slots=True)
class Policy:
    """The exceptions with the line of the file that each begins on."""

    file: str
    exceptions: tuple[tuple[int, PolicyException], ...] = ()


def parse_policy(text: str, file: str) -> Policy:
    """Read the exceptions.

    Raises:
        CheckInputError: with every problem found.
    """
    found = parse_model(text, file, ExceptionsFile)
    lines = _lines_of_items(text)
    return Policy(file, tuple(zip(lines, found.exceptions, strict=True)))


def _lines_of_items(text: str) -> list[int]:
    from ruamel.yaml import YAML

    listed = YAML(typ="rt").load(text).get("exceptions") or ()
    return [item.lc.line + 1 for item in listed]


def accept(
    findings: Sequence[Finding], policy: Policy, today: date
) -> tuple[list[Finding], tuple[str, ...]]:
    """The findings, those accepted that a valid exception names; and notes on unneeded ones."""
    valid = [(line, item) for line, item in policy.exceptions if today <= item.until]
    used: set[int] = set()
    found: list[Finding] = []
    for finding in findings:
        match = _match(finding, valid)
        if match is None:
            found.append(finding)
        else:
            used.add(match[0])
            found.append(_accepted(finding, match[1]))
    notes = tuple(
        f"{policy.file}:{line}: nothing needs the exception for {item.kind} at {item.path} any "
        "more; remove it."
        for line, item in valid
        if line not in used
    )
    return _accept_broken(found), notes


def expired_in(policy: Policy, today: date) -> list[Finding]:
    """A finding for each exception that has ended."""
    return [
        Finding(
            Stage.POLICY,
            EXPIRED,
            Level.ERROR,
            f"The exception for {item.kind} at {item.path}, signed off by {item.who}, ended on "
            f"{item.until}: renew it or remove it.",
            coordinate=item.path,
            locations=(SourceLocation("", line, 1, policy.file),),
        )
        for line, item in policy.exceptions
        if today > item.until
    ]


def _match(
    finding: Finding, exceptions: Sequence[tuple[int, PolicyException]]
) -> tuple[int, PolicyException] | None:
    if finding.level is Level.NOTE:
        return None
    names = [finding.coordinate] if finding.coordinate else []
    if finding.stage is Stage.OPERATIONS:
        names += [name for item in finding.operations for name in (item.name, item.id) if name]
    for line, item in exceptions:
        if fnmatchcase(finding.code, item.kind) and any(
            fnmatchcase(name, item.path) for name in names
        ):
            return line, item
    return None


def _accepted(finding: Finding, item: PolicyException) -> Finding:
    return replace(finding, level=Level.NOTE, accepted=Acceptance(item.who, item.why, item.until))


def _accept_broken(findings: Sequence[Finding]) -> list[Finding]:
    """Operations that broke by accepted changes only are accepted with them."""
    by_operation: dict[str, list[Finding]] = {}
    for finding in findings:
        if finding.stage is Stage.CHANGES and finding.criticality is Criticality.BREAKING:
            for operation in finding.operations:
                by_operation.setdefault(operation.id, []).append(finding)
    found = []
    for finding in findings:
        if finding.code == BROKEN and finding.accepted is None:
            causes = by_operation.get(finding.operations[0].id, [])
            acceptances = [cause.accepted for cause in causes if cause.accepted is not None]
            if causes and len(acceptances) == len(causes):
                found.append(replace(finding, level=Level.NOTE, accepted=acceptances[0]))
                continue
        found.append(finding)
    return found
