"""Events as bytes: Avro in the Confluent wire format (rows 31 to 34).

    byte 0      0, the magic byte
    bytes 1-4   the number of the writer's schema, big-endian
    the rest    the datum, Avro binary

`EventCodec` writes with the newest schema below and reads what any registered version wrote. A
record also carries its schema's name and version in the `content-type` header, so that a reader
without a registry, such as a gateway that only drops caches, can read what this package wrote.

Source: Confluent Schema Registry, "Wire format"; Apache Avro 1.12 Specification.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Mapping
from typing import Any

from subgraph_kit.errors import ConfigurationError, FatalError, InvalidEventError
from subgraph_kit.events.base import Record
from subgraph_kit.events.datum import event_from_datum, event_to_datum
from subgraph_kit.events.model import EntityChangeEvent
from subgraph_kit.events.registry import (
    AvroSchema,
    CachedRegistry,
    MemoryRegistry,
    SchemaRegistry,
)
from subgraph_kit.events.schemas import ENTITY_CHANGE_EVENT, KNOWN_SCHEMAS, EventSchema

try:
    import fastavro
except ImportError as error:  # pragma: no cover - depends on what is installed
    raise ConfigurationError("events need fastavro: pip install 'dictamesh[events]'") from error

CONTENT_TYPE = "content-type"
MAX_VALUE_BYTES = 1_000_000
"""Kafka's default limit on a message; an event is a notification, not the entity."""

_HEADER = struct.Struct(">bI")
_PARSED: dict[str, Any] = {}


class EventCodec:
    """Turns events into record values and back.

    Without a registry, numbers are given within this process and foreign numbers are not looked
    up: the `content-type` header then decides.
    """

    def __init__(self, registry: SchemaRegistry | None = None) -> None:
        self._shared = registry is not None
        self._registry = CachedRegistry(registry or MemoryRegistry())
        self._written: dict[int, Any] = {}

    async def encode(self, event: EntityChangeEvent) -> bytes:
        """Return the event in the wire format.

        Raises:
            InvalidEventError: if the event does not fit its schema.
            RetriableError: if the registry cannot be reached.
        """
        return await self.encode_datum(ENTITY_CHANGE_EVENT, event_to_datum(event))

    async def encode_datum(self, schema: EventSchema, datum: Mapping[str, Any]) -> bytes:
        """Return `datum`, of any of the known schemas, in the wire format."""
        wire_id = await self._registry.register(schema.name, schema.version, schema.definition)
        out = io.BytesIO()
        out.write(_HEADER.pack(0, wire_id))
        try:
            fastavro.schemaless_writer(out, _parsed(schema), datum, strict_allow_default=True)
        except Exception as error:
            raise InvalidEventError(
                f"the event does not fit {schema.name} {schema.version}"
            ) from error
        if out.tell() > MAX_VALUE_BYTES:
            raise InvalidEventError(f"the event is larger than {MAX_VALUE_BYTES} bytes")
        return out.getvalue()

    async def decode(self, record: Record) -> EntityChangeEvent:
        """Return the event that a record of an entity topic carries.

        Raises:
            InvalidEventError: if the value is no event.
            RetriableError: if the registry cannot be reached.
        """
        return event_from_datum(await self.decode_datum(ENTITY_CHANGE_EVENT, record))

    async def decode_datum(self, schema: EventSchema, record: Record) -> dict[str, Any]:
        """Return what `record` carries, read as the newest version of `schema`."""
        value = record.value
        if len(value) < _HEADER.size or value[0] != 0:
            raise InvalidEventError("the value is not in the Confluent wire format")
        (_, wire_id) = _HEADER.unpack_from(value)
        writer = await self._writer_schema(wire_id, record)
        body = io.BytesIO(value)
        body.seek(_HEADER.size)
        try:
            datum = fastavro.schemaless_reader(body, writer, _parsed(schema))
        except Exception as error:
            # fastavro raises many types; hostile bytes can reach any of them.
            raise InvalidEventError(f"the value cannot be read as {schema.name}") from error
        if body.tell() != len(value) or not isinstance(datum, dict):
            raise InvalidEventError("the value does not end where the event ends")
        return datum

    async def _writer_schema(self, wire_id: int, record: Record) -> Any:
        announced = _announced_schema(record)
        if not self._shared:
            return _parsed(announced or ENTITY_CHANGE_EVENT)
        if wire_id not in self._written:
            try:
                definition = await self._registry.schema_by_id(wire_id)
                self._written[wire_id] = fastavro.parse_schema(dict(definition))
            except FatalError as error:
                if announced is not None:  # written by a process with a registry of its own
                    return _parsed(announced)
                raise InvalidEventError(f"the schema registry has no number {wire_id}") from error
            except (fastavro.schema.SchemaParseException, fastavro.schema.UnknownType) as error:
                raise InvalidEventError(f"schema {wire_id} is no Avro schema") from error
        return self._written[wire_id]


def content_type(schema: EventSchema) -> bytes:
    """Return the `content-type` header of a record written with `schema`."""
    return f"application/avro; schema={schema.name}; version={schema.version}".encode()


def _parsed(schema: EventSchema) -> Any:
    key = f"{schema.name} {schema.version}"
    if key not in _PARSED:
        _PARSED[key] = fastavro.parse_schema(dict(schema.definition))
    return _PARSED[key]


def _announced_schema(record: Record) -> EventSchema | None:
    header = record.headers.get(CONTENT_TYPE)
    return KNOWN_SCHEMAS.get(header) if header is not None else None


__all__ = [
    "CONTENT_TYPE",
    "MAX_VALUE_BYTES",
    "AvroSchema",
    "EventCodec",
    "content_type",
    "event_from_datum",
    "event_to_datum",
]
