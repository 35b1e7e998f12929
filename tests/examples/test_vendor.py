"""The vendor's API has manners of its own, and keeps to them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from examples.sources.vendor import Manners, TokenBucket, Vendor
from examples.sources.vendor_store import ArticleStore

KEY = "key"
ARTICLES = "/v2/catalog/articles"


@asynccontextmanager
async def vendor_with(tmp_path: Path, manners: Manners) -> AsyncIterator[httpx.AsyncClient]:
    store = ArticleStore(tmp_path / "vendor.db")
    app = Vendor(store, KEY, manners).app()
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url="http://vendor", headers={"X-Api-Key": KEY}
    ) as client:
        yield client
    store.close()


@pytest.fixture
async def vendor(tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    async with vendor_with(tmp_path, Manners(fault_rate=0.0, burst=10_000)) as client:
        yield client


async def listed(vendor: httpx.AsyncClient, **parameters: Any) -> dict[str, Any]:
    response = await vendor.get(ARTICLES, params=parameters)
    assert response.status_code == 200, response.text
    found: dict[str, Any] = response.json()
    return found


async def test_a_key_is_needed(vendor: httpx.AsyncClient) -> None:
    response = await vendor.get(ARTICLES, headers={"X-Api-Key": "wrong"})
    assert response.status_code == 401
    assert response.json()["error"]["code"] == "API_KEY_INVALID"


async def test_pages_by_cursor_give_every_article_once(vendor: httpx.AsyncClient) -> None:
    seen: list[str] = []
    cursor = ""
    while True:
        page = await listed(vendor, pageSize=97, cursor=cursor)
        seen += [article["articleId"] for article in page["articles"]]
        if page["paging"]["nextCursor"] is None:
            break
        cursor = page["paging"]["nextCursor"]
    assert len(seen) == len(set(seen)) == 500


async def test_what_was_updated_since_is_found_page_by_page(vendor: httpx.AsyncClient) -> None:
    newest = (await listed(vendor, updatedSince=0, pageSize=1))["articles"][0]["modifiedAt"]
    for number in range(3):
        path = f"{ARTICLES}/A00000{number + 1}"
        assert (await vendor.patch(path, json={"stockLevel": number})).status_code == 200
    assert (await vendor.delete(f"{ARTICLES}/A000009")).status_code == 204
    assert newest < 1_800_000_000_000
    first = await listed(vendor, updatedSince=1_780_000_000_000, pageSize=3)
    rest = await listed(
        vendor, updatedSince=1_780_000_000_000, cursor=first["paging"]["nextCursor"]
    )
    found = [(a["articleId"], a["lifecycle"]) for a in first["articles"] + rest["articles"]]
    assert sorted(found) == [
        ("A000001", "ACTIVE"), ("A000002", "ACTIVE"), ("A000003", "ACTIVE"),
        ("A000009", "DISCONTINUED"),
    ]  # fmt: skip


async def test_a_discontinued_article_is_gone(vendor: httpx.AsyncClient) -> None:
    await vendor.delete(f"{ARTICLES}/A000009")
    assert (await vendor.get(f"{ARTICLES}/A000009")).status_code == 404
    assert (await listed(vendor, ids="A000009"))["articles"] == []


async def test_what_a_client_has_already_is_not_sent_again(vendor: httpx.AsyncClient) -> None:
    tag = (await vendor.get(f"{ARTICLES}/A000001")).headers["etag"]
    again = await vendor.get(f"{ARTICLES}/A000001", headers={"If-None-Match": tag})
    assert (again.status_code, again.content) == (304, b"")
    await vendor.patch(f"{ARTICLES}/A000001", json={"stockLevel": 4711})
    changed = await vendor.get(f"{ARTICLES}/A000001", headers={"If-None-Match": tag})
    assert changed.json()["article"]["stockLevel"] == 4711


async def test_who_asks_too_fast_is_told_when_to_come_back(tmp_path: Path) -> None:
    manners = Manners(requests_per_second=0.5, burst=2, fault_rate=0.0)
    async with vendor_with(tmp_path, manners) as vendor:
        statuses = [await vendor.get(f"{ARTICLES}/A000001") for _ in range(3)]
    assert [response.status_code for response in statuses] == [200, 200, 429]
    assert statuses[2].headers["retry-after"] == "2"


def test_the_bucket_fills_with_time() -> None:
    now = 0.0
    bucket = TokenBucket(rate=2.0, burst=1, clock=lambda: now)
    assert bucket.take() == 0.0
    assert bucket.take() == pytest.approx(0.5)
    now = 0.5
    assert bucket.take() == 0.0
    now = 100.0
    assert [bucket.take() > 0 for _ in range(2)] == [False, True]


async def test_the_same_requests_fail_in_every_run_with_the_same_seed(tmp_path: Path) -> None:
    async def failing(seed: int) -> list[int]:
        manners = Manners(fault_rate=0.2, fault_seed=seed, burst=1000)
        async with vendor_with(tmp_path, manners) as vendor:
            responses = [await vendor.get(f"{ARTICLES}/A000001") for _ in range(50)]
        assert {response.status_code for response in responses} <= {200, 503}
        return [n for n, response in enumerate(responses) if response.status_code == 503]

    assert await failing(1) == await failing(1) != await failing(2)
    assert 2 <= len(await failing(1)) <= 25


@pytest.mark.parametrize(
    "parameters",
    [
        {"pageSize": "0"},
        {"pageSize": "101"},
        {"pageSize": "x"},
        {"cursor": "x"},
        {"cursor": "WzFd"},
        {"updatedSince": "-1"},
        {"ids": ",".join(f"A{n}" for n in range(101))},
        {"colour": "red"},
    ],
)
async def test_a_parameter_it_does_not_take_is_told_so(
    vendor: httpx.AsyncClient, parameters: dict[str, str]
) -> None:
    response = await vendor.get(ARTICLES, params=parameters)
    assert response.status_code == 422
    assert response.json()["error"]["code"] == "INVALID_REQUEST"


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"label": "x"},
        {"articleNumber": "N", "label": "x", "grossPrice": {"amountMinor": 1.5}},
        {"articleNumber": "N", "label": "x", "grossPrice": {"amountMinor": -1}},
        {"articleNumber": "N", "label": "x", "grossPrice": {"amountMinor": 1}, "admin": True},
        {"articleNumber": "KT-000001", "label": "x", "grossPrice": {"amountMinor": 1}},
    ],
)
async def test_an_article_it_does_not_take_is_refused(
    vendor: httpx.AsyncClient, body: dict[str, Any]
) -> None:
    assert (await vendor.post(ARTICLES, json=body)).status_code == 422
