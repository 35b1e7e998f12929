"""What the tests of checks start from."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.supergraph.checks.project import Project
from tests.testkit.postgres import postgres_dsn, postgres_server

__all__ = ["postgres_dsn", "postgres_server"]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """A graph in the working directory; results are kept in a place of the test's own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DICTAMESH_CACHE_DIR", str(tmp_path / ".cache"))
    for variable in ("GITHUB_WORKSPACE", "CI_PROJECT_DIR", "DICTAMESH_DEBUG"):
        monkeypatch.delenv(variable, raising=False)
    return Project(tmp_path)
