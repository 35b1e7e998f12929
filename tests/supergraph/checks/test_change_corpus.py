"""Each case of the corpus has the changes it says; every kind has a case, and an explanation.

Plain cases are also held to what `@graphql-inspector/core` was recorded to find.
"""

from __future__ import annotations

import json
import runpy
from pathlib import Path

import pytest

from supergraph.checks.kinds import CHANGE_KINDS, ENTRIES
from tests.supergraph.checks.change_cases import CORPUS, read_cases, shown

CASES = read_cases()
RECORDED: dict[str, list[str]] = json.loads((CORPUS / "recorded.json").read_text())
DISAGREEMENTS: dict[str, str] = json.loads((CORPUS / "disagreements.json").read_text())
PAGE_TOOL = Path(__file__).parents[3] / "tools" / "docs" / "schema_changes.py"


@pytest.mark.parametrize("name", CASES)
def test_a_case_has_the_changes_it_says(name: str) -> None:
    assert shown(CASES[name].changes()) == CASES[name].expected


def test_every_plain_case_was_recorded() -> None:
    assert {name for name, case in CASES.items() if "" in case.old} == RECORDED.keys()
    assert DISAGREEMENTS.keys() <= RECORDED.keys()
    assert all(reason.endswith(".") for reason in DISAGREEMENTS.values())


@pytest.mark.parametrize("name", RECORDED)
def test_agrees_with_the_reference_or_says_why_not(name: str) -> None:
    ours = sorted(f"{item.criticality} {item.kind}" for item in CASES[name].changes())
    assert (ours == RECORDED[name]) == (name not in DISAGREEMENTS)


def test_every_kind_has_a_case_and_every_change_a_kind() -> None:
    seen = {line.split()[1] for case in CASES.values() for line in case.expected}
    assert seen == CHANGE_KINDS.keys()


def test_every_grade_that_occurs_is_explained() -> None:
    grades: dict[str, set[str]] = {}
    for case in CASES.values():
        for line in case.expected:
            grade, kind, _ = line.split()
            grades.setdefault(kind, set()).add(grade)
    for item in ENTRIES:
        for name in item.names:
            for grade in grades[name]:
                assert grade in item.grade.lower(), (name, grade)


def test_an_explanation_is_sentences() -> None:
    assert len(CHANGE_KINDS) == sum(len(item.names) for item in ENTRIES), "a kind twice"
    for item in ENTRIES:
        for text in (item.grade, item.means, item.safely):
            assert text.endswith((".", ".)"))


def test_the_page_of_the_docs_is_what_the_tool_writes() -> None:
    tool = runpy.run_path(str(PAGE_TOOL))
    assert tool["PAGE"].read_text(encoding="utf-8") == tool["page"](), "stale: run `make docs`"
