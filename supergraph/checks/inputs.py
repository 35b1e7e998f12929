"""All that a check depends on: texts and settings, read before anything is made of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from supergraph.checks.operations.raw import RecordedFile
from supergraph.checks.settings import CheckSettings
from supergraph.checks.sources.source import GraphSource


@dataclass(frozen=True, slots=True)
class CheckInputs:
    """What is proposed, what to compare it with, and by which rules.

    `exceptions` are name and text of that file; `today` decides which of them have ended.
    """

    proposed: GraphSource
    base: GraphSource | None
    settings: CheckSettings
    operations: tuple[RecordedFile, ...] = ()
    exceptions: tuple[str, str] | None = None
    today: date = field(default_factory=date.today)
