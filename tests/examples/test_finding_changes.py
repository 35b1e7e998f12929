"""How the adapters learn of changes: by polling where a source tells nothing, else by webhook."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import aclosing
from pathlib import Path

import asyncpg
import httpx
import pytest

from examples.customers.adapter import CustomerAdapter
from examples.invoices.adapter import InvoiceAdapter
from examples.products.adapter import ProductAdapter
from examples.sources.shop import Line, insert_invoice
from examples.sources.vendor import Manners, Vendor
from examples.sources.vendor_store import ArticleStore
from subgraph_kit.data_product import ChangeType, EntityChange
from subgraph_kit.errors import InvalidEventError
from subgraph_kit.sources.auth import ApiKeyAuth
from subgraph_kit.sources.rest import RestSource
from subgraph_kit.sources.sql import SqlSource
from tests.examples.conftest import Sources

Found = tuple[EntityChange, str]


async def take(changes: AsyncIterator[Found], count: int) -> list[Found]:
    """The next `count` changes."""
    async with asyncio.timeout(5):
        return [await anext(changes) for _ in range(count)]


async def none_comes(changes: AsyncIterator[Found], seconds: float = 0.1) -> bool:
    try:
        async with asyncio.timeout(seconds):
            await anext(changes)
    except TimeoutError:
        return True
    return False


class Shelf:
    """A vendor in this process, and an adapter that polls it without a pause to speak of."""

    def __init__(self, tmp_path: Path) -> None:
        self.store = ArticleStore(tmp_path / "vendor.db")
        app = Vendor(self.store, "key", Manners(fault_rate=0.0, burst=10**6)).app()
        source = RestSource(
            "thirdparty",
            "http://vendor/v2/catalog",
            auth=ApiKeyAuth("key"),
            transport=httpx.ASGITransport(app),
        )
        self.adapter = ProductAdapter(source, poll_seconds=0.005, now=lambda: 1_780_000_000.0)

    async def close(self) -> None:
        await self.adapter.close()
        self.store.close()


@pytest.fixture
async def shelf(tmp_path: Path) -> AsyncIterator[Shelf]:
    shelf = Shelf(tmp_path)
    yield shelf
    await shelf.close()


async def test_products_changed_since_the_start_are_found_once(shelf: Shelf) -> None:
    async with aclosing(shelf.adapter.stream_changes(None)) as changes:  # type: ignore[type-var]  # an async generator
        assert await none_comes(changes)
    async with aclosing(shelf.adapter.stream_changes(None)) as changes:  # type: ignore[type-var]  # as above
        for number in (1, 2, 3):
            shelf.store.update(f"A00000{number}", {"stockLevel": number})
        shelf.store.discontinue("A000004")
        found = await take(changes, 4)
        assert await none_comes(changes)
    assert sorted((c.entity_id, c.type) for c, _ in found) == [
        ("A000001", ChangeType.UPDATED),
        ("A000002", ChangeType.UPDATED),
        ("A000003", ChangeType.UPDATED),
        ("A000004", ChangeType.DELETED),
    ]


async def test_polling_products_goes_on_where_it_stopped(shelf: Shelf) -> None:
    for number in (1, 2, 3):
        shelf.store.update(f"A00000{number}", {"stockLevel": number})
    seen: list[str] = []
    cursor: str | None = None
    for _ in range(3):
        async with aclosing(shelf.adapter.stream_changes(cursor)) as changes:  # type: ignore[type-var]  # as above
            ((change, cursor),) = await take(changes, 1)
            seen.append(change.entity_id)
    assert sorted(seen) == ["A000001", "A000002", "A000003"]


@pytest.mark.parametrize("cursor", ["", "x", "{}", "[1]", '["a", []]'])
async def test_a_cursor_that_cannot_be_read_is_none(shelf: Shelf, cursor: str) -> None:
    async with aclosing(shelf.adapter.stream_changes(cursor)) as changes:  # type: ignore[type-var]  # as above
        assert await none_comes(changes)


@pytest.mark.embedded
async def test_invoices_are_found_created_changed_and_deleted(sources: Sources) -> None:
    shop = await asyncpg.connect(sources.shop_dsn)
    source = SqlSource("ecommerce", sources.shop_dsn)
    adapter = InvoiceAdapter(source, poll_seconds=0.005)
    try:
        async with aclosing(adapter.stream_changes(None)) as changes:  # type: ignore[type-var]  # as above
            first = asyncio.ensure_future(take(changes, 1))
            await asyncio.sleep(0.05)  # it has begun
            invoice = await insert_invoice(shop, "1", [Line("A000001", 1, 100)])
            ((created, _),) = await first
            await shop.execute(
                "UPDATE tbl_rechnung SET angelegt_am = angelegt_am - interval '1 day',"
                " status_kz = 'B' WHERE rech_id = $1",
                invoice,
            )
            ((updated, cursor),) = await take(changes, 1)
            await shop.execute(
                "UPDATE tbl_rechnung SET geloescht_kz = true WHERE rech_id = $1", invoice
            )
            ((deleted, _),) = await take(changes, 1)
            assert await none_comes(changes)
        kinds = [change.type for change in (created, updated, deleted)]
        assert kinds == [ChangeType.CREATED, ChangeType.UPDATED, ChangeType.DELETED]
        assert {change.entity_id for change in (created, updated, deleted)} == {str(invoice)}
        assert created.entity is not None
        assert created.entity.relationships[0].entity_id == "1"
        async with aclosing(adapter.stream_changes(cursor)) as again:  # type: ignore[type-var]  # as above
            replayed = await take(again, 1)
        assert replayed[0][0].change_id == deleted.change_id, "known by its id, so one event"
    finally:
        await adapter.close()
        await shop.close()


@pytest.mark.embedded
async def test_an_invoice_that_becomes_visible_late_is_found(sources: Sources) -> None:
    """Its transaction began before one that was found already."""
    slow, quick = [await asyncpg.connect(sources.shop_dsn) for _ in range(2)]
    adapter = InvoiceAdapter(SqlSource("ecommerce", sources.shop_dsn), poll_seconds=0.005)
    try:
        async with aclosing(adapter.stream_changes(None)) as changes:  # type: ignore[type-var]  # as above
            waiting = asyncio.ensure_future(take(changes, 1))
            await asyncio.sleep(0.05)
            async with slow.transaction():
                late = await insert_invoice(slow, "1", [Line("A000001", 1, 100)])
                early = await insert_invoice(quick, "1", [Line("A000001", 1, 100)])
                ((first, _),) = await waiting
            ((second, _),) = await take(changes, 1)
        assert [first.entity_id, second.entity_id] == [str(early), str(late)]
    finally:
        await adapter.close()
        await slow.close()
        await quick.close()


def customers() -> CustomerAdapter:
    return CustomerAdapter(RestSource("directus", "http://cms"))


def test_a_webhook_says_what_changed_in_canonical_names() -> None:
    body = {
        "event": "items.update",
        "collection": "customers",
        "keys": ["5", 6],
        "payload": {"first_name": "A", "last_name": "B", "city": "Kiel", "secret": 1},
        "delivery": "d1",
        "timestamp": "2026-01-02T03:04:05.678Z",
    }
    first, second = customers().parse_webhook(json.dumps(body).encode())
    assert first.changed_fields == ("name", "address")
    assert (first.entity_id, first.change_id) == ("5", "d1:5")
    assert (second.entity_id, second.change_id) == ("6", "d1:6")
    assert first.occurred_at is not None
    assert first.occurred_at.isoformat() == "2026-01-02T03:04:05.678000+00:00"


@pytest.mark.parametrize(
    "body", [b"", b"\x00", b"1", b'"x"', b"{}", b"[" * 10_000, b'{"event": 1, "keys": [1]}']
)
def test_a_webhook_that_is_none_is_an_invalid_event(body: bytes) -> None:
    with pytest.raises(InvalidEventError):
        customers().parse_webhook(body)
