"""What is left when a part is away: the rest of the answer, and errors that say what is missing."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from examples.sources.shop import Line
from tests.e2e.conftest import RunningMesh, error_free

pytestmark = pytest.mark.asyncio(loop_scope="session")

QUERY = """
query ($id: ID!) {
  customer(id: $id) { name invoices { invoiceNumber items { quantity product { name } } } }
}
"""


async def customer_with_purchases(running: RunningMesh) -> str:
    number = uuid.uuid4().hex[:8]
    customer = await running.create_customer("Ada", "Partial", f"ada.{number}@example.com")
    product = await running.create_product("Thing", f"OUT-{number}", 100)
    await running.create_invoice(customer, [Line(product, 3, 100)])
    return customer


def check_partial(answer: dict[str, Any], code: str) -> None:
    assert answer["data"]["customer"]["name"] == "Ada Partial"
    item = answer["data"]["customer"]["invoices"][0]["items"][0]
    assert item == {"quantity": 3, "product": None}
    (error,) = answer["errors"]
    assert error["path"] == ["customer", "invoices", 0, "items", 0, "product"]
    assert error["extensions"]["code"] == code
    assert error["extensions"]["service"] == "products"
    assert "127.0.0.1" not in error["message"]


async def test_a_dead_product_source_leaves_the_rest(running: RunningMesh) -> None:
    customer = await customer_with_purchases(running)
    await running.mesh.supervisor.kill("vendor")
    try:
        answer = await running.gateway.ask(QUERY, {"id": customer})
    finally:
        await running.mesh.start_source("vendor")
    check_partial(answer, "SOURCE_UNAVAILABLE")


async def test_products_come_back_with_their_source(running: RunningMesh) -> None:
    customer = await customer_with_purchases(running)
    await running.mesh.supervisor.kill("vendor")
    await running.gateway.ask(QUERY, {"id": customer})
    await running.mesh.start_source("vendor")
    answer = error_free(await running.gateway.ask(QUERY, {"id": customer}))
    assert answer["customer"]["invoices"][0]["items"][0]["product"] == {"name": "Thing"}


async def test_a_dead_product_subgraph_leaves_the_rest(running: RunningMesh) -> None:
    customer = await customer_with_purchases(running)
    await running.mesh.supervisor.kill("products-subgraph")
    try:
        answer = await running.gateway.ask(QUERY, {"id": customer})
    finally:
        await running.mesh.start_subgraph("products")
    check_partial(answer, "SUBREQUEST_CONNECTION_ERROR")
