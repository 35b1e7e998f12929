from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from subgraph_kit.catalog.base import Catalog
from subgraph_kit.catalog.memory import MemoryCatalog
from subgraph_kit.catalog.postgres import PostgresCatalog
from subgraph_kit.testing.catalog import CatalogConformance


class TestMemoryCatalog(CatalogConformance):
    @pytest.fixture
    def catalog(self) -> Catalog:
        return MemoryCatalog()


@pytest.mark.embedded
class TestPostgresCatalog(CatalogConformance):
    @pytest.fixture
    async def catalog(self, postgres_dsn: str) -> AsyncIterator[Catalog]:
        catalog = PostgresCatalog(postgres_dsn)
        yield catalog
        await catalog.close()
