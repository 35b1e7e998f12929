"""JUnit XML, which every CI system shows: a suite per stage, a case per finding.

Source: the schema of Jenkins' xUnit plugin, `junit-10.xsd`.
"""

from __future__ import annotations

from collections.abc import Sequence
from xml.etree import ElementTree

from supergraph.checks.finding import Finding, Level, Stage
from supergraph.checks.report.context import TITLES, ReportContext, full_message, plain, shown
from supergraph.checks.report.text import paragraph
from supergraph.checks.result import CheckResult


def render(result: CheckResult, context: ReportContext) -> str:
    """Suites of all stages; a stage without findings is one case that passes."""
    findings = shown(result.findings)
    root = ElementTree.Element("testsuites", name="dictamesh")
    for stage in Stage:
        _add_suite(root, stage, [item for item in findings if item.stage is stage], context)
    failing = sum(item.fails for item in findings)
    cases = len(root.findall(".//testcase"))
    root.set("tests", str(cases))
    root.set("failures", str(failing))
    ElementTree.indent(root)
    text = ElementTree.tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{text}\n'


def _add_suite(
    root: ElementTree.Element, stage: Stage, findings: Sequence[Finding], context: ReportContext
) -> None:
    suite = ElementTree.SubElement(
        root,
        "testsuite",
        name=TITLES[stage],
        tests=str(len(findings) or 1),
        failures=str(sum(item.fails for item in findings)),
        errors="0",
        skipped="0",
    )
    if not findings:
        ElementTree.SubElement(suite, "testcase", name="nothing found", classname=stage.value)
    for finding in findings:
        about = finding.coordinate or ", ".join(str(item) for item in finding.operations)
        case = ElementTree.SubElement(
            suite,
            "testcase",
            name=plain(f"{finding.code} {about}".strip()),
            classname=f"{stage.value}.{finding.code}",
        )
        if finding.fails:
            failure = ElementTree.SubElement(
                case, "failure", message=full_message(finding), type=finding.code
            )
            failure.text = paragraph(finding)
        elif finding.level is Level.WARNING or finding.accepted is not None:
            ElementTree.SubElement(case, "system-out").text = paragraph(finding)
