"""One mesh for all end-to-end tests of a process: real servers, real processes, real sockets.

The tests run on the session's event loop, as the mesh's processes belong to it. With xdist they
belong together on one worker (`--dist loadgroup`).
"""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest
import pytest_asyncio
from prometheus_client.parser import text_string_to_metric_families

from examples.demo.client import GraphQLClient
from examples.mesh import Mesh, MeshOptions
from examples.sources import shop
from subgraph_kit.testing.otlp import OtlpReceiver

GROUP = "mesh"


@pytest.hookimpl(tryfirst=True)  # before pytest-xdist reads the groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if item.path.is_relative_to(here):
            item.add_marker(pytest.mark.e2e)
            item.add_marker(pytest.mark.embedded)
            uses_the_mesh = "running" in getattr(item, "fixturenames", ())
            item.add_marker(pytest.mark.xdist_group(GROUP if uses_the_mesh else item.path.stem))


@dataclass(frozen=True)
class RunningMesh:
    """A mesh, a client of its gateway, the spans its processes export, and its sources' hands."""

    mesh: Mesh
    gateway: GraphQLClient
    spans: OtlpReceiver

    async def create_customer(self, first_name: str, last_name: str, email: str) -> str:
        """Write a customer in the CMS; return the id."""
        body = {"first_name": first_name, "last_name": last_name, "email": email}
        async with self.cms() as cms:
            response = await cms.post("/items/customers", json=body)
        return str(response.raise_for_status().json()["data"]["id"])

    async def create_product(self, label: str, number: str, cents: int) -> str:
        """Write an article at the vendor; return the id."""
        body = {"label": label, "articleNumber": number, "grossPrice": {"amountMinor": cents}}
        async with self.vendor() as vendor:
            response = await vendor.post("/v2/catalog/articles", json=body)
        return str(response.raise_for_status().json()["article"]["articleId"])

    async def create_invoice(self, customer_id: str, lines: Sequence[shop.Line]) -> str:
        """Write an invoice in the shop; return the id."""
        connection = await asyncpg.connect(self.mesh.shop_dsn)
        try:
            return str(await shop.insert_invoice(connection, customer_id, lines))
        finally:
            await connection.close()

    def cms(self) -> httpx.AsyncClient:
        """A client of the CMS that may write."""
        headers = {"Authorization": f"Bearer {self.mesh.credentials.cms_token}"}
        return httpx.AsyncClient(base_url=self.mesh.source_url("cms"), headers=headers)

    def vendor(self) -> httpx.AsyncClient:
        """A client of the vendor that may write."""
        headers = {"X-Api-Key": self.mesh.credentials.vendor_key}
        return httpx.AsyncClient(base_url=self.mesh.source_url("vendor"), headers=headers)

    async def cache_lookups(self) -> dict[str, float]:
        """Entity lookups by result ("hit", "miss"), of the gateway and all subgraphs together."""
        addresses = [re.sub(r"/graphql$", "", self.mesh.gateway_url)]
        addresses += [
            self.mesh.subgraph_url(name) for name in ("customers", "products", "invoices")
        ]
        found = {"hit": 0.0, "miss": 0.0}
        async with httpx.AsyncClient() as client:
            for address in addresses:
                text = (await client.get(f"{address}/metrics")).text
                for family in text_string_to_metric_families(text):
                    if family.name in ("cache_lookups", "gateway_entity_cache_lookups"):
                        for sample in family.samples:
                            if sample.name.endswith("_total"):
                                found[sample.labels["result"]] += sample.value
        return found


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def running() -> AsyncIterator[RunningMesh]:
    directory = Path(tempfile.mkdtemp(prefix="dm-"))
    try:
        async with OtlpReceiver() as spans:
            options = MeshOptions(
                data_dir=directory,
                otlp_endpoint=spans.endpoint,
                vendor_fault_rate=0.0,
                poll_seconds=0.2,
                durable=False,
            )
            async with Mesh(options) as mesh:
                await mesh.start()
                async with GraphQLClient(mesh.gateway_url) as gateway:
                    yield RunningMesh(mesh, gateway, spans)
    finally:
        shutil.rmtree(directory)


def error_free(answer: dict[str, Any]) -> dict[str, Any]:
    """The data of an answer that must have no errors."""
    assert "errors" not in answer, answer["errors"]
    data: dict[str, Any] = answer["data"]
    return data
