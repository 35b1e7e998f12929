"""`dictamesh supergraph publish`: accepted schemas in the catalog of a real PostgreSQL."""

from __future__ import annotations

import asyncpg
import pytest
from typer.testing import Result

from subgraph_kit.catalog.graphql_schemas import SchemaArchive
from supergraph.checks.catalog import CatalogError
from supergraph.checks.result import ExitCode
from tests.supergraph.checks.project import PRICE, Project, run

pytestmark = pytest.mark.embedded


def publish(*arguments: object) -> Result:
    return run("publish", *arguments, catalog=lambda dsn: SchemaArchive(dsn, CatalogError))


async def rows(dsn: str) -> list[tuple[object, ...]]:
    connection = await asyncpg.connect(dsn)
    try:
        found = await connection.fetch(
            "SELECT entity_type, version, schema_format, backward_compatible, forward_compatible"
            " FROM schemas ORDER BY published_at, entity_type"
        )
    finally:
        await connection.close()
    return [tuple(row) for row in found]


@pytest.fixture
def catalog(postgres_dsn: str, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("DICTAMESH_CATALOG_DSN", postgres_dsn)
    return postgres_dsn


async def test_each_accepted_schema_becomes_a_version_with_flags(
    project: Project, catalog: str
) -> None:
    import asyncio

    first = await asyncio.to_thread(publish)
    assert first.exit_code == ExitCode.FINE, first.output
    assert "Published subgraph:products 1, subgraph:ratings 1, supergraph 1." in first.stderr
    again = await asyncio.to_thread(publish)
    assert "The catalog has all of it already." in again.stderr

    # More for clients: those of before are served, those of now would not have been.
    project.replace("ratings.graphql", "stars: Int", "stars: Int\n  votes: Int")
    second = await asyncio.to_thread(publish)
    assert "Published subgraph:ratings 2, supergraph 2." in second.stderr

    # Less for clients is refused, and not recorded, unless it is wanted so.
    project.replace("products.graphql", PRICE, "")
    refused = await asyncio.to_thread(publish)
    assert refused.exit_code == ExitCode.BREAKING
    assert "against version 2 in the catalog: breaking" in refused.stdout
    accepted = await asyncio.to_thread(publish, "--fail-on", "nothing")
    assert accepted.exit_code == ExitCode.FINE
    assert await rows(catalog) == [
        ("subgraph:products", "1", "graphql", True, False),
        ("subgraph:ratings", "1", "graphql", True, False),
        ("supergraph", "1", "graphql", True, False),
        ("subgraph:ratings", "2", "graphql", True, False),
        ("supergraph", "2", "graphql", True, False),
        ("subgraph:products", "2", "graphql", False, True),
        ("supergraph", "3", "graphql", False, True),
    ]


def test_a_catalog_that_does_not_answer_is_a_sentence(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DICTAMESH_CATALOG_DSN", "postgresql://me:secret@127.0.0.1:1/mesh")
    result = publish()
    assert result.exit_code == ExitCode.USAGE
    assert result.stderr.startswith("error: The catalog: ")
    assert "secret" not in result.output
