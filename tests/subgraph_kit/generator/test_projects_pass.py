"""A project installs, lints, type-checks and passes its own tests, untouched."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest

from tests.subgraph_kit.generator.sources import (
    books_schema,
    pets_document,
    shop_database,
    visits_file,
)
from tests.testkit.generated import make_project, run_tests_of, users_environment

ROOT = Path(__file__).parents[3]
NAMES = ("parcels", "shop", "pets", "visits", "books")


@pytest.fixture(scope="module")
def projects(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return asyncio.run(make_projects(tmp_path_factory))


async def make_projects(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("projects")
    await make_project(directory, "parcels", "blank", include=("parcel", "depot"))
    await make_project(directory, "shop", f"sqlite:{shop_database(directory)}")
    await make_project(directory, "pets", f"openapi:{pets_document(directory)}")
    await make_project(directory, "visits", f"csv:{visits_file(directory)}")
    await make_project(directory, "books", f"graphql:{books_schema(directory)}")
    return directory


def run(command: list[str], directory: Path, **environment: str) -> None:
    result = subprocess.run(
        [sys.executable, "-m", *command],
        cwd=directory,
        env={**users_environment(), **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stdout[-4000:] + result.stderr[-4000:]


def test_they_are_formatted_and_have_no_lint(projects: Path) -> None:
    for name in NAMES:
        run(["ruff", "format", "--check", "."], projects / name)
        run(["ruff", "check", "."], projects / name)


def test_they_are_typed_strictly(projects: Path) -> None:
    cache = ROOT / ".mypy_cache" / "generated"
    for name in NAMES:
        run(["mypy", "--cache-dir", str(cache)], projects / name)


def test_one_passes_its_tests_by_its_own_command(projects: Path) -> None:
    run(["pytest", "-q", "-p", "no:cacheprovider"], projects / "shop")


def test_the_others_pass_their_tests(projects: Path) -> None:
    result = run_tests_of([projects / name for name in NAMES if name != "shop"])
    assert result.returncode == 0, result.stdout[-4000:]


def test_they_can_be_built(projects: Path) -> None:
    """A wheel with the package and nothing else: `pip install` needs no more."""
    import zipfile

    project = projects / "shop"
    run(["hatchling", "build", "-t", "wheel"], project)
    (wheel,) = (project / "dist").glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    assert "shop_subgraph/app.py" in names
    assert {name.partition("/")[0] for name in names} == {
        "shop_subgraph",
        "shop_subgraph-0.1.0.dist-info",
    }
