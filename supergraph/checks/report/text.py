"""For people at a terminal: a paragraph per finding, what fails last, where the eye is."""

from __future__ import annotations

from supergraph.checks.finding import Finding, Stage
from supergraph.checks.report.context import (
    ReportContext,
    figures,
    full_message,
    headline,
    named_operations,
    plain,
    shown,
)
from supergraph.checks.result import CheckResult

MAX_PLACES = 4


def render(result: CheckResult, context: ReportContext) -> str:
    """The result as text, without colour."""
    findings = shown(result.findings)
    paragraphs = [paragraph(finding) for finding in reversed(findings)]
    paragraphs += [f"note: {plain(note)}\n" for note in result.notes]
    hidden = len(result.findings) - len(findings)
    if hidden:
        paragraphs.append(f"note: {hidden} findings that the base has already are left out.\n")
    summary = f"Looked at {figures(result)}.\n{headline(result)}\n"
    return "\n".join([*paragraphs, summary])


def paragraph(finding: Finding) -> str:
    """One finding: level, code and sentence, its places, and who is affected."""
    grade = f", {finding.criticality.value}" if finding.criticality is not None else ""
    lines = [f"{finding.level.value}[{finding.code}{grade}]: {_sentence(finding)}"]
    lines += [f"  --> {place}" for place in finding.locations[:MAX_PLACES]]
    more = len(finding.locations) - MAX_PLACES
    if more > 0:
        lines.append(f"  … and {more} more {'place' if more == 1 else 'places'}")
    was = [str(place) for place in finding.base_locations if place not in finding.locations]
    if was and finding.stage is Stage.CHANGES:
        lines.append(f"  was at {was[0]}")
    if finding.operations and finding.stage is not Stage.OPERATIONS:
        lines.append(f"  affects {named_operations(finding, 8)}")
    return plain("\n".join(lines)) + "\n"


def _sentence(finding: Finding) -> str:
    from dataclasses import replace

    # Who is affected has a line of its own here.
    without = finding if finding.stage is Stage.OPERATIONS else replace(finding, operations=())
    return full_message(without)
