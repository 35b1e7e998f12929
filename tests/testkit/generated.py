"""Generated projects in a test: made, imported, served, and asked through a gateway in process."""

from __future__ import annotations

import asyncio
import importlib
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

from gateway.config.cache import OperationCacheSettings
from gateway.config.limits import LimitSettings
from gateway.context import RequestContext
from gateway.operation.limits import OperationLimits
from gateway.pipeline import Pipeline, Runtime
from gateway.transport.asgi import AsgiSubgraphClient
from subgraph_kit.app import MeshApp
from subgraph_kit.scaffold.generate import Generated, generate, look
from subgraph_kit.scaffold.locate import parse_place
from subgraph_kit.scaffold.project import ProjectSpec
from subgraph_kit.scaffold.write import write_project
from supergraph.compose import compose
from supergraph.load import load_supergraph
from supergraph.subgraph.model import SubgraphInput


def users_environment() -> dict[str, str]:
    """The environment of a process as users have it: what was compiled once stays compiled."""
    return {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}


def run_tests_of(projects: Sequence[Path]) -> subprocess.CompletedProcess[str]:
    """Run the own tests of several projects as they are, in one process: it starts only once."""
    first, *_ = projects
    paths = os.pathsep.join(map(str, projects))
    return subprocess.run(
        [
            sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider",
            "--import-mode", "importlib", "-c", str(first / "pyproject.toml"),
            "--rootdir", str(first.parent), *(str(project / "tests") for project in projects),
        ],
        cwd=first.parent,
        env={**users_environment(), "PYTHONPATH": paths},
        capture_output=True,
        text=True,
        check=False,
    )  # fmt: skip


async def make_project(directory: Path, name: str, source: str, **answers: Any) -> Generated:
    """Make `directory/name` from a source (`sqlite:...`, as behind `--from`)."""
    place = parse_place(source)
    project = directory / name
    spec = ProjectSpec(name, place.kind, place.moved(Path.cwd(), project).public, **answers)
    model = await look(spec, place.moved(Path.cwd(), project), project)
    generated = await asyncio.to_thread(generate, spec, model)
    write_project(project, generated.all_files)
    return generated


@contextmanager
def imported(project: Path, package: str) -> Iterator[None]:
    """The project's package can be imported meanwhile."""
    sys.path.insert(0, str(project))
    try:
        yield
    finally:
        sys.path.remove(str(project))
        for name in [each for each in sys.modules if each.partition(".")[0] == package]:
            del sys.modules[name]


def app_of(package: str, **settings: Any) -> MeshApp:
    """The project's app, by its own code; `settings` are those of its source."""
    module = importlib.import_module(f"{package}.app")
    own = importlib.import_module(f"{package}.settings").Settings(**settings)
    app: MeshApp = module.build_app(own)
    return app


class InProcessMesh:
    """A gateway over apps and over schemas that are composed, but not called."""

    def __init__(self, pipeline: Pipeline) -> None:
        self._pipeline = pipeline

    async def ask(self, query: str, variables: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """The data of the answer, which must have no errors."""
        outcome = await self._pipeline.run(query, None, variables, RequestContext())
        assert not outcome.errors, (outcome.errors, query)
        body: dict[str, Any] = outcome.as_json()
        data: dict[str, Any] = body["data"]
        return data


@asynccontextmanager
async def mesh_of(apps: Mapping[str, MeshApp]) -> AsyncIterator[InProcessMesh]:
    """Compose the apps, and serve them."""
    inputs = [
        SubgraphInput(name, f"http://127.0.0.1/{name}", app.sdl()) for name, app in apps.items()
    ]
    result = await asyncio.to_thread(compose, inputs)
    assert result.supergraph_sdl is not None, [str(error) for error in result.errors]
    client = AsgiSubgraphClient({name: app.asgi() for name, app in apps.items()})
    pipeline = Pipeline(LimitSettings())
    pipeline.runtime = Runtime(
        load_supergraph(result.supergraph_sdl),
        client,
        limits=OperationLimits(),
        cache=OperationCacheSettings(),
    )
    async with AsyncExitStack() as stack:
        stack.callback(pipeline.close)
        for app in apps.values():
            stack.push_async_callback(app.stop)
        yield InProcessMesh(pipeline)
