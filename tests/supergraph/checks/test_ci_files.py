"""The files for CI systems: valid by the schemas of those, and their script does what it should."""

from __future__ import annotations

import json
import os
import subprocess
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema.validators import validator_for

from tests.supergraph.checks.project import PRICE, Project

CI = Path(__file__).parents[3] / "deploy" / "ci"
COMMAND = Path(__file__).parents[3] / ".venv" / "bin"


@pytest.mark.parametrize(
    ("schema", "file"),
    [
        ("github-actions", "github/action.yml"),
        ("gitlab-ci", "gitlab/schema-check.yml"),
    ],
)
def test_they_are_valid(schema: str, file: str) -> None:
    found: dict[str, Any] = json.loads(
        files("check_jsonschema").joinpath(f"builtin_schemas/vendor/{schema}.json").read_text()
    )
    document = yaml.safe_load((CI / file).read_text())
    validator = validator_for(found)
    assert [error.message for error in validator(found).iter_errors(document)] == []


def bash(script: str, directory: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    path = f"{COMMAND}{os.pathsep}{os.environ['PATH']}"
    return subprocess.run(
        ["bash", "-e", "-c", script],
        cwd=directory,
        env={**os.environ, "PATH": path, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.skipif(not (COMMAND / "dictamesh").exists(), reason="not installed in .venv")
def test_the_action_marks_lines_and_ends_as_the_check_does(project: Project) -> None:
    project.commit()
    project.replace("products.graphql", PRICE, "")
    script = yaml.safe_load((CI / "github" / "action.yml").read_text())["runs"]["steps"][2]["run"]
    output, summary = project.write("out", ""), project.write("summary", "")
    done = bash(
        script, project.directory,
        BASE="main", CONFIG="supergraph.yaml", CHECKS="", OPERATIONS="", FAIL_ON="",
        RUNNER_TEMP=str(project.directory / "tmp"), GITHUB_OUTPUT=str(output),
        GITHUB_STEP_SUMMARY=str(summary), GITHUB_WORKSPACE=str(project.directory),
    )  # fmt: skip
    assert done.returncode == 1, done.stderr
    assert done.stdout.startswith("::error file=products.graphql,line=12,")
    assert "exit-code=1" in output.read_text()
    assert "FIELD\\_REMOVED" in summary.read_text() or "FIELD_REMOVED" in summary.read_text()
    assert (project.directory / "tmp" / "dictamesh" / "check.sarif").exists()
    # What an input says is never run.
    hostile = bash(
        script, project.directory,
        BASE='$(touch pwned)"; touch pwned; "', CONFIG="supergraph.yaml", CHECKS="", OPERATIONS="",
        FAIL_ON="", RUNNER_TEMP=str(project.directory / "tmp"), GITHUB_OUTPUT=str(output),
        GITHUB_STEP_SUMMARY=str(summary),
    )  # fmt: skip
    assert hostile.returncode == 4
    assert not (project.directory / "pwned").exists()
