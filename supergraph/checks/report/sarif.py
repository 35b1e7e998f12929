"""SARIF 2.1.0: for code scanning, and for editors that show its results.

Source: OASIS, "Static Analysis Results Interchange Format (SARIF) Version 2.1.0".
"""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

from supergraph.checks.finding import Finding, Level
from supergraph.checks.report.context import ReportContext, full_message, plain, problems
from supergraph.checks.report.gitlab import fingerprints
from supergraph.checks.result import CheckResult
from supergraph.errors import SourceLocation

SCHEMA = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)

_LEVELS = {Level.ERROR: "error", Level.WARNING: "warning", Level.NOTE: "note"}


def render(result: CheckResult, context: ReportContext) -> str:
    """One run with one result per finding."""
    findings = problems(result.findings)
    stages = {finding.code: finding.stage.value for finding in findings}
    codes = list(stages)
    results = [
        _result(finding, codes.index(finding.code), fingerprint, context)
        for finding, fingerprint in zip(findings, fingerprints(findings), strict=True)
    ]
    notes = [{"level": "note", "message": {"text": plain(note)}} for note in result.notes]
    invocation = {
        "executionSuccessful": True,
        "exitCode": result.exit_code,
        "toolExecutionNotifications": notes,
    }
    run = {
        "tool": {
            "driver": {
                "name": "DictaMesh",
                "semanticVersion": context.version,
                "rules": [
                    {
                        "id": code,
                        "shortDescription": {"text": _words(code)},
                        "properties": {"tags": [stages[code]]},
                    }
                    for code in codes
                ],
            }
        },
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {"SRCROOT": {"description": {"text": "The repository's directory."}}},
        "invocations": [invocation],
        "results": results,
    }
    log = {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}
    return json.dumps(log, indent=2, ensure_ascii=False) + "\n"


def _result(
    finding: Finding, rule: int, fingerprint: str, context: ReportContext
) -> dict[str, Any]:
    properties: dict[str, Any] = {"stage": finding.stage.value}
    if finding.coordinate:
        properties["coordinate"] = finding.coordinate
    if finding.criticality is not None:
        properties["criticality"] = finding.criticality.value
    if finding.variant is not None:
        properties["variant"] = finding.variant
    if finding.operations:
        properties["operations"] = [str(item) for item in finding.operations]
    found: dict[str, Any] = {
        "ruleId": finding.code,
        "ruleIndex": rule,
        "level": _LEVELS[finding.level],
        "message": {"text": full_message(finding)},
        "locations": [_location(context.place(finding))],
        "partialFingerprints": {"dictamesh/v1": fingerprint},
        "baselineState": "unchanged" if finding.existing else "new",
        "properties": properties,
    }
    others = [place for place in finding.locations if place.file is not None][1:]
    if others:
        found["relatedLocations"] = [
            _location(
                SourceLocation(item.subgraph, item.line, item.column, context.path(item.file or ""))
            )
            for item in dict.fromkeys(others)
        ]
    if finding.accepted is not None:
        accepted = finding.accepted
        said = f"{accepted.who}, until {accepted.until}: {accepted.why}"
        found["suppressions"] = [
            {"kind": "external", "status": "accepted", "justification": plain(said)}
        ]
    return found


def _location(place: SourceLocation) -> dict[str, Any]:
    file = place.file or ""
    artifact: dict[str, str] = {"uri": quote(file, safe="/:@-._~")}
    if "://" not in file and not file.startswith("/"):
        artifact["uriBaseId"] = "SRCROOT"
    region = {"startLine": max(1, place.line), "startColumn": max(1, place.column)}
    return {"physicalLocation": {"artifactLocation": artifact, "region": region}}


def _words(code: str) -> str:
    """`FIELD_REMOVED` as people say it."""
    return code.replace("_", " ").replace("-", " ").lower().capitalize() + "."
