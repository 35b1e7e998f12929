"""Never more calls, nor a longer chain of them, than the reference planner; the same text.

What the reference does is recorded data: `make plan-quality` records it again.
"""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pytest

from tests.gateway.planner.quality import RECORDED, counts, graph_sdl, is_worse
from tests.testkit.plans import plan_query

CASES: list[dict[str, Any]] = json.loads(RECORDED.read_text())


def test_there_are_enough_cases_to_mean_something() -> None:
    assert len(CASES) >= 300
    assert len(Counter(case["graph"] for case in CASES)) >= 8
    assert sum(case["fetches"] >= 3 for case in CASES) >= 50


@pytest.mark.parametrize("graph", sorted({case["graph"] for case in CASES}))
def test_no_plan_is_worse_than_the_reference_planners(graph: str) -> None:
    for case in CASES:
        if case["graph"] == graph:
            ours = counts(graph, case["query"])
            assert not is_worse(ours, case), (ours, case)


@pytest.mark.parametrize("case", [case for case in CASES if "text" in case])
def test_plans_read_exactly_like_the_reference_planners(case: dict[str, Any]) -> None:
    assert str(plan_query(graph_sdl(case["graph"]), case["query"])) == case["text"]
