"""A subgraph schema from what adapters declare, where the author wrote none (row 22).

For each entity type: a `@key` type with the schema's fields, `customer(id)` and
`customers(filter, limit, offset)`. A field that references another entity (`customerId` to
`Customer`) keeps its id, and gets a companion of the entity's type (`customer`), which the gateway
resolves in the subgraph that owns it. All of it goes through the adapters in batches.
"""

from __future__ import annotations

import asyncio
import dataclasses
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import Enum, EnumMeta
from typing import Any
from uuid import UUID

import strawberry
from graphql import GraphQLError
from strawberry import Info
from strawberry.scalars import JSON
from strawberry.tools import create_type

from subgraph_kit.data_product import EntityField, EntityQuery, EntitySchema
from subgraph_kit.errors import ConfigurationError
from subgraph_kit.registration import RegisteredAdapter
from subgraph_kit.schema.convert import to_object
from subgraph_kit.schema.loaders import load_entity, request_loaders

MAX_LIMIT = 1_000
"""The most items one list field answers; more is asked page by page."""

_NAME = re.compile(r"[_A-Za-z][_0-9A-Za-z]*")

_SCALARS: dict[str, Any] = {
    "id": strawberry.ID,
    "string": str,
    "integer": int,
    "bigint": str,
    "float": float,
    "decimal": Decimal,
    "boolean": bool,
    "date": date,
    "timestamp": datetime,
    "uuid": UUID,
    "json": JSON,
}


@dataclass(frozen=True, slots=True)
class DerivedTypes:
    """What `SubgraphSchema` takes."""

    query: type
    entities: dict[type, RegisteredAdapter]


def derive_schema_types(adapters: Sequence[RegisteredAdapter]) -> DerivedTypes:
    """Make Strawberry types of the adapters' entity schemas.

    Raises:
        ConfigurationError: if a name cannot stand in GraphQL, or two fields get the same name.
    """
    builder = _Builder(adapters)
    entities = builder.entities()
    fields = [field for cls, adapter in entities.items() for field in _query_fields(cls, adapter)]
    names = [field.python_name for field in fields]
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        raise ConfigurationError(
            f"two entity types would both be asked by {repeated[0]!r}: write the schema yourself"
        )
    return DerivedTypes(create_type("Query", fields), entities)


class _Builder:
    def __init__(self, adapters: Sequence[RegisteredAdapter]) -> None:
        self._adapters = {adapter.entity_type: adapter for adapter in adapters}
        self._classes: dict[str, type] = {}
        self._stubs: dict[str, type] = {}

    def entities(self) -> dict[type, RegisteredAdapter]:
        """Make a type per adapter. All classes exist before any refers to another."""
        for name, adapter in self._adapters.items():
            self._classes[name] = self._python_class(name, adapter.get_schema().fields)
        entities: dict[type, RegisteredAdapter] = {}
        for name, adapter in self._adapters.items():
            schema, cls = adapter.get_schema(), self._classes[name]
            for field in schema.fields:
                if field.references is not None:
                    self._add_reference(cls, schema, field, field.references)
            decorated = strawberry.federation.type(
                cls, keys=[" ".join(schema.key)], description=schema.description
            )
            entities[decorated] = adapter
        return entities

    def _python_class(self, name: str, fields: Sequence[EntityField]) -> type:
        _check_name(name)
        namespace: dict[str, Any] = {"__annotations__": {}, "__module__": __name__}
        for field in fields:
            _check_name(field.name)
            type_ = self._field_type(name, field)
            namespace["__annotations__"][field.name] = type_ if field.required else type_ | None
            namespace[field.name] = strawberry.field(
                name=field.name,
                description=field.description,
                default=dataclasses.MISSING if field.required else None,
            )
        # Fields without a default must stand before those with one, as in any dataclass.
        order = sorted(fields, key=lambda field: not field.required)
        namespace["__annotations__"] = {
            field.name: namespace["__annotations__"][field.name] for field in order
        }
        return type(name, (), namespace)

    def _field_type(self, owner: str, field: EntityField) -> Any:
        inner: Any
        if field.type == "object":
            nested = f"{owner}{_capitalized(field.name)}"
            inner = strawberry.type(self._python_class(nested, field.fields))
        elif field.type == "enum":
            if not field.enum_values:
                raise ConfigurationError(f"{owner}.{field.name} is an enum without values")
            for value in field.enum_values:
                _check_name(value)
            name = f"{owner}{_capitalized(field.name)}"
            inner = strawberry.enum(_enum(name, field.enum_values))
        else:
            inner = _SCALARS[field.type]
        return list[inner] if field.is_list else inner

    def _add_reference(
        self, cls: type, schema: EntitySchema, field: EntityField, target: str
    ) -> None:
        """Add `customer: Customer` beside `customerId: ID`."""
        stem = field.name.removesuffix("Ids" if field.is_list else "Id")
        if stem == field.name or any(stem == other.name for other in schema.fields):
            return  # no name for a companion: the id is all there is
        if field.is_list:
            stem = _plural(stem)
        related = self._related(target)
        python_name, is_list = field.name, field.is_list

        async def resolve(self: Any, info: Info) -> Any:
            value = getattr(self, python_name)
            if value is None:
                return None
            if not is_list:
                return await related.get(info, value)
            return await asyncio.gather(*(related.get(info, each) for each in value))

        item: Any = related.cls | None
        shape: Any = list[item] | None if is_list else item
        resolve.__annotations__["return"] = shape
        setattr(cls, stem, strawberry.field(resolver=resolve, name=stem))

    def _related(self, target: str) -> _Related:
        if target in self._classes:
            return _Related(self._classes[target], self._adapters[target])
        if target not in self._stubs:
            _check_name(target)
            cls = type(target, (), {"__annotations__": {"id": strawberry.ID}})
            self._stubs[target] = strawberry.federation.type(cls, keys=["id"])
        return _Related(self._stubs[target], None)


@dataclass(frozen=True, slots=True)
class _Related:
    """Another entity type: served here, or known by its key only."""

    cls: type
    adapter: RegisteredAdapter | None

    async def get(self, info: Info, entity_id: str) -> Any:
        if self.adapter is None:
            return to_object(self.cls, {"id": entity_id})
        entity = await load_entity(request_loaders(info), self.adapter, entity_id)
        return None if entity is None else to_object(self.cls, entity.data)


def _query_fields(cls: Any, adapter: RegisteredAdapter) -> list[Any]:
    schema = adapter.get_schema()
    one = schema.entity[0].lower() + schema.entity[1:]
    filter_type = _filter_type(schema)

    async def get(info: Info, id: strawberry.ID) -> Any:
        entity = await load_entity(request_loaders(info), adapter, id)
        return None if entity is None else to_object(cls, entity.data)

    async def page(info: Info, filter: Any = None, limit: int = 20, offset: int = 0) -> Any:
        if not 0 <= limit <= MAX_LIMIT or offset < 0:
            raise GraphQLError(f"limit must be from 0 to {MAX_LIMIT:,}, offset 0 or more")
        given = {} if filter is None else vars(filter)
        conditions = {name: value for name, value in given.items() if value is not None}
        found = await adapter.query_entities(
            EntityQuery(filter=conditions, limit=limit, offset=offset)
        )
        return [to_object(cls, entity.data) for entity in found]

    get.__annotations__["return"] = cls | None
    page.__annotations__["return"] = list[cls]
    page.__annotations__["filter"] = filter_type | None
    return [
        _named(one, get, f"One {schema.entity} by its id."),
        _named(_plural(one), page, f"A page of {schema.entity} entities."),
    ]


def _filter_type(schema: EntitySchema) -> Any:
    """Equality on the indexed fields and the key: what a source can be expected to look up."""
    annotations: dict[str, Any] = {}
    namespace: dict[str, Any] = {"__annotations__": annotations}
    for field in schema.fields:
        simple = field.type in _SCALARS and field.type != "json" and not field.is_list
        if simple and (field.indexed or field.name in schema.key):
            annotations[field.name] = _SCALARS[field.type] | None
            namespace[field.name] = strawberry.field(name=field.name, default=None)
    if not annotations:
        return None
    return strawberry.input(type(f"{schema.entity}Filter", (), namespace))


def _named(name: str, resolver: Callable[..., Any], description: str) -> Any:
    field = strawberry.field(resolver=resolver, name=name, description=description)
    field.python_name = name
    return field


def _enum(name: str, values: Sequence[str]) -> EnumMeta:
    return EnumMeta(name, (Enum,), _enum_members(name, values))


def _enum_members(name: str, values: Sequence[str]) -> Any:
    members = EnumMeta.__prepare__(name, (Enum,))
    for value in values:
        members[value] = value
    return members


def _plural(name: str) -> str:
    if name.endswith("y") and name[-2:-1] not in "aeiou":
        return f"{name[:-1]}ies"
    return f"{name}es" if name.endswith(("s", "x", "z", "ch", "sh")) else f"{name}s"


def _capitalized(name: str) -> str:
    return name[0].upper() + name[1:]


def _check_name(name: str) -> None:
    if not _NAME.fullmatch(name) or name.startswith("__"):
        raise ConfigurationError(
            f"{name[:80]!r} cannot be a name in GraphQL: use letters, digits and '_'"
        )
