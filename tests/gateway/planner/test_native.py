"""The planner as machine code (`supergraph/native.py`) plans what its sources do, to the letter."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

import pytest

from gateway.planner import walk
from supergraph.native import is_in_use
from tests.gateway.planner.quality import RECORDED, graph_sdl
from tests.testkit.plans import plan_query

CASES: list[dict[str, Any]] = json.loads(RECORDED.read_text())[::3]


def plans() -> list[str]:
    return [str(plan_query(graph_sdl(case["graph"]), case["query"])) for case in CASES]


@pytest.mark.skipif(not is_in_use(), reason="the planner is not compiled here, or was changed")
def test_both_plan_the_same() -> None:
    assert walk.__file__.endswith((".so", ".pyd"))
    command = [sys.executable, "-m", "tests.gateway.planner.test_native"]
    environment = os.environ | {"DICTAMESH_NATIVE": "0"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    by_sources = json.loads(done.stdout)
    assert by_sources["file"].endswith(".py")
    for case, text, expected in zip(CASES, plans(), by_sources["plans"], strict=True):
        assert text == expected, case["query"]


if __name__ == "__main__":
    print(json.dumps({"file": walk.__file__, "plans": plans()}))  # noqa: T201 - read by the test
