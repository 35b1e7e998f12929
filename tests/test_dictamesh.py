"""The `dictamesh` command: quick help, and one missing library never hides the rest."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

WITHOUT = """
import sys

class Missing:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {missing!r}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)

sys.meta_path.insert(0, Missing())
import dictamesh
dictamesh.main()
"""


def run(*arguments: str, missing: tuple[str, ...] = ()) -> subprocess.CompletedProcess[str]:
    script = WITHOUT.format(missing=missing)
    return subprocess.run(
        [sys.executable, "-c", script, *arguments],
        capture_output=True, text=True, timeout=30, check=False, cwd=ROOT,
    )  # fmt: skip


def test_help_lists_the_jobs_without_loading_what_they_need() -> None:
    heavy = ("uvicorn", "graphql", "strawberry", "asyncpg", "opentelemetry", "httpx", "yaml")
    result = run("--help", missing=heavy)
    assert result.returncode == 0
    for command in ("gateway", "supergraph", "demo"):
        assert command in result.stdout


def test_help_of_a_command_needs_no_more_than_the_command_line() -> None:
    result = run("gateway", "run", "--help", missing=("uvicorn", "graphql", "opentelemetry"))
    assert result.returncode == 0
    assert "--supergraph" in result.stdout


@pytest.mark.parametrize(
    ("arguments", "missing", "extra"),
    [
        (("gateway", "run", "--supergraph", "x"), ("uvicorn",), "dictamesh[gateway]"),
        (("gateway", "plan", "--supergraph", "x", "--query", "x"), ("graphql",), "dictamesh"),
    ],
)
def test_a_missing_library_is_named_with_its_extra(
    arguments: tuple[str, ...], missing: tuple[str, ...], extra: str
) -> None:
    result = run(*arguments, missing=missing)
    assert result.returncode == 1
    assert missing[0] in result.stderr
    assert extra in result.stderr
    assert "Traceback" not in result.stderr


def test_an_unknown_command_is_told() -> None:
    result = run("gatewy")
    assert result.returncode == 2
    assert "gatewy" in result.stderr


def test_the_version_is_shown() -> None:
    result = run("--version")
    assert result.returncode == 0
    assert result.stdout.strip()
