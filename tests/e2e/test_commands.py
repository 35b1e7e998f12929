"""The commands on a running mesh give what the demo gave itself."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import pytest

from examples.demo.question import QUERY
from tests.e2e.conftest import RunningMesh

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def dictamesh(*arguments: object) -> tuple[int, str]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "dictamesh", *map(str, arguments),
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    output, _ = await asyncio.wait_for(process.communicate(), 60)
    return process.returncode or 0, output.decode()


async def test_compose_makes_the_same_supergraph_of_the_running_subgraphs(
    running: RunningMesh, tmp_path: Path
) -> None:
    config = running.mesh.data_dir / "supergraph.yaml"
    out = tmp_path / "supergraph.graphql"
    code, output = await dictamesh("supergraph", "compose", "--config", config, "--out", out)
    assert code == 0, output
    composed = await asyncio.to_thread(out.read_text)
    assert composed.strip() == (await asyncio.to_thread(_read, running)).strip()


def _read(running: RunningMesh) -> str:
    return running.mesh.supergraph_file.read_text()


async def test_plan_shows_three_fetches_one_after_the_other(
    running: RunningMesh, tmp_path: Path
) -> None:
    query = tmp_path / "query.graphql"
    await asyncio.to_thread(query.write_text, QUERY)
    code, output = await dictamesh(
        "gateway", "plan", "--supergraph", running.mesh.supergraph_file, "--query", query
    )
    assert code == 0, output
    services = [line.split('"')[1] for line in output.splitlines() if "Fetch(service" in line]
    assert services == ["customers", "invoices", "products"]
