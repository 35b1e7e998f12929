"""What the benchmarks print and write is what they measured."""

from __future__ import annotations

import pytest

from tests.benchmarks.demo_graph import QUERY
from tests.benchmarks.loopback import put_load_on, running_mesh
from tests.benchmarks.measure import Measurement
from tests.benchmarks.page import PAGE, with_figures
from tests.benchmarks.profile import summarize

FOUND = [Measurement("gateway", "plan", 2_000.0, 0.1, "cold")]


def test_figures_take_the_place_of_the_ones_before() -> None:
    page = "a\n<!-- figures: x -->\nold\n<!-- end of figures -->\nb\n"
    once = with_figures(page, "x", FOUND, "2026-01-01")
    assert "| plan | 2,000 | 500.0 µs | cold |" in once
    assert "\nold\n" not in once
    assert once.startswith("a\n")
    assert once.endswith("\nb\n")
    assert with_figures(once, "x", FOUND, "2026-01-01") == once


def test_a_part_without_a_place_is_told() -> None:
    with pytest.raises(ValueError, match="no place for the figures of y"):
        with_figures("", "y", FOUND, "")


@pytest.mark.parametrize("part", ["gateway", "transport", "end-to-end", "memory"])
def test_the_page_has_a_place_for_every_part(part: str) -> None:
    with_figures(PAGE.read_text(), part, FOUND, "")


def test_a_profile_counts_innermost_frames_while_requests_are_served() -> None:
    run = "main (dictamesh.py:1);Runner.run (asyncio/runners.py:118)"
    modules, functions = summarize(
        f"{run};merge_3 (<compiled query plan>:267) 3\n"
        f"{run};merge_3 (<compiled query plan>:270) 2\n"
        f"{run};send (x/site-packages/uvicorn/http.py:7) 4\n"
        f"{run};Gateway._take_over (gateway/server/assemble.py:9) 50\n"
        f"{run};_load (<frozen importlib._bootstrap>:1);a (b.py:1) 60\n"
        "_worker (concurrent/futures/thread.py:81) 90\n"
        "no frame at all 5\n"
    )
    assert modules == {"<compiled query plan>": 5, "uvicorn/http.py": 4}
    assert functions["merge_3  <compiled query plan>"] == 5


async def test_a_mesh_under_load_answers_right() -> None:
    with running_mesh() as mesh:
        load = await put_load_on(mesh.port, QUERY, seconds=0.5, connections=4)
        assert load.wrong == 0
        assert load.per_second > 0
        assert mesh.rss_mb() > 10
