"""What the tests of the commands start from."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.supergraph.cli.project import PRODUCTS, RATINGS


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A directory with `supergraph.yaml` and the files of its two subgraphs."""
    (tmp_path / "products.graphql").write_text(PRODUCTS)
    (tmp_path / "ratings.graphql").write_text(RATINGS)
    (tmp_path / "supergraph.yaml").write_text(
        "federation_version: =2.9\n"
        "subgraphs:\n"
        "  products:\n"
        "    routing_url: http://products\n"
        "    schema:\n"
        "      file: ./products.graphql\n"
        "  ratings:\n"
        "    routing_url: http://ratings\n"
        "    schema: { file: ratings.graphql }\n"
    )
    return tmp_path
