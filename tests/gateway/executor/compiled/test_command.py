"""`dictamesh gateway plan --compiled` prints the code."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from gateway.cli import app
from tests.gateway.executor.compiled.test_compiled_answers import ITEMS, STOCK, USERS
from tests.testkit.composition import compose_sdl


@pytest.fixture
def supergraph(tmp_path: Path) -> Path:
    path = tmp_path / "supergraph.graphql"
    path.write_text(compose_sdl(items=ITEMS, stock=STOCK, users=USERS))
    return path


def plan(supergraph: Path, query: str, *options: str) -> Result:
    arguments = ["plan", "--supergraph", str(supergraph), "--query", "-", "--compiled", *options]
    return CliRunner().invoke(app, arguments, input=query)


def test_the_code_of_a_plan_is_printed(supergraph: Path) -> None:
    result = plan(supergraph, "{ items { name stock } }")
    assert result.exit_code == 0
    assert "class " in result.stdout
    assert "def collect_1(L):" in result.stdout


def test_the_code_for_answers_that_repeat_themselves_is_printed_too(supergraph: Path) -> None:
    assert "def merge_0_cut(L, body, places):" in plan(supergraph, "{ items { stock } }").stdout


def test_the_code_is_for_the_given_conditions(supergraph: Path) -> None:
    query = "query ($more: Boolean!) { items { name stock @include(if: $more) } }"
    assert "f_stock" in plan(supergraph, query, "--variables", '{"more": true}').stdout
    assert "f_stock" not in plan(supergraph, query, "--variables", '{"more": false}').stdout


@pytest.mark.parametrize(
    ("query", "options", "sentence"),
    [
        ("{ __schema { types { name } } items { id } }", (), "always interpreted"),
        ("{ items { id } }", ("--variables", "{"), "--variables is no JSON"),
        ("{ items { id } }", ("--variables", "[]"), "has to be a JSON object"),
    ],
)
def test_what_cannot_be_printed_is_said_in_a_sentence(
    supergraph: Path, query: str, options: tuple[str, ...], sentence: str
) -> None:
    result = plan(supergraph, query, *options)
    assert result.exit_code == 1
    assert sentence in result.stderr
    assert "Traceback" not in result.output
