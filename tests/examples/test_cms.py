"""The CMS speaks Directus's language, and tells of every change."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from examples.sources.cms import Cms
from examples.sources.cms_store import CustomerStore
from examples.sources.cms_webhooks import MAX_REFUSALS, WebhookSender, WebhookTarget
from tests.examples.conftest import CMS_TOKEN, Sources

AUTHORIZED = {"Authorization": f"Bearer {CMS_TOKEN}"}


@pytest.fixture
async def cms(sources: Sources) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=sources.cms_url, headers=AUTHORIZED) as client:
        yield client


async def items(cms: httpx.AsyncClient, **parameters: Any) -> list[dict[str, Any]]:
    response = await cms.get("/items/customers", params=parameters)
    assert response.status_code == 200, response.text
    data: list[dict[str, Any]] = response.json()["data"]
    return data


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer wrong"}, {"Authorization": "x"}])
async def test_without_the_token_nothing_is_told(sources: Sources, headers: dict[str, str]) -> None:
    async with httpx.AsyncClient(base_url=sources.cms_url, headers=headers) as client:
        response = await client.get("/items/customers/1")
    assert response.status_code == 401
    assert response.json()["errors"][0]["extensions"]["code"] == "INVALID_CREDENTIALS"


@pytest.mark.parametrize(
    ("condition", "ids"),
    [
        ({"id": {"_eq": 5}}, [5]),
        ({"id": {"_in": ["3", 1, 2]}}, [1, 2, 3]),
        ({"id": {"_lte": 3}, "_and": [{"id": {"_gt": 1}}, {"id": {"_neq": 2}}]}, [3]),
        ({"_or": [{"id": {"_eq": 1}}, {"id": {"_eq": 9}}]}, [1, 9]),
        ({"id": {"_between": [4, 6]}}, [4, 5, 6]),
        ({"email": {"_starts_with": "daniel.okafor.1@"}}, [1]),
        ({"id": {"_in": []}}, []),
    ],
)
async def test_filters_by_json(
    cms: httpx.AsyncClient, condition: dict[str, Any], ids: list[int]
) -> None:
    found = await items(cms, filter=json.dumps(condition), fields="id")
    assert found == [{"id": each} for each in ids]


async def test_filters_by_brackets(cms: httpx.AsyncClient) -> None:
    parameters = {"filter[id][_in]": "7,8", "filter[_or][0][id][_eq]": "8", "fields[]": "id"}
    assert await items(cms, **parameters) == [{"id": 8}]


async def test_sorts_and_pages(cms: httpx.AsyncClient) -> None:
    first = await items(cms, sort="-id", limit=2, offset=1, fields="id", filter='{"id":{"_lt":9}}')
    assert first == [{"id": 7}, {"id": 6}]


async def test_counts_on_request(cms: httpx.AsyncClient) -> None:
    response = await cms.get(
        "/items/customers",
        params={"meta": "total_count,filter_count", "limit": 1, "filter": '{"id":{"_lte":10}}'},
    )
    meta = response.json()["meta"]
    assert meta["filter_count"] == 10
    assert meta["total_count"] >= 1_000


@pytest.mark.parametrize(
    "parameters",
    [
        {"filter": "{"},
        {"filter": "[]"},
        {"filter": '{"password": {"_eq": 1}}'},
        {"filter": '{"id": {"_like": 1}}'},
        {"filter": '{"id": 1}'},
        {"filter": '{"id": {"_eq": {"a": 1}}}'},
        {"filter": '{"id": {"_eq": 123456789012345678901234567890}}'},
        {"filter": '{"_and":' * 30 + "1"},
        {"filter": '{"_and":[' * 30 + '{"id":{"_eq":1}}' + "]}" * 30},
        {"fields": "id;drop"},
        {"sort": "id desc"},
        {"limit": "-5"},
        {"offset": "x"},
        {"filter[id]": "1"},
        {"filter[id][_eq][x]": "1"},
    ],
)
async def test_a_query_it_does_not_take_is_told_so(
    cms: httpx.AsyncClient, parameters: dict[str, str]
) -> None:
    response = await cms.get("/items/customers", params=parameters)
    assert response.status_code == 400
    assert response.json()["errors"][0]["extensions"]["code"] == "INVALID_QUERY"


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b"{", b"{}", b'{"id": 5}', b'{"email": 1}', b'{"email": "x"}', b'{"email": ""}'],
)
async def test_a_payload_it_does_not_take_changes_nothing(
    cms: httpx.AsyncClient, body: bytes
) -> None:
    before = await items(cms, filter='{"id":{"_eq":20}}')
    response = await cms.patch("/items/customers/20", content=body)
    assert response.status_code == 400
    assert await items(cms, filter='{"id":{"_eq":20}}') == before


async def test_a_missing_item_looks_like_a_forbidden_one(cms: httpx.AsyncClient) -> None:
    for key in ("999999", "x", "0", "1e3"):
        assert (await cms.get(f"/items/customers/{key}")).status_code == 403


def test_data_is_loaded_once_and_changes_are_kept(tmp_path: Path) -> None:
    store = CustomerStore(tmp_path / "cms.db")
    store.update(1, {"email": "kept@example.com"})
    store.close()
    store = CustomerStore(tmp_path / "cms.db")
    item = store.get(1)
    store.close()
    assert item is not None
    assert item["email"] == "kept@example.com"


class Receiver:
    """Takes webhooks; answers with the statuses it is told, then 200."""

    def __init__(self, *statuses: int) -> None:
        self.statuses = list(statuses)
        self.bodies: list[dict[str, Any]] = []
        self.signatures: list[tuple[bytes, str]] = []
        self.arrived = asyncio.Event()

    async def take(self, request: Request) -> Response:
        body = await request.body()
        status = self.statuses.pop(0) if self.statuses else 200
        if status == 200:
            self.bodies.append(json.loads(body))
            self.signatures.append((body, request.headers["x-webhook-signature"]))
            self.arrived.set()
        return Response(status_code=status)


@asynccontextmanager
async def sending(database: Path, receiver: Receiver) -> AsyncIterator[httpx.AsyncClient]:
    """A CMS in this process whose webhooks go to `receiver`."""
    hooks = Starlette(routes=[Route("/hook", receiver.take, methods=["POST"])])
    store = CustomerStore(database)
    sender = WebhookSender(
        store,
        WebhookTarget("http://receiver/hook", "secret", "X-Webhook-Signature"),
        first_pause_seconds=0.001,
        transport=httpx.ASGITransport(hooks),
    )
    cms = Cms(store, CMS_TOKEN, sender).app()
    async with (
        cms.router.lifespan_context(cms),
        httpx.AsyncClient(
            transport=httpx.ASGITransport(cms), base_url="http://cms", headers=AUTHORIZED
        ) as client,
    ):
        yield client


async def test_a_change_is_told_signed_with_the_secret(tmp_path: Path) -> None:
    receiver = Receiver()
    async with sending(tmp_path / "cms.db", receiver) as cms:
        await cms.patch("/items/customers/5", json={"email": "five@example.com"})
        await asyncio.wait_for(receiver.arrived.wait(), 5)
    (body,) = receiver.bodies
    assert (body["event"], body["collection"], body["keys"]) == (
        "items.update", "customers", ["5"],
    )  # fmt: skip
    ((raw, signature),) = receiver.signatures
    assert signature == "sha256=" + hmac.new(b"secret", raw, hashlib.sha256).hexdigest()


async def test_a_webhook_that_fails_is_sent_again_until_it_is_taken(tmp_path: Path) -> None:
    receiver = Receiver(500, 503, 429)
    async with sending(tmp_path / "cms.db", receiver) as cms:
        await cms.delete("/items/customers/5")
        await asyncio.wait_for(receiver.arrived.wait(), 5)
    assert [body["event"] for body in receiver.bodies] == ["items.delete"]


async def test_a_webhook_that_nobody_will_take_does_not_hold_up_the_next(tmp_path: Path) -> None:
    receiver = Receiver(*[400] * MAX_REFUSALS)
    async with sending(tmp_path / "cms.db", receiver) as cms:
        await cms.delete("/items/customers/5")
        await cms.delete("/items/customers/6")
        await asyncio.wait_for(receiver.arrived.wait(), 5)
    assert [body["keys"] for body in receiver.bodies] == [["6"]]


async def test_a_webhook_outlives_a_restart(tmp_path: Path) -> None:
    store = CustomerStore(tmp_path / "cms.db")
    store.update(5, {"email": "five@example.com"})
    store.close()
    receiver = Receiver()
    async with sending(tmp_path / "cms.db", receiver):
        await asyncio.wait_for(receiver.arrived.wait(), 5)
    assert receiver.bodies[0]["keys"] == ["5"]
