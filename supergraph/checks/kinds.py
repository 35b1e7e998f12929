"""What each kind of schema change means, how it is graded, and how to make it safely.

The texts stand in `kind_texts/*.txt`, in the order of the page made of them (`make docs`). A line
`=== KIND` starts an entry, of several kinds if they mean the same; `grade:`, `means:` and `safely:`
are its sentences. `# Title` starts a section.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib import resources


@dataclass(frozen=True, slots=True)
class ChangeKind:
    """Kinds that mean the same: usually one. `grade` is a sentence, as some depend on details."""

    names: tuple[str, ...]
    section: str
    grade: str
    means: str
    safely: str


def _read() -> Iterator[ChangeKind]:
    directory = resources.files("supergraph.checks") / "kind_texts"
    section = ""
    for item in sorted(directory.iterdir(), key=lambda item: item.name):
        for block in re.split(r"^(?==== |# )", item.read_text("utf-8"), flags=re.MULTILINE):
            if block.startswith("# "):
                section = block.removeprefix("# ").strip()
            elif block.strip():
                yield _parse(block, section)


def _parse(block: str, section: str) -> ChangeKind:
    head, _, body = block.removeprefix("=== ").partition("\n")
    lines = dict(line.split(": ", 1) for line in body.splitlines() if line.strip())
    return ChangeKind(tuple(head.split()), section, lines["grade"], lines["means"], lines["safely"])


ENTRIES: tuple[ChangeKind, ...] = tuple(_read())
"""In the order of the page."""

CHANGE_KINDS: Mapping[str, ChangeKind] = {name: item for item in ENTRIES for name in item.names}
"""Every kind there is."""

__all__ = ["CHANGE_KINDS", "ENTRIES", "ChangeKind"]
