from __future__ import annotations

import json
import socket
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from subgraph_kit.catalog.memory import MemoryCatalog
from subgraph_kit.errors import (
    ConfigurationError,
    FatalError,
    IncompatibleSchemaError,
    KitError,
    RetriableError,
)
from subgraph_kit.events.avro import EventCodec
from subgraph_kit.events.base import Record
from subgraph_kit.events.compatibility import avro_incompatibilities
from subgraph_kit.events.registry import (
    CachedRegistry,
    CatalogRegistry,
    ConfluentRegistry,
    MemoryRegistry,
    SchemaRegistry,
)
from tests.subgraph_kit.events.samples import an_event

V1: dict[str, Any] = {"type": "record", "name": "T", "fields": []}
V2 = V1 | {"fields": [{"name": "a", "type": "int", "default": 0}]}
BROKEN = V1 | {"fields": [{"name": "a", "type": "int"}]}


def registry_server() -> Starlette:
    """The part of Confluent's interface that is used, as documented, over HTTP messages."""
    schemas: list[dict[str, Any]] = []
    subjects: dict[str, dict[str, Any]] = {}

    async def register(request: Request) -> Response:
        body = json.loads(await request.body())
        assert request.headers["content-type"] == "application/vnd.schemaregistry.v1+json"
        schema, subject = json.loads(body["schema"]), request.path_params["subject"]
        if subject in subjects and avro_incompatibilities(subjects[subject], schema):
            return JSONResponse({"error_code": 409, "message": "incompatible"}, 409)
        if schema not in schemas:
            schemas.append(schema)
        subjects[subject] = schema
        return JSONResponse({"id": schemas.index(schema) + 1})

    async def by_id(request: Request) -> Response:
        number = int(request.path_params["number"])
        if not 1 <= number <= len(schemas):
            return JSONResponse({"error_code": 40403, "message": "Schema not found"}, 404)
        return JSONResponse({"schema": json.dumps(schemas[number - 1])})

    return Starlette(
        routes=[
            Route("/subjects/{subject}/versions", register, methods=["POST"]),
            Route("/schemas/ids/{number}", by_id),
        ]
    )


def confluent(app: Any) -> ConfluentRegistry:
    client = httpx.AsyncClient(transport=httpx.ASGITransport(app))
    return ConfluentRegistry("http://me:hunter2@registry.example.org:8081", client=client)


@pytest.fixture(params=["memory", "catalog", "confluent", "cached"])
def registry(request: pytest.FixtureRequest) -> SchemaRegistry:
    match request.param:
        case "memory":
            return MemoryRegistry()
        case "catalog":
            return CatalogRegistry(MemoryCatalog())
        case "confluent":
            return confluent(registry_server())
        case _:
            return CachedRegistry(MemoryRegistry())


async def test_numbers_schemas_and_finds_them(registry: SchemaRegistry) -> None:
    one = await registry.register("T", "1", V1)
    two = await registry.register("T", "2", V2)
    assert one != two
    assert await registry.register("T", "1", V1) == one
    assert await registry.schema_by_id(two) == V2
    with pytest.raises(FatalError):
        await registry.schema_by_id(99)


async def test_refuses_what_cannot_read_old_data(registry: SchemaRegistry) -> None:
    await registry.register("T", "1", V1)
    with pytest.raises(IncompatibleSchemaError):
        await registry.register("T", "2", BROKEN)


async def test_events_through_a_confluent_registry() -> None:
    server = registry_server()
    value = await EventCodec(confluent(server)).encode(an_event())
    decoded = await EventCodec(confluent(server)).decode(Record("t", b"k", value))
    assert decoded.entity.id == "42"


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (500, "oops", RetriableError),
        (429, "", RetriableError),
        (401, "", ConfigurationError),
        (404, "", FatalError),
        (200, "<html>", FatalError),
        (200, "[]", FatalError),
        (200, "{}", FatalError),
        (200, '{"schema": "{"}', FatalError),
        (200, '{"schema": 7}', FatalError),
    ],
)
async def test_a_registry_that_misbehaves(status: int, body: str, error: type[KitError]) -> None:
    registry = confluent(PlainTextResponse(body, status))
    with pytest.raises(error) as caught:
        await registry.schema_by_id(1)
    assert "hunter2" not in str(caught.value)


async def test_a_registry_that_is_not_there() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    registry = ConfluentRegistry(f"http://127.0.0.1:{port}", timeout_seconds=1)
    with pytest.raises(RetriableError, match=r"at 127\.0\.0\.1 does not answer"):
        await registry.register("T", "1", V1)
    await registry.close()


@pytest.mark.parametrize("url", ["", "registry:8081", "ftp://x", "http://", "http://[::"])
def test_an_address_that_is_none(url: str) -> None:
    with pytest.raises(ConfigurationError, match="schema registry's address"):
        ConfluentRegistry(url)
