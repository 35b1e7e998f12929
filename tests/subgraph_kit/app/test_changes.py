"""Webhooks and polling: what is accepted reaches catalog, topic and caches."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime

import pytest
import structlog

from subgraph_kit.app import MeshApp
from subgraph_kit.backends import MeshBackends
from subgraph_kit.catalog.base import PRODUCT_ROW_ID
from subgraph_kit.data_product import ChangeType, EntityChange
from subgraph_kit.errors import ConfigurationError, RetriableError
from subgraph_kit.events.outbox import MemoryOutbox
from subgraph_kit.settings import MeshSettings
from subgraph_kit.testing.environment import WEBHOOK_SECRET, MeshEnvironment, memory_backends
from subgraph_kit.webhooks import WebhookAuth
from tests.subgraph_kit.adapter.people import PeopleSource, PersonAdapter

NAME = "{ person(id: 1) { name } }"


async def name_of(mesh: MeshEnvironment) -> str:
    answer = await mesh.execute(NAME)
    name: str = answer["data"]["person"]["name"]
    return name


async def test_a_webhook_makes_the_next_answer_fresh_and_tells_everyone(
    mesh: MeshEnvironment, people: PeopleSource
) -> None:
    assert await name_of(mesh) == "Name 1"
    people.people["1"]["name"] = "New"
    assert await name_of(mesh) == "Name 1", "it was cached"
    delivery = {"event": "updated", "id": "1", "delivery": "d1"}
    response = await mesh.deliver_webhook("directory", delivery)
    assert response.status_code == 202
    assert response.json()["accepted"] == 1
    assert await name_of(mesh) == "New"
    event = await mesh.wait_for_event(lambda event: event.entity.id == "1")
    assert event.event_type is ChangeType.UPDATED
    assert (event.domain, event.source_system) == ("people", "directory")
    assert event.entity.url == f"http://127.0.0.1:{people.port}/people/1"
    assert event.event_id == response.json()["event_ids"][0]
    assert len(event.trace_context.trace_id) == 32
    await mesh.wait_until_dispatched()
    location = await mesh.backends.catalog.get_entity_location("Person", "1")
    assert location.full_url == event.entity.url


async def test_a_delivery_that_comes_twice_is_one_event(mesh: MeshEnvironment) -> None:
    delivery = {"event": "updated", "id": "1", "delivery": "d1"}
    for _ in range(3):
        assert (await mesh.deliver_webhook("directory", delivery)).status_code == 202
    await mesh.wait_until_dispatched()
    assert len(await mesh.events()) == 1
    metrics = (await mesh.client.get("/metrics")).text
    assert 'kafka_producer_batch_size_count{topic="people.directory.entity_changed"}' in metrics


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"{", 400),
        (b"\xff\xfe", 400),
        (b"[]", 400),
        (b"[" * 100_000, 400),
        (b'{"event": "updated"}', 400),
        (b'{"event": "updated", "id": ""}', 400),
        (b"x" * (1024 * 1024 + 1), 413),
    ],
)
async def test_what_cannot_be_read_is_refused_and_leaves_nothing(
    mesh: MeshEnvironment, body: bytes, status: int
) -> None:
    response = await mesh.deliver_webhook("directory", body)
    assert response.status_code == status
    assert response.headers["content-type"] == "application/json"
    assert response.json()["error"]
    assert await mesh.backends.outbox.pending() == 0
    assert (await mesh.client.get("/health/live")).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"x-webhook-signature": "sha256=" + "0" * 64},
        {"x-webhook-signature": ""},
        {"x-webhook-signature": "sha256=not hex"},
        {"authorization": "Bearer wrong"},
        {"authorization": f"Basic {WEBHOOK_SECRET}"},
        {"authorization": "Bearer"},
    ],
)
async def test_what_is_not_authentic_is_refused_before_it_is_read(
    mesh: MeshEnvironment, headers: dict[str, str]
) -> None:
    response = await mesh.client.post(
        "/webhooks/directory", content=b'{"event": "updated", "id": "1"}', headers=headers
    )
    assert response.status_code == 401
    assert WEBHOOK_SECRET not in response.text
    assert await mesh.backends.outbox.pending() == 0


async def test_the_secret_may_come_as_bearer_token(mesh: MeshEnvironment) -> None:
    response = await mesh.client.post(
        "/webhooks/directory",
        content=b'{"event": "updated", "id": "1"}',
        headers={"authorization": f"Bearer {WEBHOOK_SECRET}"},
    )
    assert response.status_code == 202


async def test_an_unknown_source_is_not_found(mesh: MeshEnvironment) -> None:
    assert (await mesh.deliver_webhook("nobody", {})).status_code == 404


async def test_without_a_secret_no_webhook_is_accepted(people: PeopleSource) -> None:
    def build(settings: MeshSettings, backends: MeshBackends) -> MeshApp:
        app = MeshApp("people-subgraph", settings, backends=backends)
        app.register_adapter("people", PersonAdapter(people))
        return app

    async with MeshEnvironment.of(build, webhook_secret=None) as mesh:
        response = await mesh.deliver_webhook("directory", {"event": "updated", "id": "1"})
    assert response.status_code == 401
    assert "DICTAMESH_WEBHOOK_SECRET" in response.json()["error"]


async def test_an_outbox_that_cannot_store_asks_the_source_to_come_again(
    people: PeopleSource,
) -> None:
    class FullOutbox(MemoryOutbox):
        async def accept(self, *_: object, **__: object) -> list[str]:
            raise RetriableError("the disk is full")

    memory = memory_backends()
    backends = MeshBackends(memory.catalog, FullOutbox(), memory.bus, memory.publisher)
    app = MeshApp("p", MeshSettings(webhook_secret=WEBHOOK_SECRET), backends=backends)  # type: ignore[arg-type] # pydantic makes it secret
    app.register_adapter("people", PersonAdapter(people))
    client_mesh = MeshEnvironment.of(lambda _settings, _backends: app)
    async with client_mesh as mesh:
        response = await mesh.deliver_webhook("directory", {"event": "updated", "id": "1"})
    assert response.status_code == 503
    assert "send it again" in response.json()["error"]
    await backends.close()


async def test_a_parser_that_fails_leaks_nothing(people: PeopleSource) -> None:
    class Fragile(PersonAdapter):
        def parse_webhook(self, body: bytes) -> Sequence[EntityChange]:
            raise ValueError(body.decode())

    def build(settings: MeshSettings, backends: MeshBackends) -> MeshApp:
        app = MeshApp("people-subgraph", settings, backends=backends)
        app.register_adapter("people", Fragile(people), webhook=WebhookAuth("other"))
        return app

    with structlog.testing.capture_logs() as logs:
        async with MeshEnvironment.of(build) as mesh:
            response = await mesh.deliver_webhook("directory", b"jane@example.com", secret="other")
    assert response.status_code == 400
    assert "jane" not in response.text + repr(logs)
    assert any("test_changes.py:" in str(log.get("where")) for log in logs)


# --- Polling -------------------------------------------------------------------------------------


async def test_what_polling_finds_takes_the_same_way(
    mesh: MeshEnvironment, people: PeopleSource
) -> None:
    assert await name_of(mesh) == "Name 1"
    people.people["1"]["name"] = "New"
    people.changes.put_nowait(EntityChange(ChangeType.UPDATED, "Person", "1", ("name",)))
    event = await mesh.wait_for_event(lambda event: event.entity.id == "1")
    assert event.changed_fields == ("name",)
    assert await name_of(mesh) == "New"
    cursor = await mesh.backends.outbox.cursor("people", "directory")
    assert json.loads(cursor or "") == {"Person": "1"}


async def test_polling_goes_on_from_its_cursor_after_failures(people: PeopleSource) -> None:
    cursors: list[str | None] = []

    class Flaky(PersonAdapter):
        async def stream_changes(
            self, cursor: str | None
        ) -> AsyncIterator[tuple[EntityChange, str]]:
            cursors.append(cursor)
            number = len(cursors)
            yield (
                EntityChange(
                    ChangeType.UPDATED, "Person", str(number), occurred_at=datetime.now(UTC)
                ),
                f"c{number}",
            )
            if number == 1:
                raise RetriableError("the source is away")
            if number == 2:
                raise ValueError("a bug")
            await asyncio.Event().wait()

    def build(settings: MeshSettings, backends: MeshBackends) -> MeshApp:
        app = MeshApp("people-subgraph", settings, backends=backends)
        app.register_adapter("people", Flaky(people))
        return app

    async with MeshEnvironment.of(build) as mesh:
        await mesh.wait_for_event(lambda event: event.entity.id == "3")
    assert cursors == [None, "c1", "c2"]


# --- Other replicas ------------------------------------------------------------------------------


async def test_another_replica_drops_what_the_event_names(people: PeopleSource) -> None:
    """Each has a cache of its own; the topic tells the second one."""
    backends = memory_backends()
    settings = MeshSettings(webhook_secret=WEBHOOK_SECRET)  # type: ignore[arg-type] # pydantic makes it secret

    def replica(_settings: MeshSettings, _backends: MeshBackends) -> MeshApp:
        app = MeshApp("people-subgraph", settings, backends=backends)
        app.register_adapter("people", PersonAdapter(people))
        return app

    async with MeshEnvironment.of(replica) as one, MeshEnvironment.of(replica) as two:
        assert await name_of(one) == await name_of(two) == "Name 1"
        await asyncio.sleep(0.1)  # both have joined the topic
        people.people["1"]["name"] = "New"
        await one.deliver_webhook("directory", {"event": "updated", "id": "1"})
        async with asyncio.timeout(5):
            while await name_of(two) != "New":  # noqa: ASYNC110 - the answer is what is asked for
                await asyncio.sleep(0.01)
        assert await name_of(one) == "New"
    await backends.close()


# --- Registration --------------------------------------------------------------------------------


async def test_a_registered_product_stands_in_the_catalog_and_on_the_system_topic(
    mesh: MeshEnvironment,
) -> None:
    schema = await mesh.backends.catalog.latest_schema("Person")
    assert schema is not None
    assert schema.definition["properties"]["name"]["x-pii"] is True
    topics = await mesh.backends.bus.topics()
    assert {"people.directory.entity_changed", "system.metadata.entity_registered"} <= set(topics)
    [record] = [r async for r in mesh.backends.bus.replay("system.metadata.entity_registered")]
    assert json.loads(record.key) == ["directory", "Person", PRODUCT_ROW_ID]


async def test_registering_what_cannot_work_says_why(people: PeopleSource) -> None:
    app = MeshApp("p", MeshSettings())
    with pytest.raises(ConfigurationError, match="of domain 'people', not 'customers'"):
        app.register_adapter("customers", PersonAdapter(people))
    app.register_adapter("people", PersonAdapter(people))
    with pytest.raises(ConfigurationError, match="Person is registered already"):
        app.register_adapter("people", PersonAdapter(people))
    with pytest.raises(ConfigurationError, match="nothing to serve"):
        MeshApp("empty", MeshSettings()).asgi()
    await app.stop()


async def test_health_says_how_the_sources_are_and_stays_up_without_them(
    mesh: MeshEnvironment, people: PeopleSource
) -> None:
    healthy = (await mesh.client.get("/health")).json()
    assert (healthy["status"], healthy["sources"]["Person"]["status"]) == ("healthy", "healthy")
    async with people.failure():
        response = await mesh.client.get("/health")
    assert response.status_code == 200
    assert response.json()["status"] == "degraded"
    assert (await mesh.client.get("/health/ready")).status_code == 200
    text = (await mesh.client.get("/metrics")).text
    assert 'http_requests_total{endpoint="/health",method="GET",service="people-subgraph"' in text
    assert "adapter_request_duration_milliseconds_bucket" in text
