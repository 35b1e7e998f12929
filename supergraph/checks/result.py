"""What a check comes to: findings, figures, and the exit code that says why it failed."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum

from supergraph.checks.finding import Finding, Stage

FORMAT_VERSION = 1
"""Of the JSON form; a member that goes or changes its meaning makes it 2."""


class ExitCode(IntEnum):
    """The exit codes of every command that checks; a CI job can tell what to do from them."""

    FINE = 0
    BREAKING = 1
    COMPOSITION = 2
    RULES = 3
    USAGE = 4
    INTERNAL = 70


_EXIT_CODES = {
    Stage.COMPOSITION: ExitCode.COMPOSITION,
    Stage.CHANGES: ExitCode.BREAKING,
    Stage.OPERATIONS: ExitCode.BREAKING,
    Stage.CONTRACTS: ExitCode.BREAKING,
    Stage.LINT: ExitCode.RULES,
    Stage.POLICY: ExitCode.RULES,
}
_SEVEREST_FIRST = (ExitCode.COMPOSITION, ExitCode.BREAKING, ExitCode.RULES)


@dataclass(frozen=True, slots=True)
class Figures:
    """How much was looked at."""

    subgraphs: int = 0
    operations: int = 0
    operations_affected: int = 0
    lint_rules: int = 0
    variants: int = 0


@dataclass(frozen=True, slots=True)
class CheckResult:
    """The outcome of one check. `base` and `proposed` say what was compared, for people.

    `notes` are sentences on what could not be looked at, and on exceptions nobody needs.
    `exit_code` is that of the command: the severest reason to fail, composition before breaking
    before rules.
    """

    base: str
    proposed: str
    findings: tuple[Finding, ...] = ()
    notes: tuple[str, ...] = ()
    figures: Figures = Figures()
    version: int = FORMAT_VERSION
    exit_code: int = field(default=-1)

    def __post_init__(self) -> None:
        if self.exit_code == -1:
            object.__setattr__(self, "exit_code", int(exit_code(self.findings)))

    @property
    def passed(self) -> bool:
        """Whether nothing fails the check."""
        return self.exit_code == ExitCode.FINE


def exit_code(findings: tuple[Finding, ...]) -> ExitCode:
    """The exit code of what was found."""
    codes = {_EXIT_CODES[finding.stage] for finding in findings if finding.fails}
    return next((code for code in _SEVEREST_FIRST if code in codes), ExitCode.FINE)
