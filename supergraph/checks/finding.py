"""One thing a check has to say: what every report is made of.

The stages of a check differ in what they look at, not in what they say: a code, a sentence, places,
and whether it fails the check. So each gives findings, and a report needs to know findings only.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from supergraph.checks.change import Criticality
from supergraph.errors import SourceLocation


class Stage(StrEnum):
    """Which part of the check found it."""

    COMPOSITION = "composition"
    CHANGES = "changes"
    OPERATIONS = "operations"
    LINT = "lint"
    CONTRACTS = "contracts"
    POLICY = "policy"


class Level(StrEnum):
    """How much attention a finding deserves, most first. Only errors fail a check."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Client:
    """Who sends an operation; `count` is how often it was seen, 0 where nobody counted."""

    name: str
    version: str | None = None
    count: int = 0

    def __str__(self) -> str:
        return f"{self.name} {self.version}" if self.version else self.name


@dataclass(frozen=True, slots=True)
class AffectedOperation:
    """A known operation that a finding is about."""

    id: str
    name: str | None
    clients: tuple[Client, ...] = ()
    file: str | None = None
    line: int | None = None

    def __str__(self) -> str:
        return self.name or f"operation {self.id[:12]}"


@dataclass(frozen=True, slots=True)
class Acceptance:
    """An exception of the team's policy that lets a finding pass."""

    who: str
    why: str
    until: date


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found.

    `code` is stable: a kind of change, a composition code, the name of a lint rule. `locations`
    are places of the proposed graph, the nearest where the element itself is gone;
    `base_locations` say where it was. `criticality` is that of a change. `reasons` tell why a
    change is graded other than its kind says. `variant` names the contract it is about. `existing`
    marks what the base has, too.
    """

    stage: Stage
    code: str
    level: Level
    message: str
    coordinate: str | None = None
    locations: tuple[SourceLocation, ...] = ()
    base_locations: tuple[SourceLocation, ...] = ()
    subgraph: str | None = None
    variant: str | None = None
    criticality: Criticality | None = None
    reasons: tuple[str, ...] = ()
    operations: tuple[AffectedOperation, ...] = ()
    accepted: Acceptance | None = None
    existing: bool = False

    @property
    def fails(self) -> bool:
        """Whether the check does not pass because of it."""
        return self.level is Level.ERROR
