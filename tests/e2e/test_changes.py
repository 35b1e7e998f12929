"""A change in a source reaches topic, catalog, caches and the next answer; nothing is lost."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import time
import uuid
from collections.abc import Awaitable, Callable
from typing import TypeVar

import asyncpg
import httpx
import pytest

from examples.demo.change import change_and_watch
from examples.sources.shop import Line
from subgraph_kit.catalog.postgres import PostgresCatalog
from subgraph_kit.data_product import ChangeType
from subgraph_kit.events.avro import EventCodec
from subgraph_kit.events.connect import connect_bus
from subgraph_kit.events.model import EntityChangeEvent
from tests.e2e.conftest import RunningMesh, error_free

pytestmark = pytest.mark.asyncio(loop_scope="session")

T = TypeVar("T")
EMAIL = "query ($id: ID!) { customer(id: $id) { email } }"


async def soon(look: Callable[[], Awaitable[T]], wanted: object, seconds: float = 10.0) -> T:
    """What `look` finds once it is `wanted`, or what it finds last."""
    deadline = time.monotonic() + seconds
    while True:
        found = await look()
        if found == wanted or time.monotonic() > deadline:
            return found
        await asyncio.sleep(0.02)


async def events_of(running: RunningMesh, topic: str, entity_id: str) -> list[EntityChangeEvent]:
    """All events of an entity that are on the topic."""
    bus, codec = await connect_bus(running.mesh.events_url), EventCodec()
    try:
        if topic not in await bus.topics():
            return []
        events = [await codec.decode(record) async for record in bus.replay(topic)]
    finally:
        await bus.close()
    return [event for event in events if event.entity.id == entity_id]


async def test_a_change_in_the_cms_is_on_the_topic_in_the_catalog_and_in_the_answer(
    running: RunningMesh,
) -> None:
    seen = await change_and_watch(running.mesh, running.gateway)
    assert seen.event is not None
    assert seen.event.event_type is ChangeType.UPDATED
    assert seen.event.changed_fields == ("email",)
    assert seen.event.entity.url == f"{running.mesh.source_url('cms')}/items/customers/1"
    assert seen.catalog_row is not None
    assert seen.catalog_row["contains_pii"] is True
    assert seen.is_logged
    assert seen.was_cached
    assert seen.dropped_ms is not None
    assert seen.answer == seen.email
    assert seen.record is not None
    assert seen.email.encode() not in seen.record.value, "events carry no personal data"


async def test_a_change_at_the_vendor_is_found_by_polling(running: RunningMesh) -> None:
    number = uuid.uuid4().hex[:8]
    product = await running.create_product("Old name", f"CH-{number}", 100)
    query = "query ($id: ID!) { product(id: $id) { name } }"
    assert error_free(await running.gateway.ask(query, {"id": product}))["product"] == {
        "name": "Old name"
    }
    async with running.vendor() as vendor:
        path = f"/v2/catalog/articles/{product}"
        (await vendor.patch(path, json={"label": "New name"})).raise_for_status()

    async def name() -> object:
        answer = await running.gateway.ask(query, {"id": product})
        return error_free(answer)["product"]

    assert await soon(name, {"name": "New name"}) == {"name": "New name"}


async def test_a_discontinued_product_becomes_a_deletion(running: RunningMesh) -> None:
    product = await running.create_product("Last one", f"DEL-{uuid.uuid4().hex[:8]}", 100)
    query = "query ($id: ID!) { product(id: $id) { name } }"
    error_free(await running.gateway.ask(query, {"id": product}))
    async with running.vendor() as vendor:
        (await vendor.delete(f"/v2/catalog/articles/{product}")).raise_for_status()

    async def found() -> object:
        return error_free(await running.gateway.ask(query, {"id": product}))["product"]

    assert await soon(found, None) is None

    async def last_kind() -> list[ChangeType]:
        events = await events_of(running, "products.thirdparty.entity_changed", product)
        return [event.event_type for event in events][-1:]

    assert await soon(last_kind, [ChangeType.DELETED]) == [ChangeType.DELETED]


async def test_a_change_in_the_shop_is_found_by_polling(running: RunningMesh) -> None:
    invoice = await running.create_invoice("7", [Line("A000001", 1, 100)])
    query = "query ($id: ID!) { invoice(id: $id) { status } }"
    answer = error_free(await running.gateway.ask(query, {"id": invoice}))
    assert answer["invoice"] == {"status": "OPEN"}
    connection = await asyncpg.connect(running.mesh.shop_dsn)
    try:
        sql = "UPDATE tbl_rechnung SET status_kz = 'B' WHERE rech_id = $1"
        await connection.execute(sql, int(invoice))
    finally:
        await connection.close()

    async def status() -> object:
        return error_free(await running.gateway.ask(query, {"id": invoice}))["invoice"]

    assert await soon(status, {"status": "PAID"}) == {"status": "PAID"}

    async def related() -> list[str]:
        events = await events_of(running, "invoices.ecommerce.entity_changed", invoice)
        return [related.type for event in events[-1:] for related in event.relationships]

    assert await soon(related, ["Customer"]) == ["Customer"]


async def test_the_catalog_knows_who_an_invoice_was_billed_to(running: RunningMesh) -> None:
    invoice = await running.create_invoice("8", [Line("A000001", 1, 100)])
    catalog = PostgresCatalog(running.mesh.catalog_dsn)

    async def related() -> list[tuple[str, str, str]]:
        hops = await catalog.query_relationship_graph("Invoice", invoice, max_depth=1)
        return [(hop.relationship_type, hop.object_type, hop.object_id) for hop in hops]

    try:
        expected = [("billed_to", "Customer", "8")]
        assert await soon(related, expected) == expected
    finally:
        await catalog.close()


def signed(running: RunningMesh, body: bytes) -> dict[str, str]:
    secret = running.mesh.credentials.webhook_secret.encode()
    return {"X-Webhook-Signature": "sha256=" + hmac.new(secret, body, hashlib.sha256).hexdigest()}


def update_of(customer: str, delivery: str = "") -> bytes:
    message = {
        "event": "items.update",
        "collection": "customers",
        "keys": [customer],
        "payload": {"email": "x@example.com"},
        "delivery": delivery or uuid.uuid4().hex,
    }
    return json.dumps(message).encode()


async def deliver(running: RunningMesh, body: bytes, headers: dict[str, str]) -> httpx.Response:
    async with httpx.AsyncClient(base_url=running.mesh.subgraph_url("customers")) as client:
        return await client.post("/webhooks/directus", content=body, headers=headers)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"X-Webhook-Signature": "sha256=" + "0" * 64},
        {"X-Webhook-Signature": "garbage"},
        {"Authorization": "Bearer wrong"},
    ],
)
async def test_a_webhook_that_is_not_authentic_is_refused(
    running: RunningMesh, headers: dict[str, str]
) -> None:
    customer = await running.create_customer("Eve", "Dropper", "eve@example.com")
    response = await deliver(running, update_of(customer), headers)
    assert response.status_code == 401
    topic = "customers.directus.entity_changed"
    kinds = [event.event_type for event in await events_of(running, topic, customer)]
    assert ChangeType.UPDATED not in kinds


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"event": "items.update", "collection": "customers", "keys": []}',
        b'{"event": "items.update", "collection": "customers", "keys": [{"a": 1}]}',
        b'{"event": "items.update", "collection": "orders", "keys": ["1"]}',
        b'{"event": "items.explode", "collection": "customers", "keys": ["1"]}',
    ],
)
async def test_a_webhook_that_cannot_be_read_is_refused(running: RunningMesh, body: bytes) -> None:
    response = await deliver(running, body, signed(running, body))
    assert response.status_code == 400
    assert response.json()["error"]


async def test_a_webhook_beyond_the_limit_is_refused(running: RunningMesh) -> None:
    body = b'{"x": "' + b"y" * 2_000_000 + b'"}'
    response = await deliver(running, body, signed(running, body))
    assert response.status_code == 413


async def test_the_same_delivery_twice_is_one_event(running: RunningMesh) -> None:
    customer = await running.create_customer("Tweedle", "Dee", "twice@example.com")
    topic = "customers.directus.entity_changed"
    body = update_of(customer)
    for _ in range(2):
        assert (await deliver(running, body, signed(running, body))).status_code == 202

    async def kinds() -> list[ChangeType]:
        return [event.event_type for event in await events_of(running, topic, customer)]

    expected = [ChangeType.CREATED, ChangeType.UPDATED]
    assert await soon(kinds, expected) == expected
    later = update_of(customer)
    await deliver(running, later, signed(running, later))
    assert await soon(kinds, [*expected, ChangeType.UPDATED]) == [*expected, ChangeType.UPDATED]


async def test_an_event_that_was_accepted_arrives_though_the_adapter_is_killed(
    running: RunningMesh,
) -> None:
    """Killed between accepting and publishing: the outbox has the change, the topic gets it."""
    customer = await running.create_customer("Phoenix", "Ash", "phoenix@example.com")
    topic, mesh = "customers.directus.entity_changed", running.mesh

    async def kinds() -> list[ChangeType]:
        return [event.event_type for event in await events_of(running, topic, customer)]

    assert await soon(kinds, [ChangeType.CREATED]) == [ChangeType.CREATED]
    connection = await asyncpg.connect(mesh.catalog_dsn)
    try:
        async with connection.transaction():
            # Nothing can be published while this lock is held.
            await connection.execute("LOCK TABLE bus_records IN EXCLUSIVE MODE")
            body = update_of(customer)
            assert (await deliver(running, body, signed(running, body))).status_code == 202
            await mesh.supervisor.kill("customers-subgraph")
            # What the dead process has under way at the server must not be finished for it.
            await connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND wait_event_type = 'Lock'"
            )
    finally:
        await connection.close()
    assert await kinds() == [ChangeType.CREATED]
    await mesh.start_subgraph("customers")
    expected = [ChangeType.CREATED, ChangeType.UPDATED]
    assert await soon(kinds, expected) == expected


async def test_a_change_made_while_the_adapter_is_down_arrives(running: RunningMesh) -> None:
    customer = await running.create_customer("Patience", "Ivory", "old@example.com")
    error_free(await running.gateway.ask(EMAIL, {"id": customer}))
    await running.mesh.supervisor.kill("customers-subgraph")
    async with running.cms() as cms:
        path = f"/items/customers/{customer}"
        (await cms.patch(path, json={"email": "new@example.com"})).raise_for_status()
    await running.mesh.start_subgraph("customers")

    async def email() -> object:
        return error_free(await running.gateway.ask(EMAIL, {"id": customer}))["customer"]

    assert await soon(email, {"email": "new@example.com"}) == {"email": "new@example.com"}
