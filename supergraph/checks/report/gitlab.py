"""A Code Quality report of GitLab: the merge request shows what is new in it.

Source: GitLab, "Code Quality", "Code Quality report format".
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator

from supergraph.checks.change import Criticality
from supergraph.checks.finding import Finding, Level
from supergraph.checks.report.context import ReportContext, full_message, problems
from supergraph.checks.result import CheckResult
from supergraph.checks.store import digest


def render(result: CheckResult, context: ReportContext) -> str:
    """The report: a list of issues, empty if there are none."""
    findings = problems(result.findings)
    issues = []
    for finding, fingerprint in zip(findings, fingerprints(findings), strict=True):
        place = context.place(finding)
        issues.append(
            {
                "description": full_message(finding),
                "check_name": finding.code,
                "fingerprint": fingerprint,
                "severity": _severity(finding),
                "location": {"path": place.file, "lines": {"begin": place.line}},
            }
        )
    return json.dumps(issues, indent=2, ensure_ascii=False) + "\n"


def fingerprints(findings: Iterable[Finding]) -> Iterator[str]:
    """A name for each finding that stays the same while lines move, and that no other has."""
    seen: dict[str, int] = {}
    for finding in findings:
        operations = [item.id for item in finding.operations]
        parts = [
            finding.stage.value, finding.code, finding.coordinate or finding.message,
            finding.subgraph or "", finding.variant or "",
            *(operations if finding.coordinate is None else ()),
        ]  # fmt: skip
        key = digest(parts)[:40]
        seen[key] = number = seen.get(key, 0) + 1
        yield key if number == 1 else digest([key, str(number)])[:40]


def _severity(finding: Finding) -> str:
    if finding.level is Level.ERROR:
        return "critical" if finding.criticality is Criticality.BREAKING else "major"
    return "minor" if finding.level is Level.WARNING else "info"
