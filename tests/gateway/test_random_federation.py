"""Whatever graph is split in whatever legal way, every answer is the unsplit schema's.

`make test-random` runs any number of cases; these are the first 2,000 of seed 0, in parts, so that
two processes share them. `DICTAMESH_RANDOM_SEED` starts elsewhere.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from itertools import count
from typing import Any

import pytest

from tests.testkit.random_graphs.case import Case, find_problem
from tests.testkit.random_graphs.model import FEDERATION_2
from tests.testkit.random_graphs.run import CASES_PER_GRAPH, minimal, run_graph
from tests.testkit.random_graphs.shrink import shrink
from tests.testkit.random_graphs.split import make_split
from tests.testkit.random_graphs.world import Thing, World

CASES = int(os.environ.get("DICTAMESH_RANDOM_CASES", "2000"))
SEED = int(os.environ.get("DICTAMESH_RANDOM_SEED", "0"))
PARTS = 20


@pytest.mark.parametrize("part", range(PARTS))
def test_random_graphs_answer_like_their_unsplit_schema(part: int) -> None:
    for seed in range(SEED + part, SEED + -(-CASES // CASES_PER_GRAPH), PARTS):
        for failure in run_graph(seed):
            pytest.fail(str(minimal(failure, seconds=20)))


@pytest.mark.parametrize(
    "seed",
    [
        302262,  # a call at several places was merged with one at the first of them only
    ],
)
def test_graphs_that_were_once_planned_wrongly(seed: int) -> None:
    for failure in run_graph(seed):
        pytest.fail(str(minimal(failure, seconds=20)))


def test_the_same_seed_makes_the_same_graph() -> None:
    assert make_split(7).sdl() == make_split(7).sdl()
    assert make_split(7).sdl() != make_split(8).sdl()


def test_random_graphs_have_every_feature() -> None:
    text = "\n".join(sdl for seed in range(40) for sdl in make_split(seed).sdl().values())
    for feature in (
        "@interfaceObject",
        "@requires",
        "@provides",
        "@shareable",
        "@inaccessible",
        '@override(from: "',
        'label: "percent(50)"',
        "resolvable: false",
        "ref { code }",
        "peer { id }",
        "code region",
        "union U",
        "interface I0",
        "extend type T0",
        "extend type Mutation",
        "input Filter",
    ):
        assert feature in text, feature


# --- The proof can fail ---------------------------------------------------------------------------

_WRONG = {
    "a": f"""{FEDERATION_2}
        type Query {{ all: [Thing!]! few: [Thing!]! none: Int }}
        type Thing @key(fields: "id") {{ id: ID! name: String! color: String }}
    """,
    "b": f'{FEDERATION_2} type Thing @key(fields: "id") {{ id: ID! size: Int! note: String! }}',
}
_UNLIKE = """
    type Query { all: [Thing!]! few: [Thing!]! none: Int }
    type Thing { id: ID! name: String! color: String size: Int! note: String! other: Int }
"""


def test_a_wrong_answer_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    right = World.value
    sizes = count()

    def different_every_time(
        self: World, seed: int, thing: Thing, field: str, arguments: Mapping[str, Any]
    ) -> Any:
        return next(sizes) if field == "size" else right(self, seed, thing, field, arguments)

    monkeypatch.setattr(World, "value", different_every_time)
    problem = find_problem(Case(_WRONG, "{ all { size } }", seed=1))
    assert problem is not None
    assert problem.kind == "data"


def test_a_field_that_got_lost_is_noticed() -> None:
    problem = find_problem(Case(_WRONG, "{ all { other } }", unsplit=_UNLIKE))
    assert problem is not None
    assert problem.kind == "invalid"


def test_a_graph_that_does_not_compose_is_noticed() -> None:
    problem = find_problem(Case({**_WRONG, "c": _WRONG["b"]}, "{ none }"))
    assert problem is not None
    assert problem.kind == "composition INVALID_FIELD_SHARING"


def test_a_failing_case_is_made_small() -> None:
    case = Case(_WRONG, "{ none all { id name } few { ...F } } fragment F on Thing { other size }")
    small = shrink(case, "invalid", seconds=10)
    assert len(small.subgraphs) == 1
    assert "few" in small.query
    assert "none" not in small.query
