"""A small real source (an HTTP server on loopback) and its adapter, for the kit's own tests."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

from subgraph_kit.adapter import DataProductAdapter
from subgraph_kit.data_product import (
    ChangeType,
    DataProduct,
    Entity,
    EntityChange,
    EntityField,
    EntityQuery,
    EntitySchema,
    HealthState,
    HealthStatus,
    LatencySLA,
    LineageEdge,
    ServiceLevelAgreement,
    SourceAccess,
)
from subgraph_kit.errors import (
    EntityNotFoundError,
    InvalidEventError,
    KitError,
    SourceNotFoundError,
)
from subgraph_kit.resilience.policy import ResilienceSettings
from subgraph_kit.resilience.retry import RetrySettings
from subgraph_kit.sources.rest import RestSource, path_segment
from tests.testkit.servers import CloseConnection, ReceivedRequest, http, serve

PERSON = EntitySchema(
    entity="Person",
    version="1.0.0",
    fields=(
        EntityField("id", "id", required=True, indexed=True),
        EntityField("name", "string", required=True, indexed=True, pii=True),
        EntityField("balance", "decimal"),
        EntityField("createdAt", "timestamp", required=True),
        EntityField("role", "enum", enum_values=("ADMIN", "GUEST")),
        EntityField("tags", "string", is_list=True),
        EntityField("address", "object", fields=(EntityField("city", "string"),)),
        EntityField("companyId", "id", references="Company"),
        EntityField("managerId", "id", references="Person"),
    ),
)


def person(number: int) -> dict[str, Any]:
    return {
        "id": str(number),
        "name": f"Name {number}",
        "balance": f"{number}.10",
        "createdAt": "2024-01-01T00:00:00Z",
        "role": "ADMIN" if number % 2 else "GUEST",
        "tags": ["a", "b"],
        "address": {"city": "Ulm"},
        "companyId": "c1",
        "managerId": str(number - 1) if number > 1 else None,
    }


@dataclass
class PeopleSource:
    """The source as a test sees it. Each answer takes `delay_seconds`."""

    people: dict[str, dict[str, Any]] = field(
        default_factory=lambda: {str(n): person(n) for n in range(1, 6)}
    )
    delay_seconds: float = 0.0
    broken: bool = False
    port: int = 0
    asked: list[str] = field(default_factory=list)
    changes: asyncio.Queue[EntityChange] = field(default_factory=asyncio.Queue)

    @asynccontextmanager
    async def failure(self) -> AsyncIterator[None]:
        """Closes every connection without an answer."""
        self.broken = True
        try:
            yield
        finally:
            self.broken = False

    async def answer(self, request: ReceivedRequest, _: object) -> bytes:
        if self.broken:
            raise CloseConnection
        self.asked.append(request.target)
        await asyncio.sleep(self.delay_seconds)
        url = urlsplit(request.target)
        query = {name: values[0] for name, values in parse_qs(url.query).items()}
        if url.path == "/people":
            return http(json.dumps(self._page(query)))
        found = self.people.get(url.path.rpartition("/")[2])
        return http(json.dumps(found), status=200 if found else 404)

    def _page(self, query: dict[str, str]) -> list[dict[str, Any]]:
        found = list(self.people.values())
        if "ids" in query:
            found = [each for each in found if each["id"] in query["ids"].split(",")]
        if "name" in query:
            found = [each for each in found if each["name"] in query["name"].split("|")]
        offset, limit = int(query.get("offset", 0)), int(query.get("limit", 1000))
        return found[offset : offset + limit]


class PersonAdapter(DataProductAdapter):
    """`Person` from the source behind `source`."""

    supports_polling = True

    def __init__(self, people: PeopleSource, *, p99_ms: int = 500) -> None:
        self.people = people
        quick = ResilienceSettings(retry=RetrySettings(initial_seconds=0.001))
        self.source = RestSource("people", f"http://127.0.0.1:{people.port}", resilience=quick)
        self.data_product = DataProduct(
            domain="people",
            source_system="directory",
            schema=PERSON,
            access=SourceAccess(self.source.base_url, "/people/{id}"),
            sla=ServiceLevelAgreement(latency=LatencySLA(p99_ms=p99_ms)),
            lineage=(LineageEdge("directory", "people-subgraph"),),
        )

    async def get_entity(self, entity_id: str) -> Entity:
        try:
            data = await self.source.get_json(f"people/{path_segment(entity_id)}")
        except SourceNotFoundError:
            raise EntityNotFoundError("Person", entity_id) from None
        return self.entity(data)

    async def query_entities(self, query: EntityQuery) -> Sequence[Entity]:
        params: dict[str, Any] = {"offset": query.offset, "limit": query.limit}
        if query.ids is not None:
            if not query.ids:
                return []
            params = {"ids": ",".join(query.ids)}
        elif query.limit == 0:
            return []
        for name, value in query.filter.items():
            match value:
                case {"in": [*values]}:
                    params[name] = "|".join(values)
                case _:
                    params["ids" if name == "id" else name] = value
        return [self.entity(data) for data in await self.source.get_json("people", params=params)]

    def entity(self, data: dict[str, Any]) -> Entity:
        return Entity("Person", data["id"], data)

    async def health_check(self) -> HealthStatus:
        try:
            await self.source.get_json("people", params={"limit": 1})
        except KitError as error:
            return HealthStatus(HealthState.UNHEALTHY, str(error))
        return HealthStatus(HealthState.HEALTHY)

    def parse_webhook(self, body: bytes) -> Sequence[EntityChange]:
        match json.loads(body):
            case {"id": str() as entity_id, "event": "updated"} as message:
                return [
                    EntityChange(
                        ChangeType.UPDATED, "Person", entity_id, change_id=message.get("delivery")
                    )
                ]
            case _:
                raise InvalidEventError("not a person's change")

    async def stream_changes(self, cursor: str | None) -> AsyncIterator[tuple[EntityChange, str]]:
        number = int(cursor or 0)
        while True:
            change = await self.people.changes.get()
            number += 1
            yield change, str(number)

    async def close(self) -> None:
        await self.source.close()


@asynccontextmanager
async def people_source(**options: Any) -> AsyncIterator[PeopleSource]:
    people = PeopleSource(**options)
    async with serve(people.answer) as server:
        people.port = server.port
        yield people
