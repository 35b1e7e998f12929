"""Wait for processes that are not our children, which no system call does."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from subgraph_kit.embedded.extra import require_embedded

if TYPE_CHECKING:
    import psutil

_PAUSE_SECONDS = 0.02


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
