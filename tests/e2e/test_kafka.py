"""The demo's change flow with Apache Kafka as event bus."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest
import pytest_asyncio

from examples.demo.change import change_and_watch
from examples.demo.client import GraphQLClient
from examples.mesh import Mesh, MeshOptions
from subgraph_kit.data_product import ChangeType

pytestmark = [pytest.mark.kafka, pytest.mark.asyncio(loop_scope="module")]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def mesh() -> AsyncIterator[Mesh]:
    address = os.environ.get("DICTAMESH_TEST_KAFKA")
    if not address:
        pytest.skip("DICTAMESH_TEST_KAFKA is not set; `make test-kafka` does it")
    directory = Path(tempfile.mkdtemp(prefix="dm-"))
    try:
        async with Mesh(MeshOptions(data_dir=directory, kafka=address, durable=False)) as mesh:
            await mesh.start()
            yield mesh
    finally:
        shutil.rmtree(directory)


async def test_a_change_goes_over_kafka_to_catalog_caches_and_answer(mesh: Mesh) -> None:
    async with GraphQLClient(mesh.gateway_url) as gateway:
        seen = await change_and_watch(mesh, gateway)
    assert seen.event is not None
    assert seen.event.event_type is ChangeType.UPDATED
    assert seen.catalog_row is not None
    assert seen.is_logged
    assert seen.was_cached
    assert seen.dropped_ms is not None
    assert seen.answer == seen.email


async def test_nothing_of_the_change_went_over_postgresql(mesh: Mesh) -> None:
    connection = await asyncpg.connect(mesh.catalog_dsn)
    try:
        assert await connection.fetchval("SELECT count(*) FROM bus_records") == 0
    finally:
        await connection.close()
