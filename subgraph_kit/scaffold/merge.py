"""Three-way merge of one file: what was rendered, what the user made of it, what is rendered now.

git does the merging (`git merge-file`), so that conflicts look as everybody knows them.
"""

from __future__ import annotations

import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from subgraph_kit.errors import ConfigurationError

OURS = "yours"
BASE = "rendered before"
THEIRS = "rendered now"


@dataclass(frozen=True, slots=True)
class Merged:
    """The merged text, with `conflicts` places marked in it."""

    text: str
    conflicts: int = 0


def merge(ours: str, base: str, theirs: str) -> Merged:
    """Merge two changes of `base`.

    Raises:
        ConfigurationError: if there is no git.
    """
    if ours in (base, theirs):
        return Merged(theirs)
    if base == theirs:
        return Merged(ours)
    with tempfile.TemporaryDirectory(prefix="dictamesh-merge-") as name:
        paths = [Path(name) / each for each in ("ours", "base", "theirs")]
        for path, text in zip(paths, (ours, base, theirs), strict=True):
            path.write_bytes(text.encode())
        labels = [part for label in (OURS, BASE, THEIRS) for part in ("-L", label)]
        command = ["git", "merge-file", "-p", "--diff3", *labels, *map(str, paths)]
        try:
            result = subprocess.run(command, capture_output=True, check=False)
        except FileNotFoundError:
            raise ConfigurationError(
                "update merges with git, which is not installed: install git and run it again"
            ) from None
    # The exit status is the number of conflicts, up to 127; above it is an error.
    if not 0 <= result.returncode <= 127:
        raise ConfigurationError("git merge-file failed: " + result.stderr.decode().strip())
    return Merged(result.stdout.decode(), result.returncode)


def has_conflict_markers(text: str) -> bool:
    """Whether an earlier merge left something to decide."""
    lines = text.split("\n")
    return any(line.startswith(f"<<<<<<< {OURS}") for line in lines) and any(
        line.startswith(f">>>>>>> {THEIRS}") for line in lines
    )
