"""Row 122: one query over three sources, its values, its trace, its caches; P16: what it costs."""

from __future__ import annotations

import asyncio
import secrets
import time
import uuid
from collections.abc import Sequence

import pytest

from examples.customers.adapter import CustomerAdapter
from examples.demo.calls import CallCounter
from examples.invoices.adapter import InvoiceAdapter, InvoiceItemAdapter
from examples.products.adapter import ProductAdapter
from examples.sources.shop import READER, Line
from subgraph_kit.sources.auth import ApiKeyAuth, BearerAuth
from subgraph_kit.sources.rest import RestSource
from subgraph_kit.sources.sql import SqlSource
from subgraph_kit.testing.otlp import ReceivedSpan
from tests.e2e.conftest import RunningMesh, error_free

pytestmark = pytest.mark.asyncio(loop_scope="session")

INVOICE = """
query ($id: ID!) {
  invoice(id: $id) {
    invoiceNumber
    status
    total { amount currency }
    customer { name email }
    items { quantity total { amount } product { name price { amount } } }
  }
}
"""


async def widget_invoice(running: RunningMesh) -> str:
    number = uuid.uuid4().hex[:8]
    customer = await running.create_customer("John", "Doe", f"john.{number}@example.com")
    product = await running.create_product("Widget", f"WG-{number}", 1999)
    return await running.create_invoice(customer, [Line(product, 2, 1999)])


async def test_the_invoice_is_answered_from_three_sources(running: RunningMesh) -> None:
    invoice_id = await widget_invoice(running)
    invoice = error_free(await running.gateway.ask(INVOICE, {"id": invoice_id}))["invoice"]
    email = invoice["customer"].pop("email")
    assert email.startswith("john.")
    assert invoice == {
        "invoiceNumber": f"RE-{int(invoice_id):08}",
        "status": "OPEN",
        "total": {"amount": "39.98", "currency": "EUR"},
        "customer": {"name": "John Doe"},
        "items": [
            {
                "quantity": 2,
                "total": {"amount": "39.98"},
                "product": {"name": "Widget", "price": {"amount": "19.99"}},
            }
        ],
    }


async def test_one_trace_goes_through_all_processes(running: RunningMesh) -> None:
    invoice_id = await widget_invoice(running)
    trace_id = secrets.token_hex(16)
    headers = {"traceparent": f"00-{trace_id}-{secrets.token_hex(8)}-01"}
    error_free(await running.gateway.ask(INVOICE, {"id": invoice_id}, headers))
    spans = await whole_trace(running, trace_id)
    services = {span.service for span in spans}
    assert {"customers-subgraph", "products-subgraph", "invoices-subgraph"} < services
    assert len(services) == 4
    assert len(spans) > 5
    assert [span.service for span in roots_of(spans)] == ["dictamesh-gateway"], (
        "one request, one tree"
    )


async def whole_trace(running: RunningMesh, trace_id: str) -> list[ReceivedSpan]:
    """The trace once all four processes have exported their part, each in its own time."""
    deadline = time.monotonic() + 20
    while True:
        spans = await running.spans.wait_for_trace(trace_id, spans=6, timeout_seconds=20)
        complete = len({span.service for span in spans}) == 4 and len(roots_of(spans)) == 1
        if complete or time.monotonic() > deadline:
            return spans
        await asyncio.sleep(0.05)


def roots_of(spans: Sequence[ReceivedSpan]) -> list[ReceivedSpan]:
    """Spans whose parent is none of the trace's: the client's own span was not exported."""
    ids = {span.span_id for span in spans}
    return [span for span in spans if span.parent_span_id not in ids]


async def test_repetition_is_answered_from_caches(running: RunningMesh) -> None:
    invoice_id = await widget_invoice(running)
    before = await running.cache_lookups()
    for _ in range(20):
        error_free(await running.gateway.ask(INVOICE, {"id": invoice_id}))
    after = await running.cache_lookups()
    hits, misses = after["hit"] - before["hit"], after["miss"] - before["miss"]
    assert hits / (hits + misses) > 0.8


BOUGHT = """
query ($id: ID!) {
  customer(id: $id) { name invoices { invoiceNumber items { quantity product { name sku } } } }
}
"""


async def test_a_wide_query_asks_each_source_once_per_entity_type(running: RunningMesh) -> None:
    number = uuid.uuid4().hex[:8]
    customer = await running.create_customer("Paula", "Prolific", f"p.{number}@example.com")
    products = [
        await running.create_product(f"Thing {each}", f"P16-{number}-{each}", 100 + each)
        for each in range(50)
    ]
    invoices = [
        await running.create_invoice(customer, [Line(p, 1, 100) for p in products[start::10]])
        for start in range(10)
    ]

    calls = CallCounter(running.mesh)
    await calls.mark()
    found = error_free(await running.gateway.ask(BOUGHT, {"id": customer}))["customer"]
    batched = {each.entity_type: each.count for each in await calls.count()}

    items = [item for invoice in found["invoices"] for item in invoice["items"]]
    assert len(found["invoices"]) == 10
    assert len({item["product"]["sku"] for item in items}) == 50
    assert batched == {"Customer": 1, "Invoice": 1, "InvoiceItem": 1, "Product": 1}

    await calls.mark()
    await one_by_one(running, customer, invoices, products)
    one_by_one_calls = sum(each.count for each in await calls.count())
    assert one_by_one_calls >= 10 * sum(batched.values())


async def test_a_list_costs_no_more_calls_than_one(running: RunningMesh) -> None:
    query = """{ customers(limit: 10, offset: 100) {
      name invoices(limit: 2) { total { amount } items { product { name } } } } }"""
    calls = CallCounter(running.mesh)
    await calls.mark()
    customers = error_free(await running.gateway.ask(query))["customers"]
    counted = {each.entity_type: each.count for each in await calls.count()}
    assert len(customers) == 10
    assert len([i for c in customers for i in c["invoices"]]) > 10
    assert counted == {"Customer": 1, "Invoice": 1, "InvoiceItem": 1, "Product": 1}


async def one_by_one(
    running: RunningMesh, customer: str, invoices: list[str], products: list[str]
) -> None:
    """What a client without batching asks of the same sources, for the same answer."""
    mesh = running.mesh
    shop_dsn = mesh.shop_dsn.replace("postgres@", f"{READER}@")
    shop = SqlSource("shop", shop_dsn)
    vendor_url = f"{mesh.source_url('vendor')}/v2/catalog"
    vendor = RestSource("vendor", vendor_url, auth=ApiKeyAuth(mesh.credentials.vendor_key))
    cms_auth = BearerAuth(mesh.credentials.cms_token)
    cms = RestSource("cms", mesh.source_url("cms"), auth=cms_auth)
    try:
        await CustomerAdapter(cms).get_entity(customer)
        await InvoiceAdapter(shop).by_customers([customer], limit=20)
        for invoice in invoices:
            await InvoiceItemAdapter(shop).by_invoices([invoice])
        for product in products:
            await ProductAdapter(vendor).get_entity(product)
    finally:
        for source in (shop, vendor, cms):
            await source.close()


async def test_a_mutation_is_carried_out_in_the_cms_and_seen_at_once(running: RunningMesh) -> None:
    number = uuid.uuid4().hex[:8]
    customer = await running.create_customer("Mia", "Mutable", f"old.{number}@example.com")
    read = "query ($id: ID!) { customer(id: $id) { email } }"
    error_free(await running.gateway.ask(read, {"id": customer}))
    change = """mutation ($id: ID!, $email: String!) {
      updateCustomerEmail(id: $id, email: $email) { email invoices { id } } }"""
    new = f"new.{number}@example.com"
    changed = error_free(await running.gateway.ask(change, {"id": customer, "email": new}))
    assert changed["updateCustomerEmail"] == {"email": new, "invoices": []}
    seen = error_free(await running.gateway.ask(read, {"id": customer}))
    assert seen["customer"] == {"email": new}


@pytest.mark.parametrize(
    ("field", "expected"),
    [
        ('customer(id: "no-such")', None),
        ('customer(id: "999999")', None),
        ('product(id: "nope")', None),
        ('invoice(id: "-1")', None),
        ('customers(filter: {city: "Atlantis"})', []),
        ("customers(limit: 0)", []),
    ],
)
async def test_what_is_not_there_is_null_or_empty(
    running: RunningMesh, field: str, expected: object
) -> None:
    name = field.split("(")[0]
    data = error_free(await running.gateway.ask(f"{{ {field} {{ id }} }}"))
    assert data[name] == expected


@pytest.mark.parametrize(
    "field", ["customers(limit: -1)", "customers(limit: 100000)", "products(offset: -5)"]
)
async def test_a_page_out_of_bounds_is_refused(running: RunningMesh, field: str) -> None:
    answer = await running.gateway.ask(f"{{ {field} {{ id }} }}")
    assert answer["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"
    assert "must be between" in answer["errors"][0]["message"]


async def test_filters_work_through_the_gateway(running: RunningMesh) -> None:
    query = """{
      customers(filter: {country: "DE", nameContains: "a"}, limit: 5) { address { country } name }
      products(filter: {category: "tools"}, limit: 5, offset: 2) { category sku }
      invoices(filter: {customerId: "1", status: PAID}, limit: 5) { status customer { id } }
    }"""
    data = error_free(await running.gateway.ask(query))
    assert {c["address"]["country"] for c in data["customers"]} == {"DE"}
    assert all("a" in c["name"].lower() for c in data["customers"])
    assert [p["category"] for p in data["products"]] == ["tools"] * 5
    assert {(i["status"], i["customer"]["id"]) for i in data["invoices"]} == {("PAID", "1")}
