"""What an update would do to a project, file by file; nothing of the user's is lost.

    before (render.json)  ─┐
    now (rendered again)  ─┼→ a `FileChange` per path → written as a whole, or shown by `diff`
    yours (on disk)       ─┘

A file the user deleted stays deleted, one the user added is not touched, one that is not rendered
any more is deleted only if it is as it was rendered.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from subgraph_kit.errors import ConfigurationError
from subgraph_kit.scaffold.merge import has_conflict_markers, merge


class Action(StrEnum):
    """What happens to a file."""

    ADD = "added"
    CHANGE = "changed"
    MERGE = "merged with yours"
    CONFLICT = "conflicts with yours"
    DELETE = "deleted"
    KEEP = "kept: yours, though it is not rendered any more"
    LEAVE_DELETED = "changed, but you deleted it"


@dataclass(frozen=True, slots=True)
class FileChange:
    """What happens to one file; `text` is what it becomes, None where it is deleted or left."""

    path: str
    action: Action
    text: str | None = None
    old: str | None = None
    conflicts: int = 0

    @property
    def writes(self) -> bool:
        """Whether the file on disk changes."""
        return self.action not in (Action.KEEP, Action.LEAVE_DELETED)


def plan_changes(
    directory: Path, before: Mapping[str, str], now: Mapping[str, str]
) -> tuple[FileChange, ...]:
    """What to do to the files of a project.

    Raises:
        ConfigurationError: if a file cannot be read, or still has the marks of an earlier conflict.
    """
    return tuple(_changes(directory, before, now))


def _changes(
    directory: Path, before: Mapping[str, str], now: Mapping[str, str]
) -> Iterator[FileChange]:
    for path in sorted({*before, *now}):
        base, theirs = before.get(path), now.get(path)
        if base == theirs:
            continue
        ours = _read(directory / path)
        if ours is not None and has_conflict_markers(ours):
            raise ConfigurationError(
                f"{path} still has the conflict markers of an earlier update: resolve them first"
            )
        if theirs is None:
            if ours is not None:
                action = Action.DELETE if ours == base else Action.KEEP
                yield FileChange(path, action, old=ours)
        elif ours is None:
            action = Action.ADD if base is None else Action.LEAVE_DELETED
            yield FileChange(path, action, theirs if base is None else None)
        elif ours != theirs:
            yield _merged(path, ours, base, theirs)


def _merged(path: str, ours: str, base: str | None, theirs: str) -> FileChange:
    if ours == base:
        return FileChange(path, Action.CHANGE, theirs, ours)
    merged = merge(ours, base or "", theirs)
    if merged.conflicts:
        return FileChange(path, Action.CONFLICT, merged.text, ours, merged.conflicts)
    return FileChange(path, Action.MERGE, merged.text, ours)


def _read(path: Path) -> str | None:
    try:
        return path.read_bytes().decode()
    except FileNotFoundError:
        return None
    except IsADirectoryError:
        raise ConfigurationError(f"{path} is a directory, but a file of the project") from None
    except UnicodeDecodeError:
        raise ConfigurationError(f"{path} is not UTF-8 text: it cannot be merged") from None
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be read: {error.strerror}") from None
