"""A base that is broken itself: it is said, and the change is judged by what it does."""

from __future__ import annotations

import json
from typing import Any

from supergraph.checks.result import ExitCode
from tests.supergraph.checks.project import PRICE, Project

HOLE = ("ratings.graphql", '@key(fields: "id")', '@key(fields: "id", resolvable: false)')
"""Ratings cannot be entered, so that no query for `stars` has a plan."""

CLASH = ("ratings.graphql", "stars: Int", "stars: Int\n  price: String")
"""Two types of one field: the subgraphs do not merge."""


def checked(project: Project, *arguments: str) -> tuple[int, dict[str, Any]]:
    result = project.check("--base", "main", "--format", "json", *arguments)
    report: dict[str, Any] = json.loads(result.stdout)
    assert report["exit_code"] == result.exit_code
    return result.exit_code, report


def codes(report: dict[str, Any], level: str = "error") -> list[str]:
    return [item["code"] for item in report["findings"] if item["level"] == level]


def undo(project: Project, change: tuple[str, str, str]) -> None:
    name, old, new = change
    project.replace(name, new, old)


# --- Queries without a plan -----------------------------------------------------------------------


def test_a_hole_that_was_there_is_told_and_fails_nothing(project: Project) -> None:
    project.replace(*HOLE)
    project.commit()
    code, report = checked(project)
    assert code == ExitCode.FINE
    (finding,) = [item for item in report["findings"] if item["stage"] == "composition"]
    assert (finding["code"], finding["level"], finding["existing"]) == (
        "SATISFIABILITY_ERROR", "warning", True,
    )  # fmt: skip
    (note,) = report["notes"]
    assert note.startswith(
        "main:supergraph.yaml does not compose, without this change: SATISFIABILITY_ERROR: "
    )
    assert note.endswith("It was compared all the same: only some of its queries have no plan.")
    assert "The base has this already." in project.check("--base", "main").stdout


def test_what_else_the_change_does_is_found_beside_the_hole(project: Project) -> None:
    project.replace(*HOLE)
    project.commit()
    project.write("operations/top.graphql", "query Top { top { price } }")
    project.replace("products.graphql", PRICE, "")
    code, report = checked(project, "--operations", "operations")
    assert code == ExitCode.BREAKING
    assert sorted(codes(report)) == ["FIELD_REMOVED", "OPERATION_BROKEN"]


def test_the_change_that_mends_it_passes_and_is_compared(project: Project) -> None:
    project.replace(*HOLE)
    project.commit()
    undo(project, HOLE)
    project.replace("products.graphql", "  old: Product\n", "  old: Product\n  next: Product\n")
    code, report = checked(project)
    assert code == ExitCode.FINE
    assert "FIELD_ADDED" in codes(report, "note")
    assert not [item for item in report["findings"] if item["existing"]]
    assert len(report["notes"]) == 1


def test_a_hole_more_is_the_changes_fault(project: Project) -> None:
    project.replace(*HOLE)
    project.commit()
    project.replace("ratings.graphql", "stars: Int", "stars: Int\n  votes: Int")
    code, report = checked(project)
    assert code == ExitCode.COMPOSITION
    assert {item["coordinate"]: item["existing"] for item in report["findings"]} == {
        "Product.stars": True,
        "Product.votes": False,
    }


def test_hints_that_fail_are_those_of_the_change(project: Project) -> None:
    project.replace(*HOLE)
    project.commit()
    assert checked(project, "--fail-on", "hints")[0] == ExitCode.FINE


def test_lint_findings_of_the_base_stay_forgiven(project: Project) -> None:
    project.replace("products.graphql", "  old: Product\n", "  Old_One: Product\n")
    project.replace(*HOLE)
    project.commit()
    undo(project, HOLE)
    lint = ("--fail-on", "lint-warnings")
    assert checked(project, *lint)[0] == ExitCode.FINE
    project.replace("products.graphql", "  Old_One: Product\n", "  New_One: Product\n")
    assert "field-names" in codes(checked(project, *lint)[1])


# --- Subgraphs that do not merge ------------------------------------------------------------------


def test_nothing_can_be_compared_with_what_does_not_merge(project: Project) -> None:
    project.replace(*CLASH)
    project.commit()
    undo(project, CLASH)
    refused = project.check("--base", "main")
    assert refused.exit_code == ExitCode.USAGE
    assert "main:supergraph.yaml does not compose, without this change" in refused.stderr
    assert "FIELD_TYPE_MISMATCH" in refused.stderr
    assert "--base none" in refused.stderr
    assert project.check("--base", "none").exit_code == ExitCode.FINE


def test_what_still_does_not_merge_fails_and_says_whose_fault_it_is(project: Project) -> None:
    project.replace(*CLASH)
    project.commit()
    project.replace("ratings.graphql", "stars: Int", "stars: Int\n  name: Int")
    code, report = checked(project)
    assert code == ExitCode.COMPOSITION
    errors = [item for item in report["findings"] if item["code"] == "FIELD_TYPE_MISMATCH"]
    assert {item["coordinate"]: item["existing"] for item in errors} == {
        "Product.price": True,
        "Product.name": False,
    }
    undo(project, ("ratings.graphql", "stars: Int", "stars: Int\n  name: Int"))
    code, report = checked(project)
    assert code == ExitCode.COMPOSITION
    assert all(item["existing"] for item in report["findings"] if item["level"] == "error")


# --- Variants -------------------------------------------------------------------------------------


def test_a_variant_that_was_not_whole_is_not_the_changes_fault(project: Project) -> None:
    # Nothing that a query starts at has the tag.
    project.write("checks.yaml", "checks: { contracts: { partner: { include: [partner] } } }\n")
    project.commit()
    code, report = checked(project, "--checks", "checks.yaml")
    assert code == ExitCode.FINE
    (finding,) = [item for item in report["findings"] if item["variant"] == "partner"]
    assert (finding["level"], finding["existing"]) == ("warning", True)
    assert checked(project, "--checks", "checks.yaml", "--base", "none")[0] == ExitCode.COMPOSITION
