"""Every code and hint is explained, by an example that produces it, in the command and the docs."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest

from supergraph import ErrorCode, HintCode, compose
from supergraph.explain import Explanation, RemarkKind, explain, explanations
from tests.supergraph.cli.project import run

TOOL = Path(__file__).parents[3] / "tools" / "docs" / "composition_codes.py"
WITH_EXAMPLE = [item for item in explanations() if item.example]


def of_kind(kind: RemarkKind) -> list[str]:
    return [item.code for item in explanations() if item.kind is kind]


def test_every_code_is_explained_once() -> None:
    for kind, codes in ((RemarkKind.ERROR, ErrorCode), (RemarkKind.HINT, HintCode)):
        explained = of_kind(kind)
        assert len(explained) == len(set(explained))
        assert {code.value for code in codes} <= set(explained)


@pytest.mark.parametrize("item", explanations(), ids=lambda item: f"{item.kind}-{item.code}")
def test_an_explanation_says_when_and_how_to_mend(item: Explanation) -> None:
    for sentence in (item.when, item.mend):
        assert sentence.endswith(".")
        assert sentence[0].isupper() or sentence.startswith("@")
    assert bool(item.example) != bool(item.no_example), "an example, or why there is none"


@pytest.mark.parametrize("item", WITH_EXAMPLE, ids=lambda item: f"{item.kind}-{item.code}")
def test_the_example_produces_the_code(item: Explanation) -> None:
    result = compose(item.subgraphs())
    if item.kind is RemarkKind.HINT:
        assert result.errors == ()
        assert item.code in {hint.code for hint in result.hints}
    else:
        assert item.code in {error.code for error in result.errors}


def test_the_page_of_the_docs_is_what_the_tool_writes() -> None:
    tool = runpy.run_path(str(TOOL))
    assert tool["PAGE"].read_text(encoding="utf-8") == tool["page"](), "stale: run `make docs`"


def test_the_command_explains_a_code() -> None:
    result = run("explain", "field_type_mismatch")
    assert result.exit_code == 0
    (item,) = explain("FIELD_TYPE_MISMATCH")
    assert item.when in result.stdout
    assert item.mend in result.stdout
    assert "# subgraph offers\ntype Product" in result.stdout
    both = run("explain", "CONTEXTUAL_ARGUMENT_NOT_CONTEXTUAL_IN_ALL_SUBGRAPHS").stdout
    assert "(error)" in both
    assert "(hint)" in both


def test_the_command_lists_codes_and_helps_with_misspelled_ones() -> None:
    assert len(run("explain").stdout.splitlines()) == len(explanations())
    result = run("explain", "FIELD_TYP_MISMATCH")
    assert result.exit_code == 4
    assert "Did you mean FIELD_TYPE_MISMATCH?" in result.stderr
