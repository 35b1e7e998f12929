"""Workflow commands of GitHub Actions: the runner marks the lines in the pull request.

Source: "Workflow commands for GitHub Actions", setting an error, a warning and a notice message.
"""

from __future__ import annotations

from supergraph.checks.finding import Level
from supergraph.checks.report.context import ReportContext, full_message, headline, problems
from supergraph.checks.result import CheckResult

_COMMANDS = {Level.ERROR: "error", Level.WARNING: "warning", Level.NOTE: "notice"}


def render(result: CheckResult, context: ReportContext) -> str:
    """A line per finding, what fails first: the runner shows ten of each kind."""
    lines = []
    for finding in problems(result.findings):
        place = context.place(finding)
        lines.append(
            f"::{_COMMANDS[finding.level]} file={_property(place.file or '')},line={place.line},"
            f"col={place.column},title={_property(finding.code)}::{_data(full_message(finding))}"
        )
    lines.append(_data(headline(result)))
    return "\n".join(lines) + "\n"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
