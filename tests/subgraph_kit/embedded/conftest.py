from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture
def data_dir() -> Iterator[Path]:
    """A short path: that of pytest's own temporary directories is beyond what a socket takes."""
    path = Path(tempfile.mkdtemp(prefix="dm-"))
    yield path
    shutil.rmtree(path)
