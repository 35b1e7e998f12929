"""Work beside other work: the same result, and nothing that goes wrong gets lost."""

from __future__ import annotations

import os

import pytest

from supergraph.checks import beside as module
from supergraph.checks.beside import beside
from supergraph.checks.errors import CheckInputError


@pytest.fixture(params=[1, 2], ids=["one processor", "two processors"], autouse=True)
def _processors(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "processors", lambda: request.param)


def test_the_result_comes_back() -> None:
    with beside(lambda: [1, "two"]) as result:
        assert result() == [1, "two"]


def test_what_is_raised_is_raised_where_the_result_is_asked_for() -> None:
    def work() -> int:
        raise CheckInputError("one.", "two.")

    with beside(work) as result, pytest.raises(CheckInputError) as caught:
        result()
    assert caught.value.problems == ("one.", "two.")


def test_who_does_not_ask_does_not_wait() -> None:
    with beside(lambda: os.read(os.pipe()[0], 1)):
        pass


def test_a_small_work_needs_no_process() -> None:
    with beside(os.getpid, worthwhile=False) as result:
        assert result() == os.getpid()


def test_a_process_that_dies_is_no_result(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "processors", lambda: 2)
    with (
        beside(lambda: os._exit(0)) as result,
        pytest.raises(RuntimeError, match="before its work was done"),
    ):
        result()


def test_nor_is_what_cannot_be_handed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "processors", lambda: 2)
    with (
        beside(lambda: lambda: 1) as result,
        pytest.raises(RuntimeError, match="before its work was done"),
    ):
        result()
