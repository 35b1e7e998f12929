"""The three reference adapters keep the contract, before their real sources (rows 20, 118-120)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from examples.customers.adapter import CustomerAdapter
from examples.invoices.adapter import InvoiceAdapter, InvoiceItemAdapter
from examples.products.adapter import ProductAdapter
from subgraph_kit.sources.auth import ApiKeyAuth, BearerAuth
from subgraph_kit.sources.rest import RestSource
from subgraph_kit.sources.sql import SqlSource
from subgraph_kit.testing.adapter_contract import AdapterContract, SourceFailure
from tests.examples.conftest import (
    CMS_TOKEN,
    VENDOR_KEY,
    CuttableLine,
    Sources,
    cuttable_tcp,
    cuttable_unix,
)

pytestmark = pytest.mark.embedded


class OverCuttableLine(AdapterContract):
    """The source fails by being cut off."""

    __test__ = False

    @pytest.fixture
    def source_failure(self, line: CuttableLine) -> SourceFailure:
        return line.cut


class TestCustomerAdapter(OverCuttableLine):
    __test__ = True

    @pytest.fixture
    async def line(self, sources: Sources) -> AsyncIterator[CuttableLine]:
        async with cuttable_tcp(sources.cms_url) as line:
            yield line

    @pytest.fixture
    async def adapter(self, line: CuttableLine) -> CustomerAdapter:
        url = f"http://127.0.0.1:{line.port}"
        return CustomerAdapter(RestSource("directus", url, auth=BearerAuth(CMS_TOKEN)))

    @pytest.fixture
    def known_ids(self) -> list[str]:
        return ["1", "500", "1000"]


class TestProductAdapter(OverCuttableLine):
    __test__ = True

    @pytest.fixture
    async def line(self, sources: Sources) -> AsyncIterator[CuttableLine]:
        async with cuttable_tcp(sources.vendor_url) as line:
            yield line

    @pytest.fixture
    async def adapter(self, line: CuttableLine) -> ProductAdapter:
        url = f"http://127.0.0.1:{line.port}/v2/catalog"
        return ProductAdapter(RestSource("thirdparty", url, auth=ApiKeyAuth(VENDOR_KEY)))

    @pytest.fixture
    def known_ids(self) -> list[str]:
        return ["A000001", "A000250", "A000500"]


def _dsn(line: CuttableLine) -> str:
    return f"postgresql://leser@127.0.0.1:{line.port}/shop?sslmode=disable"


class OverShop(OverCuttableLine):
    @pytest.fixture
    async def line(self, sources: Sources) -> AsyncIterator[CuttableLine]:
        async with cuttable_unix(sources.shop_socket) as line:
            yield line

    @pytest.fixture
    def shop_source(self, line: CuttableLine) -> SqlSource:
        return SqlSource("ecommerce", _dsn(line))

    @pytest.fixture
    def known_ids(self) -> list[str]:
        return ["1", "2500", "5000"]


class TestInvoiceAdapter(OverShop):
    __test__ = True

    @pytest.fixture
    def adapter(self, shop_source: SqlSource) -> Any:
        return InvoiceAdapter(shop_source)


class TestInvoiceItemAdapter(OverShop):
    __test__ = True

    @pytest.fixture
    async def adapter(self, shop_source: SqlSource) -> AsyncIterator[InvoiceItemAdapter]:
        yield InvoiceItemAdapter(shop_source)
        await shop_source.close()
