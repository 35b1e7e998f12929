"""Native modules are used where they are of the very sources, and for this interpreter."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path

import pytest

from supergraph.native import MANIFEST, NativeFinder, digest, find_native

FILE = f"part{EXTENSION_SUFFIXES[0]}"


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A source with what was made of it; only looked at, never loaded."""
    (tmp_path / "part.py").write_text("ANSWER = 42\n")
    (tmp_path / "native").mkdir()
    (tmp_path / "native" / FILE).write_bytes(b"")
    write_manifest(tmp_path, FILE)
    return tmp_path


def write_manifest(tree: Path, file: str) -> None:
    sources = {"part.py": digest(tree / "part.py")}
    manifest = {"sources": sources, "modules": {"part": file}}
    (tree / "native" / MANIFEST).write_text(json.dumps(manifest))


def found(tree: Path) -> dict[str, Path]:
    return find_native(tree, tree / "native")


def test_of_these_sources_they_are_used(tree: Path) -> None:
    assert found(tree) == {"part": tree / "native" / FILE}
    spec = NativeFinder(found(tree)).find_spec("part", None)
    assert spec is not None
    assert spec.origin == str(tree / "native" / FILE)
    assert NativeFinder(found(tree)).find_spec("other", None) is None


def test_of_a_source_that_was_changed_they_are_not(tree: Path) -> None:
    (tree / "part.py").write_text("ANSWER = 43\n")
    assert found(tree) == {}


def test_without_the_source_they_are_not(tree: Path) -> None:
    (tree / "part.py").unlink()
    assert found(tree) == {}


def test_for_another_interpreter_they_are_not(tree: Path) -> None:
    (tree / "native" / "part.cpython-39-other.so").write_bytes(b"")
    write_manifest(tree, "part.cpython-39-other.so")
    assert found(tree) == {}


def test_half_there_they_are_not(tree: Path) -> None:
    (tree / "native" / FILE).unlink()
    assert found(tree) == {}


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"modules": [], "sources": {}}', "\xff"])
def test_with_a_broken_manifest_they_are_not(tree: Path, text: str) -> None:
    (tree / "native" / MANIFEST).write_text(text, encoding="latin-1")
    assert found(tree) == {}


def test_a_switch_leaves_them_alone() -> None:
    code = "import gateway.planner.walk as walk; print(walk.__file__)"
    command = [sys.executable, "-c", code]
    environment = {"DICTAMESH_NATIVE": "0"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.strip().endswith("walk.py")
