"""For a comment at a pull or merge request: a headline, tables, and never too long for one."""

from __future__ import annotations

import re
from collections.abc import Sequence

from supergraph.checks.finding import Finding, Level, Stage
from supergraph.checks.report.context import (
    TITLES,
    ReportContext,
    figures,
    full_message,
    headline,
    plain,
    shown,
)
from supergraph.checks.result import CheckResult

MAX_CHARACTERS = 60_000
"""GitHub takes comments of 65,536 characters; GitLab of a million."""

_MAX_ROWS = 100
_SPECIAL = re.compile(r"[\\`*_{}\[\]<>|~#!]")
_MARKS = {Level.ERROR: "❌", Level.WARNING: "⚠️", Level.NOTE: "ℹ️"}  # noqa: RUF001 - a sign, no letter


def render(result: CheckResult, context: ReportContext) -> str:
    """The result as Markdown."""
    mark = "✅" if result.passed else "❌"
    parts = [f"### {mark} Schema check: {_escaped(headline(result))}\n"]
    findings = shown(result.findings)
    for stage in Stage:
        of_stage = [finding for finding in findings if finding.stage is stage]
        if of_stage:
            parts.append(_table(stage, of_stage, context))
    if result.notes:
        parts.append("\n".join(f"- {_escaped(note)}" for note in result.notes) + "\n")
    parts.append(f"<sub>Looked at {_escaped(figures(result))}.</sub>\n")
    return _shortened("\n".join(parts))


def _table(stage: Stage, findings: Sequence[Finding], context: ReportContext) -> str:
    rows = ["| | Where | What |", "|---|---|---|"]
    rows += [
        f"| {_MARKS[finding.level]} | {_where(finding, context)} | "
        f"`{finding.code}` {_escaped(full_message(finding))} |"
        for finding in findings[:_MAX_ROWS]
    ]
    more = len(findings) - _MAX_ROWS
    if more > 0:
        rows.append(f"| | | … and {more} more |")
    count = len(findings)
    table = "\n".join(rows)
    if all(finding.level is Level.NOTE for finding in findings):
        return f"<details><summary>{TITLES[stage]}: {count}</summary>\n\n{table}\n\n</details>\n"
    return f"#### {TITLES[stage]}: {count}\n\n{table}\n"


def _where(finding: Finding, context: ReportContext) -> str:
    parts = []
    if finding.coordinate:
        parts.append(f"`{_in_code(finding.coordinate)}`")
    places = [place for place in finding.locations if place.file is not None]
    if places:
        parts.append(_escaped(f"{context.path(places[0].file or '')}:{places[0].line}"))
    return "<br>".join(parts)


def _in_code(text: str) -> str:
    return plain(text).replace("`", "'").replace("|", "\\|").replace("\n", " ")


def _escaped(text: str) -> str:
    """Text that means nothing to Markdown, and mentions nobody called @key."""
    flat = " ".join(plain(text).split())
    return _SPECIAL.sub(lambda match: f"\\{match[0]}", flat).replace("@", "&#64;")


def _shortened(text: str) -> str:
    if len(text) <= MAX_CHARACTERS:
        return text
    lines: list[str] = []
    length = 0
    for line in text.split("\n"):
        length += len(line) + 1
        if length > MAX_CHARACTERS - 200:
            break
        lines.append(line)
    if "<details>" in "\n".join(lines) and lines.count("</details>") < sum(
        line.startswith("<details>") for line in lines
    ):
        lines.append("\n</details>")
    return "\n".join([*lines, "", "*The rest is left out: see the job's other reports.*", ""])
