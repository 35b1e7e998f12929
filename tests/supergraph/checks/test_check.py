"""`dictamesh supergraph check`, as a team meets it in CI."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from supergraph.checks.result import ExitCode
from tests.supergraph.checks.project import PRICE, Project, lines, run


def test_an_unchanged_graph_passes(project: Project) -> None:
    result = project.check("--base", "supergraph.yaml")
    assert result.exit_code == ExitCode.FINE
    assert "passed (0 errors" in result.stdout


def test_a_breaking_change_fails_with_1_and_the_place_it_was_at(project: Project) -> None:
    project.commit()
    project.replace("products.graphql", PRICE, "")
    result = project.check("--base", "main")
    assert result.exit_code == ExitCode.BREAKING
    assert (
        'error[FIELD_REMOVED, breaking]: Field "Product.price" was removed.\n'
        "  --> products.graphql:12:6\n"
        "  was at main:products.graphql:16:3\n"
    ) in result.stdout


def test_composition_errors_fail_with_2_all_at_once(project: Project) -> None:
    shutil.copytree(project.directory, project.directory / "base")
    project.replace("ratings.graphql", "stars: Int", "price: String")
    result = project.check("--base", "base/supergraph.yaml", "--format", "json")
    assert result.exit_code == ExitCode.COMPOSITION
    report = json.loads(result.stdout)
    assert [item["code"] for item in report["findings"] if item["level"] == "error"] == [
        "FIELD_TYPE_MISMATCH",
        "INVALID_FIELD_SHARING",
    ]
    assert report["findings"][0]["locations"][0] == {
        "subgraph": "products",
        "file": "products.graphql",
        "line": 16,
        "column": 3,
    }


def test_what_nobody_uses_may_go(project: Project) -> None:
    project.commit()
    project.write("operations/top.graphql", "query Top { top { name } }")
    project.replace("products.graphql", PRICE, "")
    result = project.check("--base", "main", "--operations", "operations")
    assert result.exit_code == ExitCode.FINE
    assert "The one known operation is not affected." in result.stdout


def test_affected_operations_and_their_clients_are_named(project: Project) -> None:
    project.commit()
    manifest = {
        "format": "apollo-persisted-query-manifest",
        "version": 1,
        "operations": [
            {
                "id": "abc",
                "name": "Prices",
                "type": "query",
                "body": "query Prices { top { price } }",
                "clientName": "shop-app",
            }
        ],
    }
    project.write("manifest.json", json.dumps(manifest, indent=1))
    project.replace("products.graphql", PRICE, "")
    result = project.check("--base", "main", "--operations", "manifest.json")
    assert result.exit_code == ExitCode.BREAKING
    assert "affects Prices (shop-app)" in result.stdout
    assert (
        'error[OPERATION_BROKEN, breaking]: The operation "Prices" of shop-app is not valid any '
        "more: Cannot query field 'price' on type 'Product'."
    ) in result.stdout
    assert "  --> manifest.json:6:1" in result.stdout


def test_what_becomes_dearer_is_told_and_fails_if_wanted(project: Project) -> None:
    project.commit()
    project.write("operations/top.graphql", "query Top { top { id name price } }")
    # The name moves to the other subgraph: a call more, after the first.
    project.replace("products.graphql", '  name: String @tag(name: "partner")\n', "")
    project.replace("products.graphql", '  "What it is called."\n', "  weight: Int\n")
    project.replace(
        "ratings.graphql", "stars: Int", 'stars: Int\n  name: String @tag(name: "partner")'
    )
    arguments = ("--base", "main", "--operations", "operations")
    result = project.check(*arguments)
    assert result.exit_code == ExitCode.FINE
    assert 'The operation "Top" takes 2 subgraph calls instead of 1.' in result.stdout
    assert (
        'The operation "Top" waits for 2 subgraph calls one after the other instead of 1.'
    ) in result.stdout
    assert project.check(*arguments, "--fail-on", "plans").exit_code == ExitCode.BREAKING


def test_an_operation_that_was_invalid_before_fails_nothing(project: Project) -> None:
    project.commit()
    project.write("operations/top.graphql", "query Top { top { never price } }")
    project.replace("products.graphql", "  price: Int\n", "  price: Int\n  cost: Int\n")
    result = project.check("--base", "main", "--operations", "operations", "--format", "json")
    assert result.exit_code == ExitCode.FINE


@pytest.mark.parametrize(
    ("fail_on", "code"),
    [
        ((), ExitCode.FINE),
        (("dangerous",), ExitCode.BREAKING),
        (("breaking",), ExitCode.FINE),
        (("nothing",), ExitCode.FINE),
    ],
)
def test_dangerous_changes_fail_where_wanted(
    project: Project, fail_on: tuple[str, ...], code: ExitCode
) -> None:
    project.write("products.graphql", PRODUCTS_WITH_ENUM)
    project.commit()
    project.replace("products.graphql", "NEW USED", "NEW USED BROKEN")
    options = [item for name in fail_on for item in ("--fail-on", name)]
    assert project.check("--base", "main", *options).exit_code == code


PRODUCTS_WITH_ENUM = """\
extend schema @link(url: "https://specs.apollo.dev/federation/v2.7", import: ["@key"])
type Query { top: Product }
type Product @key(fields: "id") { id: ID! state: State }
enum State { NEW USED }
"""


def test_nothing_fails_if_wanted_so_but_composition(project: Project) -> None:
    project.commit()
    project.replace("products.graphql", PRICE, "")
    assert project.check("--base", "main", "--fail-on", "nothing").exit_code == ExitCode.FINE
    project.replace("products.graphql", "id: ID!", "id: [")
    assert project.check("--base", "main", "--fail-on", "nothing").exit_code == 2


# --- Exceptions --------------------------------------------------------------------------------


def exception(project: Project, days: int, kind: str = "FIELD_REMOVED") -> None:
    until = (datetime.now(UTC) + timedelta(days=days)).date()
    project.write(
        "dictamesh.exceptions.yaml",
        "exceptions:\n"
        f"  - kind: {kind}\n"
        "    path: Product.price\n"
        "    who: jane@example.org\n"
        "    why: The last client moved in March.\n"
        f"    until: {until}\n",
    )


def test_a_signed_off_exception_lets_a_change_pass_with_what_it_breaks(project: Project) -> None:
    project.commit()
    project.replace("products.graphql", PRICE, "")
    project.write("operations/top.graphql", "query Top { top { price } }")
    exception(project, 2)
    result = project.check("--base", "main", "--operations", "operations")
    assert result.exit_code == ExitCode.FINE
    assert "Accepted by jane@example.org until" in result.stdout


def test_an_exception_that_has_ended_fails_with_3_and_its_line(project: Project) -> None:
    exception(project, -2)
    result = project.check("--base", "supergraph.yaml")
    assert result.exit_code == ExitCode.RULES
    assert "error[EXCEPTION_EXPIRED]" in result.stdout
    assert "--> dictamesh.exceptions.yaml:2:1" in result.stdout


def test_an_exception_that_nothing_needs_is_noted(project: Project) -> None:
    exception(project, 2)
    result = project.check("--base", "supergraph.yaml")
    assert result.exit_code == ExitCode.FINE
    assert "dictamesh.exceptions.yaml:2: nothing needs the exception" in result.stdout


# --- Variants, and other bases -----------------------------------------------------------------


def test_a_variant_loses_what_its_tag_no_longer_shows(project: Project) -> None:
    project.commit()
    project.write(
        "dictamesh.checks.yaml",
        "checks:\n  base: main\n  contracts:\n    partner: { include: [partner] }\n",
    )
    # `top` is needed for the variant to have a query at all.
    project.replace("products.graphql", "  top: Product", '  top: Product @tag(name: "partner")')
    assert project.check("--base", "none").exit_code == ExitCode.FINE
    project.write("base/products.graphql", (project.directory / "products.graphql").read_text())
    project.write("base/ratings.graphql", (project.directory / "ratings.graphql").read_text())
    project.write("base/supergraph.yaml", (project.directory / "supergraph.yaml").read_text())
    project.replace("ratings.graphql", "stars: Int", 'stars: Int @tag(name: "partner")')
    project.replace("products.graphql", 'name: String @tag(name: "partner")', "name: String")
    result = project.check("--base", "base/supergraph.yaml")
    assert result.exit_code == ExitCode.BREAKING
    assert 'Field "Product.name" was removed. This shows in the variant "partner" only.' in (
        result.stdout
    )


def test_one_proposed_subgraph_is_checked_within_the_others(project: Project) -> None:
    assert run("compose", "--out", "live.graphql").exit_code == 0
    proposed = (project.directory / "products.graphql").read_text().replace(PRICE, "")
    project.write("proposed.graphql", proposed)
    result = project.check(
        "--base", "live.graphql", "--subgraph", "products", "--schema", "proposed.graphql"
    )
    assert result.exit_code == ExitCode.BREAKING
    assert lines(result)[-1] == "error[FIELD_REMOVED, breaking]"
    assert "  --> proposed.graphql:12:6\n  was at live.graphql:" in result.stdout


def test_a_new_subgraph_joins_the_others(project: Project) -> None:
    run("compose", "--out", "live.graphql")
    project.write("new.graphql", "type Query { added: Int }")
    result = project.check("--base", "live.graphql", "--subgraph", "new", "--schema", "new.graphql")
    assert result.exit_code == ExitCode.FINE
    assert 'Field "Query.added" of type "Int" was added.' in result.stdout


def test_two_supergraphs_are_compared_as_they_are(project: Project) -> None:
    run("compose", "--out", "old.graphql")
    project.replace("ratings.graphql", "stars: Int", "stars: Float")
    run("compose", "--out", "new.graphql")
    result = project.check("--base", "old.graphql", "--supergraph", "new.graphql")
    assert result.exit_code == ExitCode.BREAKING
    assert "error[FIELD_TYPE_CHANGED, breaking]" in lines(result)
    text = (project.directory / "new.graphql").read_text()
    line = text[: text.index("stars")].count("\n") + 1
    assert f"  --> new.graphql:{line}:3" in result.stdout


def test_files_of_another_revision_are_read_without_a_checkout(project: Project) -> None:
    project.write("graph/a.graphql", PRODUCTS_WITH_ENUM.replace("enum State { NEW USED }\n", ""))
    project.write("graph/b.graphql", "\n\nenum State {\n  NEW\n  USED\n}\n")
    project.write(
        "supergraph.yaml",
        'subgraphs:\n  a:\n    routing_url: http://a\n    schema: { files: ["graph/*.graphql"] }\n',
    )
    project.commit()
    project.write("graph/b.graphql", "\n\nenum State {\n  NEW\n}\n")
    before = sorted(path.name for path in project.directory.iterdir())
    result = project.check("--base", "main")
    assert result.exit_code == ExitCode.BREAKING
    assert "error[ENUM_VALUE_REMOVED, breaking]" in lines(result)
    # Of a schema in several files, the file and its own line are named.
    assert "  --> graph/b.graphql:3:1" in result.stdout
    assert "  was at main:graph/b.graphql:5:3" in result.stdout
    after = sorted(path.name for path in project.directory.iterdir())
    assert [name for name in after if name != ".cache"] == before


def test_unchanged_input_is_answered_from_what_is_kept(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.commit()
    project.replace("products.graphql", PRICE, "")
    first = project.check("--base", "main")

    def not_again(*_: object) -> None:
        raise AssertionError

    monkeypatch.setattr("supergraph.checks.check.check", not_again)
    assert project.check("--base", "main").stdout == first.stdout
    assert project.check("--base", "main", "--no-cache").exit_code == ExitCode.INTERNAL
    project.replace("ratings.graphql", "stars", "points")
    assert project.check("--base", "main").exit_code == ExitCode.INTERNAL


def test_unchanged_input_is_answered_without_what_reads_graphql(project: Project) -> None:
    script = (
        "import sys, dictamesh\n"
        "try: dictamesh.main()\n"
        "finally: print(sorted({'graphql', 'asyncio', 'httpx', 'gateway'} & {*sys.modules}))"
    )
    command = [
        sys.executable, "-c", script, "supergraph", "check", "--base", "supergraph.yaml",
        "--cache-dir", "kept", "--format", "json=out.json", "--format", "sarif=out.sarif",
    ]  # fmt: skip
    said = [
        subprocess.run(command, cwd=project.directory, capture_output=True, text=True, check=False)
        for _ in range(2)
    ]
    assert [found.returncode for found in said] == [0, 0], said[0].stderr
    assert "graphql" in said[0].stdout
    assert said[1].stdout.endswith("[]\n"), said[1].stdout


def test_damaged_results_are_not_believed(project: Project) -> None:
    first = project.check("--base", "supergraph.yaml")
    for path in (project.directory / ".cache").iterdir():
        path.write_text("{}")
    assert project.check("--base", "supergraph.yaml").stdout == first.stdout


def test_schemas_of_settings_and_result_are_printed(project: Project, tmp_path: Path) -> None:
    from jsonschema import Draft202012Validator

    settings = json.loads(project.check("--print-schema", "settings").stdout)
    Draft202012Validator.check_schema(settings)
    Draft202012Validator(settings).validate(
        {"checks": {"base": "main", "lint": {"rules": {"descriptions": "error"}}}}
    )
    assert list(Draft202012Validator(settings).iter_errors({"checks": {"bas": 1}}))
    result = json.loads(project.check("--print-schema", "result").stdout)
    Draft202012Validator.check_schema(result)
    project.commit()
    project.replace("products.graphql", PRICE, "")
    report = json.loads(project.check("--base", "main", "--format", "json").stdout)
    Draft202012Validator(result).validate(report)
    assert (report["version"], report["exit_code"]) == (1, 1)
