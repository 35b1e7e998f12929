"""Every code and every hint has a case that produces it, and a near miss that does not."""

from __future__ import annotations

import pytest

from supergraph.compose import compose
from supergraph.errors import ErrorCode
from supergraph.hints import HintCode
from supergraph.subgraph.model import SubgraphInput
from tests.supergraph.corpus_cases import CORPUS, composed, read_cases, read_recorded
from tests.supergraph.random_subgraphs import random_sets

CASES = read_cases()
RECORDED = read_recorded()
NEAR_MISS = "near miss"

NOT_OF_COMPOSITION = {
    "DOWNSTREAM_SERVICE_ERROR": "a gateway that asks subgraphs for their SDL gives it",
    "INVALID_FEDERATION_SUPERGRAPH": "reading a supergraph gives it",
    "UNSUPPORTED_FEATURE": "nothing is unsupported any more",
    "UNSUPPORTED_LINKED_FEATURE": "nothing is unsupported any more",
    "INCONSISTENT_TYPE_SYSTEM_DIRECTIVE_REPEATABLE": "composed definitions come from one subgraph",
    "INCONSISTENT_TYPE_SYSTEM_DIRECTIVE_LOCATIONS": "composed definitions come from one subgraph",
}
"""Codes of the reference that no set of subgraphs gets, there or here, with the reason."""

NEEDS_MILLIONS_OF_STEPS = "MAX_VALIDATION_SUBGRAPH_PATHS_EXCEEDED"
"""Given for a graph far too large for a case; shown below with a lower limit."""

CODES = [code for code in ErrorCode if code not in {NEEDS_MILLIONS_OF_STEPS, *NOT_OF_COMPOSITION}]


def test_the_corpus_is_large() -> None:
    assert len([name for name in CASES if not name.startswith("RANDOM:")]) >= 400


def test_random_sets_are_those_of_the_seed() -> None:
    assert (CORPUS / "RANDOM.txt").read_text() == random_sets()


@pytest.mark.parametrize("code", CODES)
def test_every_error_has_a_case_and_a_near_miss(code: ErrorCode) -> None:
    producing = [name for name, said in RECORDED.items() if code in said["errors"]]
    producing += [name for name in CASES if name.startswith(f"{code}:")]
    assert code in {str(error.code) for name in producing for error in composed(name).errors}
    near = [name for name in CASES if name.startswith(f"{code}: {NEAR_MISS}")]
    assert near
    for name in near:
        assert code not in {str(error.code) for error in composed(name).errors}


@pytest.mark.parametrize("code", HintCode)
def test_every_hint_has_a_case_and_a_near_miss(code: HintCode) -> None:
    producing = [name for name, said in RECORDED.items() if code in said["hints"]]
    assert producing
    assert code in {str(hint.code) for name in producing for hint in composed(name).hints}
    near = [name for name in CASES if name.startswith(f"{code}: {NEAR_MISS}")]
    assert near
    for name in near:
        assert code not in {str(hint.code) for hint in composed(name).hints}


@pytest.mark.parametrize(("limit", "codes"), [(2, [NEEDS_MILLIONS_OF_STEPS]), (3, [])])
def test_too_many_positions_are_an_error(
    limit: int, codes: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("supergraph.satisfiability.MAX_POSITIONS", limit)
    sdl = "type Query { a: A } type A { b: B } type B { c: Int }"
    result = compose([SubgraphInput("a", "http://a", sdl)])
    assert [error.code for error in result.errors] == codes


def test_no_case_gets_what_composition_never_gives() -> None:
    said = {code for item in RECORDED.values() for code in (*item["errors"], *item["hints"])}
    assert NOT_OF_COMPOSITION.keys().isdisjoint(said)
