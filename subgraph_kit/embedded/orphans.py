"""Find and end what a supervisor left running that was killed outright.

The data directory is locked by whoever runs on it, so a process that belongs to it and to nobody
who runs is an orphan. Two things tell that a process belongs to it: a mark in its environment,
which it has from its first moment, and a note in `children.json`, for those that overwrite their
environment (Redis does). A note counts only if the process began when the note says: its id may
have been given to somebody else since.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import signal
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

from subgraph_kit.embedded.child import ChildSpec
from subgraph_kit.embedded.extra import require_embedded

if TYPE_CHECKING:
    import psutil

_logger = logging.getLogger(__name__)

MARK = "DICTAMESH_SUPERVISED"
"""The variable that marks a child: tier, stop signal, data directory."""

STOP_SECONDS = 5.0
_PAUSE_SECONDS = 0.02


@dataclass(frozen=True, slots=True)
class _Orphan:
    process: psutil.Process
    tier: int
    stop_signal: int


def mark_of(data_dir: Path, spec: ChildSpec) -> str:
    """The mark of a child of the supervisor on `data_dir`."""
    return f"{spec.tier} {int(spec.stop_signal)} {data_dir}"


def end_orphans(data_dir: Path, notes_file: Path) -> None:
    """End the processes that belong to `data_dir`, those of one tier together."""
    found = {orphan.process.pid: orphan for orphan in (*_marked(data_dir), *_noted(notes_file))}
    orphans = sorted(found.values(), key=lambda orphan: -orphan.tier)
    library = require_embedded("psutil")
    for _tier, group in groupby(orphans, key=lambda orphan: orphan.tier):
        processes = []
        for orphan in group:
            with contextlib.suppress(library.Error):
                name = orphan.process.name()
                orphan.process.send_signal(orphan.stop_signal)
                processes.append(orphan.process)
                _logger.warning("Ended %s, which a killed run left running.", name)
        wait_until_ended(processes, STOP_SECONDS)
        for process in processes:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)
    notes_file.unlink(missing_ok=True)


def wait_until_ended(processes: Sequence[psutil.Process], seconds: float) -> bool:
    """Whether all of them ended within `seconds`.

    One that ended and whom nobody asks for its exit code (in a container whose first process does
    not) has ended, though its id is still there.
    """
    deadline = time.monotonic() + seconds
    while not all(map(_has_ended, processes)):
        if time.monotonic() > deadline:
            return False
        time.sleep(_PAUSE_SECONDS)
    return True


def _has_ended(process: psutil.Process) -> bool:
    library = require_embedded("psutil")
    try:
        return bool(process.status() == library.STATUS_ZOMBIE)
    except library.NoSuchProcess:
        return True


def _marked(data_dir: Path) -> Iterator[_Orphan]:
    library = require_embedded("psutil")
    for process in library.process_iter():
        try:
            mark = process.environ().get(MARK, "").split(" ", 2)
            # A child's own children have the mark, too; they end with their group.
            if len(mark) == 3 and mark[2] == str(data_dir) and _leads_a_group(process.pid):
                yield _Orphan(process, int(mark[0]), int(mark[1]))
        except (library.Error, OSError, ValueError):
            continue  # somebody else's


def _leads_a_group(pid: int) -> bool:
    return os.getpgid(pid) == pid and os.getsid(pid) == pid


def _noted(notes_file: Path) -> Iterator[_Orphan]:
    library = require_embedded("psutil")
    for note in _read_notes(notes_file):
        with contextlib.suppress(library.Error):
            process = library.Process(note["pid"])
            if abs(process.create_time() - note["started"]) <= 0.1:
                yield _Orphan(process, note["tier"], note["stop_signal"])


def _read_notes(notes_file: Path) -> list[dict[str, Any]]:
    """The notes that can be believed; a damaged file is no reason not to start."""
    try:
        notes = json.loads(notes_file.read_text())
    except (OSError, ValueError):
        return []
    expected = {"name": str, "pid": int, "started": float, "stop_signal": int, "tier": int}
    return [
        note
        for note in (notes if isinstance(notes, list) else [])
        if isinstance(note, dict)
        and all(isinstance(note.get(key), kind) for key, kind in expected.items())
        and note["pid"] > 1
    ]
