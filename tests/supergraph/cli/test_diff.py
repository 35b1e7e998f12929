"""`dictamesh supergraph diff`: what it prints, its exit codes, and every form of input."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from typer.testing import CliRunner

from supergraph.cli import app
from tests.supergraph.cli.project import run

OLD = "type Query {\n  a: Int\n  b: Int @deprecated\n}\nenum E { V }\n"
NEW = "type Query {\n  a: Int!\n}\nenum E { V W }\ntype T { x: Int }\n"


@pytest.fixture(autouse=True)
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("old.graphql").write_text(OLD)
    Path("new.graphql").write_text(NEW)


def git(*arguments: str) -> None:
    name = ("-c", "user.name=t", "-c", "user.email=t@example.org")
    subprocess.run(["git", *name, *arguments], check=True, capture_output=True)


def test_changes_are_listed_worst_first_with_their_places() -> None:
    result = run("diff", "old.graphql", "new.graphql")
    assert result.exit_code == 1
    assert result.stdout == (
        'breaking[FIELD_REMOVED]: Deprecated field "Query.b" was removed.\n'
        "  --> old.graphql:3:3\n"
        'dangerous[ENUM_VALUE_ADDED]: Enum value "E.W" was added.\n'
        "  --> new.graphql:4:12\n"
        'safe[FIELD_TYPE_CHANGED]: Field "Query.a" changed its type from "Int" to "Int!".\n'
        "  --> new.graphql:2:3\n"
        'safe[TYPE_ADDED]: Object type "T" was added.\n'
        "  --> new.graphql:5:1\n"
        "1 breaking, 1 dangerous, 2 safe.\n"
    )


def test_nothing_changed_is_said() -> None:
    result = run("diff", "old.graphql", "old.graphql")
    assert (result.exit_code, result.stdout) == (0, "Nothing changed.\n")


@pytest.mark.parametrize("option", [["--json"], ["--format", "json"]])
def test_json_is_one_object(option: list[str]) -> None:
    result = run("diff", "old.graphql", "new.graphql", "--all", *option)
    assert result.exit_code == 1
    report = json.loads(result.stdout)
    assert report["summary"] == {"breaking": 1, "dangerous": 1, "safe": 3}
    assert report["changes"][0] == {
        "kind": "FIELD_REMOVED",
        "criticality": "breaking",
        "path": "Query.b",
        "message": 'Deprecated field "Query.b" was removed.',
        "locations": [{"subgraph": "", "line": 3, "column": 3, "file": "old.graphql"}],
        "subgraph": None,
        "directive": None,
        "deprecated": True,
    }


@pytest.mark.parametrize(
    ("options", "code", "summary"),
    [
        (["--fail-on", "never"], 0, "1 breaking, 1 dangerous, 2 safe."),
        (["--allow-deprecated-removals"], 0, "0 breaking, 2 dangerous, 2 safe."),
        (
            ["--allow-deprecated-removals", "--fail-on", "dangerous"],
            1,
            "0 breaking, 2 dangerous, 2 safe.",
        ),
        (["--dangerous-is-breaking"], 1, "2 breaking, 0 dangerous, 2 safe."),
        (["--grade", "field_removed=safe"], 0, "0 breaking, 1 dangerous, 3 safe."),
        (["--grade", "FIELD_REMOVED=ignore"], 0, "0 breaking, 1 dangerous, 2 safe."),
    ],
)
def test_options_grade_otherwise(options: list[str], code: int, summary: str) -> None:
    result = run("diff", "old.graphql", "new.graphql", *options)
    assert (result.exit_code, result.stdout.splitlines()[-1]) == (code, summary)


def test_a_file_at_a_git_revision() -> None:
    Path("sub").mkdir()
    Path("sub/schema.graphql").write_text(OLD)
    git("init", "--quiet")
    git("add", ".")
    git("commit", "--quiet", "-m", "old")
    Path("sub/schema.graphql").write_text(NEW)
    result = run("diff", "HEAD:sub/schema.graphql", "sub/schema.graphql")
    assert result.exit_code == 1
    assert "--> HEAD:sub/schema.graphql:3:3" in result.stdout


def test_a_path_at_a_revision_may_count_from_here(monkeypatch: pytest.MonkeyPatch) -> None:
    Path("sub").mkdir()
    Path("sub/schema.graphql").write_text(OLD)
    git("init", "--quiet")
    git("add", ".")
    git("commit", "--quiet", "-m", "old")
    monkeypatch.chdir("sub")
    assert run("diff", "HEAD:schema.graphql", "schema.graphql").exit_code == 0


def test_a_configuration_is_composed(project: Path) -> None:
    config = project / "supergraph.yaml"
    supergraph = project / "supergraph.graphql"
    assert run("compose", "--config", config, "--out", supergraph).exit_code == 0
    assert run("diff", supergraph, config).exit_code == 0
    (project / "ratings.graphql").write_text("type Query { a: Missing }")
    assert run("diff", supergraph, config).exit_code == 2


def test_stdin() -> None:
    result = CliRunner().invoke(app, ["diff", "old.graphql", "-"], input=NEW)
    assert result.exit_code == 1
    assert "--> stdin:4:12" in result.stdout


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["missing.graphql", "new.graphql"], "missing.graphql: there is no such file."),
        (["old.graphql", "HEAD:nothing"], "HEAD:nothing: git has no such revision"),
        (["old.graphql", "--upload-pack=x:y"], ""),
        (["old.graphql", "main:supergraph.yaml"], "dictamesh supergraph check --base"),
        (["old.graphql", "."], ".: cannot be read as text"),
        (["-", "-"], "Only one of the two schemas can be stdin."),
        (["old.graphql", "broken.graphql"], "broken.graphql is no GraphQL schema: "),
        (["broken.graphql", "broken.graphql"], "broken.graphql is no GraphQL schema: "),
        (["old.graphql", "binary.graphql"], "binary.graphql: cannot be read as text"),
        (["old.graphql", "new.graphql", "--grade", "X=safe"], 'no kind of change "X"'),
        (["old.graphql", "new.graphql", "--grade", "FIELD_REMOVED=bad"], "say breaking, dangerous"),
        (["old.graphql"], ""),
        (["old.graphql", "new.graphql", "--fail-on", "x"], ""),
    ],
)
def test_wrong_or_missing_input_exits_with_4(arguments: list[str], sentence: str) -> None:
    Path("broken.graphql").write_text("type Query {")
    Path("binary.graphql").write_bytes(b"\xff\xfe\x00")
    result = run("diff", *arguments)
    assert result.exit_code == 4
    assert sentence in result.stderr
    assert result.stdout == ""
    assert "Traceback" not in result.stderr


def test_wrong_input_is_json_if_json_is_asked_for() -> None:
    result = run("diff", "missing.graphql", "new.graphql", "--json")
    assert result.exit_code == 4
    assert json.loads(result.stdout)["errors"][0]["code"] == "CONFIGURATION"


def test_help_teaches() -> None:
    text = run("diff", "--help").stdout
    assert "Exit codes:" in text
    assert "main:schema.graphql" in text
