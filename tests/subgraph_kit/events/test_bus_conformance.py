from __future__ import annotations

import os
from collections.abc import AsyncIterator

import pytest

from subgraph_kit.errors import FatalError
from subgraph_kit.events.base import EventBus, Record
from subgraph_kit.events.connect import connect_bus
from subgraph_kit.events.postgres import PostgresBus
from subgraph_kit.testing.bus import EventBusConformance


class TestMemoryBus(EventBusConformance):
    @pytest.fixture
    async def bus(self) -> AsyncIterator[EventBus]:
        bus = await connect_bus("memory://")
        yield bus
        await bus.close()


@pytest.mark.embedded
class TestPostgresBus(EventBusConformance):
    @pytest.fixture
    async def bus(self, postgres_dsn: str) -> AsyncIterator[EventBus]:
        bus = PostgresBus(postgres_dsn, session_timeout_seconds=2.0)
        yield bus
        await bus.close()


@pytest.mark.kafka
class TestKafkaBus(EventBusConformance):
    @pytest.fixture
    async def bus(self) -> AsyncIterator[EventBus]:
        servers = os.environ.get("DICTAMESH_TEST_KAFKA")
        if not servers:
            pytest.skip("DICTAMESH_TEST_KAFKA names no Kafka; `make test-kafka` starts one")
        bus = await connect_bus(f"kafka://{servers}")
        yield bus
        await bus.close()

    async def test_a_record_that_is_too_large_is_refused_for_good(self, bus: EventBus) -> None:
        with pytest.raises(FatalError, match="larger than Kafka takes"):
            await bus.publish([Record("big.crm.entity_changed", b"k", bytes(2_000_000))])
