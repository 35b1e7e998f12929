"""A subgraph over the people source, running in this process."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from subgraph_kit.app import MeshApp
from subgraph_kit.backends import MeshBackends
from subgraph_kit.settings import MeshSettings
from subgraph_kit.testing.environment import MeshEnvironment
from tests.subgraph_kit.adapter.people import PeopleSource, PersonAdapter, people_source


@pytest.fixture
async def people() -> AsyncIterator[PeopleSource]:
    async with people_source() as people:
        yield people


@pytest.fixture
async def mesh(people: PeopleSource) -> AsyncIterator[MeshEnvironment]:
    def build(settings: MeshSettings, backends: MeshBackends) -> MeshApp:
        app = MeshApp("people-subgraph", settings, backends=backends)
        app.register_adapter("people", PersonAdapter(people))
        return app

    async with MeshEnvironment.of(build) as mesh:
        yield mesh
