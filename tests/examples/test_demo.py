"""The parts of the demo that need no mesh: what it prints, how it counts, how it ends."""

from __future__ import annotations

import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console
from typer.testing import CliRunner

import examples.run
from examples.cli import app
from examples.demo import calls
from examples.demo.check import Checks
from examples.demo.screen import JSON_WIDTH, Screen, compact_json
from examples.mesh import MeshOptions
from subgraph_kit.embedded import ChildFailedError
from subgraph_kit.errors import ConfigurationError

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=60),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=20), inner),
    max_leaves=20,
)


@given(VALUES)
def test_json_on_the_screen_is_the_same_json(value: object) -> None:
    assert json.loads(compact_json(value)) == value


def test_json_that_fits_stands_on_a_line() -> None:
    assert compact_json({"a": [1, 2]}) == '{"a": [1, 2]}'
    wide = compact_json({"a": {"text": "x" * JSON_WIDTH, "b": {"c": 1}}})
    assert '    "b": {"c": 1}' in wide.splitlines()


def screen_to(file: io.StringIO, *, terminal: bool) -> Screen:
    return Screen(Console(file=file, force_terminal=terminal, width=100, highlight=False))


@pytest.mark.parametrize("terminal", [False, True])
def test_what_is_shown_is_never_taken_for_markup(terminal: bool) -> None:
    shown = io.StringIO()
    screen = screen_to(shown, terminal=terminal)
    checks = Checks(screen)
    screen.heading("[red]h")
    screen.say("[bold]s[/]")
    screen.table(("[a]",), [("[/nonsense]",)])
    assert checks.that(True, "[green]held") is True
    assert checks.that(False, "[x]", "found [y]") is False
    for text in ("[red]h", "[bold]s[/]", "[/nonsense]", "[green]held", "[x]: found [y]"):
        assert text in shown.getvalue()
    assert checks.failures == ["[x]: found [y]"]


def test_plain_output_has_no_control_characters() -> None:
    shown = io.StringIO()
    screen = screen_to(shown, terminal=False)
    screen.code("query { a }", "graphql")
    screen.json({"a": 1})
    screen.held("fine")
    assert "\x1b" not in shown.getvalue()


def test_calls_in_the_background_are_told_apart() -> None:
    log = "\n".join(
        json.dumps({"method": "GET", "path": "/v2/catalog/articles", "query": q, "status": 200})
        for q in (["ids", "pageSize"], ["pageSize", "updatedSince"], ["pageSize"])
    )
    assert calls._requests("vendor", log) == [
        ("Product", "GET /v2/catalog/articles?ids&pageSize -> 200")
    ]


def test_statements_of_the_shop_are_counted_by_what_they_read() -> None:
    log = "\n".join(
        (
            "2026-01-01 00:00:00.000 UTC [7] leser LOG:  execute __asyncpg_1__: SELECT a",
            "\t  FROM tbl_rechnung_pos p",
            "\t WHERE p.rech_id = ANY($1)",
            "2026-01-01 00:00:00.000 UTC [7] leser DETAIL:  Parameters: $1 = '{1}'",
            "2026-01-01 00:00:00.000 UTC [7] leser LOG:  execute __asyncpg_2__: SELECT b FROM"
            " tbl_rechnung r WHERE (r.geaendert_am, r.rech_id) > ($1, $2)",
            "2026-01-01 00:00:00.000 UTC [8] postgres LOG:  statement: SELECT c FROM tbl_rechnung",
            "2026-01-01 00:00:00.000 UTC [7] leser LOG:  execute s: SELECT d FROM tbl_rechnung r",
            "2026-01-01 00:00:00.000 UTC [7] leser LOG:  statement: select 1",
        )
    )
    assert calls._statements(log) == [
        ("InvoiceItem", "SELECT ... FROM tbl_rechnung_pos p WHERE p.rech_id = ANY($1)"),
        ("Invoice", "SELECT ... FROM tbl_rechnung r"),
    ]


@pytest.mark.parametrize(
    ("outcome", "code", "sentence"),
    [
        ([], 0, ""),
        (["x did not hold"], 1, "1 of the tour's checks did not hold"),
        (ConfigurationError("Port 4000 is in use."), 1, "Port 4000 is in use."),
        (ChildFailedError("cms", "cms ended with exit code 1."), 1, "cms ended"),
        (KeyboardInterrupt(), 130, ""),
    ],
)
def test_the_exit_code_says_how_it_went(
    monkeypatch: pytest.MonkeyPatch, outcome: list[str] | BaseException, code: int, sentence: str
) -> None:
    asked: list[MeshOptions] = []

    def run_demo(options: MeshOptions, *, once: bool, browser: bool) -> list[str]:
        asked.append(options)
        assert (once, browser) == (True, False)
        if isinstance(outcome, BaseException):
            raise outcome
        return outcome

    monkeypatch.setattr(examples.run, "run_demo", run_demo)
    result = CliRunner().invoke(app, ["--once", "--no-browser", "--scale", "3", "--port", "0"])
    assert result.exit_code == code
    assert sentence in result.output
    assert "Traceback" not in result.output
    assert (asked[0].scale, asked[0].gateway_port) == (3, 0)


@pytest.mark.parametrize(
    "options", [["--scale", "0"], ["--scale", "x"], ["--port", "70000"], ["--nonsense"]]
)
def test_an_option_it_does_not_take_is_a_sentence(options: list[str]) -> None:
    result = CliRunner().invoke(app, options)
    assert result.exit_code == 2
    assert "Error" in result.output
