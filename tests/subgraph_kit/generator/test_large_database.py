"""A database of over a hundred tables as a project: it composes, answers, and accounts for all."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from sqlalchemy.engine import make_url
from typer.testing import CliRunner

from subgraph_kit.cli import app
from supergraph.compose import compose
from supergraph.load import load_supergraph
from supergraph.subgraph.model import SubgraphInput
from tests.testkit.databases import large_database, load_postgres
from tests.testkit.databases.large import AREAS
from tests.testkit.generated import app_of, imported, mesh_of


@pytest.mark.embedded
async def test_a_large_database_is_a_project_that_composes_and_says_what_is_left_out(
    tmp_path: Path, empty_postgres_dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    await load_postgres(large_database(), empty_postgres_dsn)
    arguments = ["new", "erp", "--from", f"postgres:{empty_postgres_dsn}", "--yes"]
    result = await asyncio.to_thread(CliRunner().invoke, app, arguments)
    assert result.exit_code == 0, result.output

    sdl = (tmp_path / "erp/schema.graphql").read_text()
    composed = compose([SubgraphInput("erp", "http://erp/graphql", sdl)])
    assert composed.supergraph_sdl is not None, [str(error) for error in composed.errors]
    entities = 3 * len(AREAS)
    assert sdl.count(" @key(") >= entities
    assert len(list((tmp_path / "erp/erp_subgraph/entities").glob("[a-z]*.py"))) == entities
    # The screen has the first of what was left out and says where all of it stands.
    assert "all are in the project's README" in " ".join(result.output.split())
    report = (tmp_path / "erp/README.md").read_text()
    for area in AREAS:
        (told,) = [line for line in report.splitlines() if f"{area}_log`" in line]
        assert "key" in told

    url = make_url(empty_postgres_dsn).render_as_string(hide_password=False)
    with imported(tmp_path / "erp", "erp_subgraph"):
        async with mesh_of({"erp": app_of("erp_subgraph", source_url=url)}) as mesh:
            fields = load_supergraph(composed.supergraph_sdl).api_schema.query_type
            assert fields is not None
            lists = [name for name in fields.fields if name.endswith("Orders")]
            assert len(lists) == len(AREAS)
            data = await mesh.ask(f"{{ {' '.join(f'{name} {{ __typename }}' for name in lists)} }}")
            assert data == {name: [] for name in lists}  # the tables have no rows
