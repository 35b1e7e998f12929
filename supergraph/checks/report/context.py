"""What every form needs: paths as the repository knows them, and how findings are told."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from supergraph.checks.finding import Finding, Level, Stage
from supergraph.checks.result import CheckResult, ExitCode
from supergraph.errors import SourceLocation

OUTCOMES: Mapping[int, str] = {
    ExitCode.FINE: "passed",
    ExitCode.BREAKING: "breaking",
    ExitCode.COMPOSITION: "does not compose",
    ExitCode.RULES: "breaks rules",
}

TITLES: Mapping[Stage, str] = {
    Stage.COMPOSITION: "Composition",
    Stage.CHANGES: "Changes",
    Stage.OPERATIONS: "Operations",
    Stage.CONTRACTS: "Variants",
    Stage.LINT: "Lint",
    Stage.POLICY: "Exceptions",
}

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufffe\uffff]")


@dataclass(frozen=True, slots=True)
class ReportContext:
    """`root` is the repository's directory, from which CI systems count paths.

    `fallback` is the file to point at where a finding has no place; `version` is ours.
    """

    root: Path
    fallback: str = "supergraph.yaml"
    version: str = "0"

    def path(self, file: str) -> str:
        """A file's path from the root, with slashes; as it is if it is not below."""
        if urlsplit(file).scheme in ("http", "https"):
            return file
        path = Path(file)
        try:
            absolute = path if path.is_absolute() else Path.cwd() / path
            return absolute.relative_to(self.root).as_posix()
        except (ValueError, OSError):
            return path.as_posix()

    def place(self, finding: Finding) -> SourceLocation:
        """The first place of a finding that is in a file, or the beginning of the fallback."""
        for place in finding.locations:
            if place.file is not None:
                return SourceLocation(
                    place.subgraph, place.line, place.column, self.path(place.file)
                )
        return SourceLocation(finding.subgraph or "", 1, 1, self.path(self.fallback))


def full_message(finding: Finding) -> str:
    """The sentence with what belongs to it: variant, reasons, affected operations, acceptance."""
    parts = [finding.message]
    if finding.variant is not None and finding.stage is Stage.CONTRACTS:
        parts.append(f'This shows in the variant "{finding.variant}" only.')
    parts += finding.reasons
    if finding.stage is not Stage.OPERATIONS and finding.operations:
        parts.append(f"Affected: {named_operations(finding)}.")
    if finding.accepted is not None:
        accepted = finding.accepted
        parts.append(f"Accepted by {accepted.who} until {accepted.until}: {accepted.why}")
    if finding.existing:
        parts.append("The base has this already.")
    return plain(" ".join(parts))


def named_operations(finding: Finding, most: int = 5) -> str:
    """The affected operations with their clients, the first few by name."""
    names = []
    for operation in finding.operations[:most]:
        clients = ", ".join(dict.fromkeys(str(client) for client in operation.clients))
        names.append(f"{operation} ({clients})" if clients else str(operation))
    more = len(finding.operations) - most
    return ", ".join(names) + (f" and {more} more" if more > 0 else "")


def plain(text: str) -> str:
    """The text without characters that no report may carry."""
    return _CONTROL.sub(" ", text)


def counted(result: CheckResult) -> str:
    """What was found, in words: `2 errors, 1 warning, 5 notes`."""
    counts = Counter(finding.level for finding in result.findings)
    return ", ".join(
        f"{counts[level]} {level.value}{'' if counts[level] == 1 else 's'}" for level in Level
    )


def headline(result: CheckResult) -> str:
    """One sentence on the outcome."""
    said = OUTCOMES.get(result.exit_code, "failed")
    return plain(f"{result.proposed} against {result.base}: {said} ({counted(result)}).")


def figures(result: CheckResult) -> str:
    """How much was looked at."""
    parts = [_number(result.figures.subgraphs, "subgraph")]
    if result.figures.operations:
        affected = f" ({result.figures.operations_affected} affected)"
        parts.append(_number(result.figures.operations, "operation") + affected)
    if result.figures.variants:
        parts.append(_number(result.figures.variants, "variant"))
    if result.figures.lint_rules:
        parts.append(_number(result.figures.lint_rules, "lint rule"))
    return ", ".join(parts)


def _number(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def shown(findings: Iterable[Finding]) -> list[Finding]:
    """What a person wants to see first: not what the base has already and nobody has to mend."""
    return [item for item in findings if not (item.existing and item.level is Level.NOTE)]


def problems(findings: Iterable[Finding]) -> list[Finding]:
    """What somebody may have to mend, and what was let pass: for marks at lines of code."""
    return [item for item in findings if item.level is not Level.NOTE or item.accepted is not None]
