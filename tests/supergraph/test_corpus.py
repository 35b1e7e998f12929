"""Each case of the corpus gets the verdict, codes and supergraph the reference gave to it."""

from __future__ import annotations

import pytest

from supergraph.load import load_supergraph
from tests.supergraph.corpus_cases import composed, read_cases, read_disagreements, read_recorded
from tests.supergraph.meaning import meaning

CASES = read_cases()
RECORDED = read_recorded()
DISAGREEMENTS = read_disagreements()


def test_every_case_was_recorded() -> None:
    assert CASES.keys() == RECORDED.keys()
    assert DISAGREEMENTS.keys() <= CASES.keys()
    assert all(reason.strip() for reason in DISAGREEMENTS.values())


@pytest.mark.parametrize("name", CASES)
def test_agrees_with_the_reference(name: str, request: pytest.FixtureRequest) -> None:
    if name in DISAGREEMENTS:
        # Strict: a case that agrees by now has to leave the list.
        request.applymarker(pytest.mark.xfail(reason=DISAGREEMENTS[name], strict=True))
    result = composed(name)
    expected = RECORDED[name]
    assert sorted({str(error.code) for error in result.errors}) == expected["errors"]
    assert (result.supergraph_sdl is None) == (expected["sdl"] is None)
    if result.supergraph_sdl is not None and expected["sdl"] is not None:
        assert meaning(result.supergraph_sdl) == meaning(expected["sdl"])
        assert sorted({str(hint.code) for hint in result.hints}) == expected["hints"]
        load_supergraph(result.supergraph_sdl)


@pytest.mark.parametrize("name", [name for name in CASES if RECORDED[name]["errors"]])
def test_every_error_names_its_place(name: str) -> None:
    for error in composed(name).errors:
        assert error.message.strip()
        if error.code not in ("NO_QUERIES", "INVALID_SUBGRAPH_NAME"):
            assert error.locations, error
        for place in error.locations:
            assert place.line >= 1
            assert place.column >= 1
            assert place.subgraph in {item.name for item in CASES[name]}
