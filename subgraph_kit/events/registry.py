"""Where the schemas of events are kept, and the number each has in the Confluent wire format.

A record's value starts with that number, so that a reader finds the schema it was written with
whatever version it knows itself (row 31). `CatalogRegistry` keeps schemas in the catalog's
`schemas` table, `ConfluentRegistry` asks a registry by URL, `MemoryRegistry` serves one process.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from typing import Any, Literal, Protocol
from urllib.parse import quote

import httpx

from subgraph_kit.errors import (
    ConfigurationError,
    FatalError,
    IncompatibleSchemaError,
    RetriableError,
)
from subgraph_kit.events.compatibility import avro_incompatibilities

AvroSchema = Mapping[str, Any]


class SchemaRegistry(Protocol):
    """Publishes Avro schemas and finds them by number. Both are safe to repeat."""

    async def register(self, subject: str, version: str, schema: AvroSchema) -> int:
        """Return the number of this schema, publishing it if it is new.

        Raises:
            IncompatibleSchemaError: if readers of the new schema could not read old data.
            RetriableError: if the registry cannot be reached.
        """
        ...

    async def schema_by_id(self, wire_id: int) -> AvroSchema:
        """Return the schema of this number.

        Raises:
            FatalError: if there is none.
            RetriableError: if the registry cannot be reached.
        """
        ...


class MemoryRegistry:
    """Numbers schemas within one process."""

    def __init__(self) -> None:
        self._schemas: list[AvroSchema] = []
        self._latest: dict[str, AvroSchema] = {}

    async def register(self, subject: str, version: str, schema: AvroSchema) -> int:
        """Return the number of this schema, publishing it if it is new."""
        if schema in self._schemas:
            return self._schemas.index(schema) + 1
        latest = self._latest.get(subject)
        if latest is not None and (problems := avro_incompatibilities(latest, schema)):
            raise IncompatibleSchemaError(f"{subject} {version}: {'; '.join(problems)}")
        self._schemas.append(schema)
        self._latest[subject] = schema
        return len(self._schemas)

    async def schema_by_id(self, wire_id: int) -> AvroSchema:
        """Return the schema of this number."""
        if not 1 <= wire_id <= len(self._schemas):
            raise FatalError(f"no schema has number {wire_id}")
        return self._schemas[wire_id - 1]


class _SchemaRow(Protocol):
    @property
    def wire_id(self) -> int: ...
    @property
    def definition(self) -> Mapping[str, Any]: ...


class SchemaStore(Protocol):
    """The part of a catalog that `CatalogRegistry` needs."""

    async def register_schema(
        self,
        entity_type: str,
        version: str,
        schema_format: Literal["avro", "json_schema", "protobuf"],
        definition: Mapping[str, Any],
    ) -> _SchemaRow:
        """See `Catalog.register_schema`."""
        ...

    async def get_schema_by_wire_id(self, wire_id: int) -> _SchemaRow:
        """See `Catalog.get_schema_by_wire_id`."""
        ...


class CatalogRegistry:
    """Keeps schemas in the catalog; the subject is the row's `entity_type`."""

    def __init__(self, catalog: SchemaStore) -> None:
        self._catalog = catalog

    async def register(self, subject: str, version: str, schema: AvroSchema) -> int:
        """Return the number of this schema, publishing it if it is new."""
        return (await self._catalog.register_schema(subject, version, "avro", schema)).wire_id

    async def schema_by_id(self, wire_id: int) -> AvroSchema:
        """Return the schema of this number."""
        return (await self._catalog.get_schema_by_wire_id(wire_id)).definition


class ConfluentRegistry:
    """Speaks the REST interface of Confluent's registry, which Karapace and Redpanda serve too.

    `url` may carry `user:password@`. Texts of errors never show it.
    Source: Confluent Schema Registry API Reference, "Subjects" and "Schemas".
    """

    def __init__(
        self, url: str, *, timeout_seconds: float = 5.0, client: httpx.AsyncClient | None = None
    ) -> None:
        try:
            self._base = httpx.URL(url.rstrip("/"))
        except httpx.InvalidURL as error:
            raise ConfigurationError("the schema registry's address is not a URL") from error
        if self._base.scheme not in {"http", "https"} or not self._base.host:
            raise ConfigurationError(
                "the schema registry's address must look like https://host:port"
            )
        self._client = client or httpx.AsyncClient(timeout=timeout_seconds)

    async def register(self, subject: str, version: str, schema: AvroSchema) -> int:
        """Return the number of this schema, publishing it if it is new."""
        answer = await self._ask(
            "POST",
            f"/subjects/{quote(subject, safe='')}/versions",
            json.dumps({"schema": json.dumps(schema), "schemaType": "AVRO"}).encode(),
        )
        match answer.get("id"):
            case int() as wire_id:
                return wire_id
            case _:
                raise FatalError("the schema registry answered without an id")

    async def schema_by_id(self, wire_id: int) -> AvroSchema:
        """Return the schema of this number."""
        answer = await self._ask("GET", f"/schemas/ids/{wire_id}")
        try:
            schema = json.loads(answer["schema"])
        except (KeyError, TypeError, ValueError) as error:
            raise FatalError("the schema registry answered without a schema") from error
        return schema if isinstance(schema, dict) else {"type": schema}

    async def close(self) -> None:
        """Release connections."""
        await self._client.aclose()

    async def _ask(self, method: str, path: str, body: bytes | None = None) -> dict[str, Any]:
        headers = {"Accept": "application/vnd.schemaregistry.v1+json, application/json"}
        if body is not None:
            headers["Content-Type"] = "application/vnd.schemaregistry.v1+json"
        try:
            response = await self._client.request(
                method, f"{self._base}{path}", content=body, headers=headers
            )
        except httpx.HTTPError as error:
            raise RetriableError(
                f"the schema registry at {self._base.host} does not answer"
            ) from error
        if response.status_code == 409:
            raise IncompatibleSchemaError("the schema registry refuses the schema as incompatible")
        if response.status_code >= 500 or response.status_code == 429:
            raise RetriableError(f"the schema registry answered {response.status_code}")
        if response.status_code in {401, 403}:
            raise ConfigurationError("the schema registry does not accept the credentials given")
        if not response.is_success:
            raise FatalError(f"the schema registry answered {response.status_code}")
        try:
            answer = response.json()
        except ValueError as error:
            raise FatalError("the schema registry did not answer with JSON") from error
        if not isinstance(answer, dict):
            raise FatalError("the schema registry answered something unexpected")
        return answer


class CachedRegistry:
    """Remembers what another registry said: a schema's number never changes its meaning."""

    def __init__(self, registry: SchemaRegistry) -> None:
        self._registry = registry
        self._ids: dict[tuple[str, str], int] = {}
        self._schemas: dict[int, AvroSchema] = {}
        self._lock = asyncio.Lock()

    async def register(self, subject: str, version: str, schema: AvroSchema) -> int:
        """Return the number of this schema, asking once per subject and version."""
        key = (subject, version)
        if key not in self._ids:
            async with self._lock:
                if key not in self._ids:
                    self._ids[key] = await self._registry.register(subject, version, schema)
        return self._ids[key]

    async def schema_by_id(self, wire_id: int) -> AvroSchema:
        """Return the schema of this number, asking once."""
        if wire_id not in self._schemas:
            # What is unknown is not remembered: it may be published a moment later.
            self._schemas[wire_id] = await self._registry.schema_by_id(wire_id)
        return self._schemas[wire_id]
