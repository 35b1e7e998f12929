"""Wrong or missing input ends in exit 4 with a sentence; never in a pass, never in a traceback."""

from __future__ import annotations

import json
import os
import re

import pytest
from typer.testing import Result

from supergraph.checks.result import ExitCode
from tests.supergraph.checks.project import Project, run, run_operations
from tests.supergraph.cli.project import serving

BASE = ("--base", "supergraph.yaml")


def refused(result: Result, *said: str) -> None:
    assert result.exit_code == ExitCode.USAGE, result.output
    assert result.stdout == ""
    for text in said:
        assert text in result.stderr
    assert "Traceback" not in result.stderr
    assert "internal error" not in result.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "Say what to compare with: --base FILE"),
        (("--base", ""), "--base is empty"),
        (("--base", "no.graphql"), "no.graphql: there is no such file to compare with"),
        (("--base", "no.yaml"), "no.yaml: there is no such file"),
        (("--base", "main"), "is in no git repository"),
        (("--base", "git:--all"), "names no git revision"),
        (("--base", "http://127.0.0.1:1"), "Nothing listens at http://127.0.0.1:1"),
        (("--base", "http://["), "could not be asked"),
        (("--base", "products.graphql"), "This is no supergraph"),
        ((*BASE, "--config", "no.yaml"), "no.yaml: there is no such file"),
        ((*BASE, "--supergraph", "no.graphql"), "no.graphql: there is no such file"),
        ((*BASE, "--supergraph", "products.graphql"), "This is no supergraph"),
        ((*BASE, "--subgraph", "x"), "--subgraph NAME and --schema FILE go together"),
        ((*BASE, "--subgraph", "x", "--schema", "no"), "no: there is no such file"),
        (
            ("--base", "none", "--subgraph", "x", "--schema", "products.graphql"),
            "One subgraph alone is checked within a graph",
        ),
        ((*BASE, "--format", "pdf"), '"pdf" is no format; there are: text, json'),
        ((*BASE, "--format", "sarif="), 'name the file after "="'),
        ((*BASE, "--format", "json", "--format", "text"), "Two formats go to the same place"),
        ((*BASE, "--format", "json=."), "this is a directory"),
        ((*BASE, "--fail-on", "everything"), "'everything' is not one of"),
        ((*BASE, "--fail-on", "nothing", "--fail-on", "lint"), '"nothing" stands alone'),
        ((*BASE, "--operations", "no"), "no: there are no operations here"),
        ((*BASE, "--operations", "empty"), "there is no .graphql or .gql file"),
        ((*BASE, "--operations", "supergraph.yaml"), "the manifest is no JSON"),
        ((*BASE, "--checks", "no.yaml"), "no.yaml: there is no such file"),
        ((*BASE, "--exceptions", "no.yaml"), "no.yaml: there is no such file"),
        ((*BASE, "--base-header", "secret"), "--base-header: write 'Name: value'"),
        ((*BASE, "--base-header", "A: ${env.NOT_SET}"), "variable NOT_SET, which is not set"),
        ((*BASE, "--nonsense"), "No such option"),
        ((*BASE, "--print-schema", "all"), "'all' is not one of"),
    ],
)
def test_options_that_cannot_work(project: Project, arguments: tuple[str, ...], said: str) -> None:
    (project.directory / "empty").mkdir()
    refused(project.check(*arguments), said)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("checks: [", ":1: this is not valid YAML"),
        ("- 1", ":1: the file must be a mapping"),
        ("checks:\n  bas: main\n", ':2: unknown key "checks.bas". Did you mean "base"?'),
        ("checks:\n  lint:\n    rules:\n      nope: error\n", 'There is no lint rule "nope"'),
        ("checks:\n  lint:\n    rules:\n      descriptions: loud\n", ":4: "),
        (
            "checks:\n  lint:\n    rules:\n      input-names: { options: { suffix: X } }\n",
            'The lint rule "input-names": option suffix',
        ),
        ("checks:\n  operations:\n    - { client: web }\n", ":3: "),
        ("checks:\n  operations:\n    - { manifest: no.json }\n", "no.json: there is no such file"),
        ("checks:\n  contracts:\n    empty: {}\n", "a contract needs tags"),
        ("checks:\n  fail_on: [nothing, lint]\n", "stands alone"),
        ("checks:\n  exceptions: no.yaml\n", "no.yaml: there is no such file"),
        ("checks:\n  grading: { kinds: { FIELD_REMOVED: awful } }\n", ":2: "),
        ("checks: {}\nchecks: {}\n", ":2: this is not valid YAML"),
    ],
)
def test_settings_that_cannot_be_used(project: Project, text: str, said: str) -> None:
    project.write("dictamesh.checks.yaml", text)
    refused(project.check(*BASE), said)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "exceptions:\n  - { kind: A, path: B, who: C, until: 2030-01-01 }\n",
            '"exceptions.0.why"',
        ),
        (
            "exceptions:\n  - kind: A\n    path: B\n    who: C\n    why: D\n    until: soon\n",
            ":6: ",
        ),
        ("exceptions: 1\n", ":1: "),
        ("exception: []\n", ':1: unknown key "exception". Did you mean "exceptions"?'),
        ("", ":1: the file must be a mapping"),
    ],
)
def test_exceptions_that_cannot_be_read(project: Project, text: str, said: str) -> None:
    project.write("dictamesh.exceptions.yaml", text)
    refused(project.check(*BASE), said)


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("m.json", b"{}", "the manifest has no operations"),
        ("m.json", b"[1]", "this is no manifest of persisted documents"),
        ("m.json", b'{"a": 1}', "this is no manifest of persisted documents"),
        ("m.json", b'{"a":\n "query {"}', "m.json:1: the document a does not parse"),
        ("m.json", b'{"format": "apollo-persisted-query-manifest", "version": 2}', "version 2"),
        ("m.json", b"\xff", "the file is not UTF-8 text"),
        ("m.json", b"[" * 100_000, "nested too deeply"),
        ("o/a.graphql", b"{ top { ...Gone } }", 'o/a.graphql:1: the fragment "Gone" is in none'),
        ("o/a.graphql", b"\n{ top ", "o/a.graphql:2: Syntax Error"),
        ("o/a.graphql", b"type A { b: Int }", "only operations and fragments belong here"),
        ("o/a.graphql", b"fragment A on B { c }", "there is no operation in these files"),
        ("u/usage.jsonl", b"", "no operation was recorded yet"),
        ("u/usage.jsonl", b"nonsense\n{}\n", "usage.jsonl:1: this is no line of a usage file"),
        (
            "u/usage.jsonl",
            b'{"v":9,"kind":"operation","hash":"a","text":"{a}"}\n',
            "version 9 of usage files is not known",
        ),
    ],
)
def test_recorded_operations_that_cannot_be_read(
    project: Project, name: str, content: bytes, said: str
) -> None:
    path = project.directory / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content)
    refused(project.check(*BASE, "--operations", name.split("/")[0]), said)


def test_git_revisions_and_files_that_are_not_there(project: Project) -> None:
    project.commit()
    refused(project.check("--base", "v9"), 'git knows no revision "v9"', "fetch-depth: 0")
    refused(project.check("--base", "main:gone.yaml"), "main:gone.yaml: there was no such file")
    outside = project.directory.parent / "outside.graphql"
    outside.write_text("type Query { a: Int }")
    project.write("supergraph.yaml", "subgraphs: { a: { schema: { file: ../outside.graphql } } }")
    project.commit()
    refused(project.check("--base", "main"), "outside the git repository")


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"<html>", "no JSON"),
        (b'{"data": {"__schema": {}}}', "a schema that is not valid"),
        (b'{"errors": [{"message": "no"}]}', "gives out neither its supergraph nor its schema"),
    ],
)
def test_gateways_that_say_nothing_useful(project: Project, body: bytes, said: str) -> None:
    with serving(lambda: body) as address:
        refused(project.check("--base", address.replace("http://", "http://me:secret@")), said)


def test_no_secret_is_in_a_message(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOKEN", "hush")
    result = project.check(
        "--base", "http://me:hush@127.0.0.1:1/graphql?key=hush",
        "--base-header", "Authorization: ${env.TOKEN}",
    )  # fmt: skip
    refused(result, "Nothing listens")
    assert "hush" not in result.output


def test_a_file_that_cannot_be_written(project: Project) -> None:
    project.write("taken", "")
    refused(project.check(*BASE, "--format", "sarif=taken/out.sarif"), "cannot be written")


def test_other_commands_refuse_alike(project: Project) -> None:
    refused(run("lint", "--base", "no.graphql"), "no.graphql: there is no such file")
    refused(run("lint", "--config", "no.yaml"), "no.yaml: there is no such file")
    refused(run_operations("check"), "There are no operations to look at")
    refused(run_operations("coverage", "--operations", "no"), "no: there are no operations here")
    refused(run("publish"), "Set DICTAMESH_CATALOG_DSN")
    project.replace("products.graphql", "price: Int", "stars: Int")
    project.write("o/a.graphql", "{ top { id } }")
    refused(run_operations("unused", "--operations", "o"), "does not compose")


# --- Mistakes of ours -----------------------------------------------------------------------------


def crash(*_: object, **__: object) -> None:
    raise ZeroDivisionError("secret")


@pytest.mark.parametrize(
    "place",
    [
        "supergraph.checks.check.graph_changes",
        "supergraph.checks.check.compose_side",
        "supergraph.checks.report.outputs.sarif.render",
    ],
)
def test_a_crash_is_70_and_leaves_no_report_that_could_be_a_pass(
    project: Project, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    # Reports of an earlier run, which passed.
    outputs = ("--format", "sarif=out.sarif", "--format", "junit=out.xml", "--format", "text")
    assert project.check(*BASE, *outputs).exit_code == ExitCode.FINE
    assert (project.directory / "out.sarif").exists()
    monkeypatch.setattr(place, crash, raising=True)
    if "render" in place:
        from supergraph.checks.report import outputs as module

        monkeypatch.setitem(module._RENDERERS, module.ReportForm.SARIF, crash)
    result = project.check(*BASE, *outputs, "--no-cache")
    assert result.exit_code == ExitCode.INTERNAL
    assert result.stdout == ""
    assert re.match(r"internal error: ZeroDivisionError: this is a mistake in Dicta", result.stderr)
    assert "secret" not in result.stderr
    assert sorted(path.suffix for path in project.directory.glob("out.*")) == []


def test_a_planner_process_that_dies_is_a_crash(project: Project) -> None:
    for number in range(300):
        project.write(f"o/{number}.graphql", f"query Q{number} {{ top {{ id price }} }}")
    project.write("base.graphql", run("compose").stdout)
    project.replace("products.graphql", "price: Int", "price: Int!")
    result = run(
        "check", "--base", "base.graphql", "--operations", "o", planner=lambda _: os._exit(9)
    )
    assert result.exit_code == ExitCode.INTERNAL


def test_the_json_of_another_version_is_refused() -> None:
    from supergraph.checks.report import json_report

    with pytest.raises(ValueError, match="version 2"):
        json_report.parse(json.dumps({"base": "a", "proposed": "b", "version": 2, "exit_code": 0}))
