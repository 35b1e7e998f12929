"""Serve `_entities` and `_service`: how a gateway reaches into a subgraph (row 67).

Any number of representations costs one `query_entities` call per entity type and request, however
many operations the gateway made of it. Order is kept; an entity that does not exist is null in
its slot; a representation that cannot be read is an error in its slot and in no other.

Source: Apollo Federation subgraph specification, "Resolving entity fields with Query._entities".
"""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, cast

import strawberry
from graphql import GraphQLError
from strawberry import Info
from strawberry.extensions import SchemaExtension
from strawberry.federation.schema import FederationAny
from strawberry.federation.schema_directives import Key
from strawberry.schema.config import StrawberryConfig
from strawberry.types import ExecutionContext, get_object_definition
from strawberry.types.base import StrawberryObjectDefinition

from subgraph_kit.adapter import DataProductAdapter
from subgraph_kit.data_product import Entity
from subgraph_kit.errors import ConfigurationError
from subgraph_kit.schema.common import FEDERATION_VERSION, FederationVersion
from subgraph_kit.schema.convert import to_object
from subgraph_kit.schema.loaders import RequestLoaders, load_entity_by_key, request_loaders
from subgraph_kit.schema.scalars import SCALAR_MAP


@dataclass(frozen=True, slots=True)
class EntityType:
    """A GraphQL type whose entities an adapter serves."""

    cls: type
    adapter: DataProductAdapter

    def to_object(self, entity: Entity) -> Any:
        """The entity as an object of the type: by its own `from_entity`, or field by field."""
        from_entity = getattr(self.cls, "from_entity", None)
        return from_entity(entity) if from_entity else to_object(self.cls, entity.data)


class SubgraphSchema(strawberry.federation.Schema):
    """A Federation 2 schema whose entities come from adapters.

    `entities` says which adapter serves which type. A `@key` type that is not among them is
    resolved by its own `resolve_reference`, or is made of the representation itself: that is all
    a subgraph needs that only adds fields to another one's entity.
    """

    def __init__(
        self,
        *,
        query: type | None = None,
        mutation: type | None = None,
        types: Iterable[type] = (),
        entities: Mapping[type, DataProductAdapter] | None = None,
        extensions: Iterable[type[SchemaExtension] | Callable[[], SchemaExtension]] = (),
        config: StrawberryConfig | None = None,
        federation_version: FederationVersion = FEDERATION_VERSION,
    ) -> None:
        self._entity_types: dict[str, EntityType] = {}
        for cls, adapter in (entities or {}).items():
            definition = get_object_definition(cls)
            if definition is None:
                raise ConfigurationError(f"{cls.__name__} is no Strawberry type")
            self._entity_types[definition.name] = EntityType(cls, adapter)
        super().__init__(
            query=query,
            mutation=mutation,
            types=[*types, *(entities or {})],
            extensions=extensions,
            config=config or StrawberryConfig(scalar_map=SCALAR_MAP),
            federation_version=federation_version,
        )

    def process_errors(
        self, errors: list[GraphQLError], execution_context: ExecutionContext | None = None
    ) -> None:
        """Leave logging to `app.py`, which knows what may be said."""

    def sdl(self) -> str:
        """The subgraph's SDL, as `_service { sdl }` answers it."""
        return self.as_str()

    async def entities_resolver(  # type: ignore[override] # Strawberry awaits either kind
        self, info: Info, representations: list[FederationAny]
    ) -> list[FederationAny]:
        """Resolve all representations at once; see the module."""
        loaders = request_loaders(info)
        resolved = await asyncio.gather(
            *(self._resolve(info, loaders, representation) for representation in representations),
            return_exceptions=True,
        )
        for result in resolved:
            if isinstance(result, BaseException) and not isinstance(result, Exception):
                raise result
        return cast(list[FederationAny], resolved)

    async def _resolve(
        self, info: Info, loaders: RequestLoaders, representation: object
    ) -> object | None:
        if not isinstance(representation, Mapping):
            raise GraphQLError("a representation must be an object")
        type_name = representation.get("__typename")
        if not isinstance(type_name, str):
            raise GraphQLError("a representation must have a __typename")
        entity_type = self._entity_types.get(type_name)
        if entity_type is None:
            return await self._resolve_without_adapter(info, type_name, representation)
        entity = await self._load(loaders, entity_type, type_name, representation)
        if entity is None:
            return None
        result = entity_type.to_object(entity)
        self._add_required_inputs(entity_type, result, representation)
        return cast(object, result)

    async def _load(
        self,
        loaders: RequestLoaders,
        entity_type: EntityType,
        type_name: str,
        representation: Mapping[str, Any],
    ) -> Entity | None:
        primary = entity_type.adapter.get_schema().key
        keys = [primary, *self._keys_of(type_name)]
        for key in keys:
            if not all(name in representation for name in key):
                continue
            values = tuple(_key_text(type_name, name, representation[name]) for name in key)
            return await load_entity_by_key(loaders, entity_type.adapter, key, values)
        raise GraphQLError(
            f"a representation of {type_name} needs the fields of one of its keys: "
            + " or ".join(repr(" ".join(key)) for key in dict.fromkeys(keys))
        )

    def _keys_of(self, type_name: str) -> list[tuple[str, ...]]:
        """The type's `@key`s that are made of plain fields, each as a tuple of names."""
        definition = self._definition(type_name)
        directives = definition.directives or [] if definition is not None else []
        texts = [str(d.fields) for d in directives if isinstance(d, Key)]
        return [tuple(text.split()) for text in texts if "{" not in text]

    def _definition(self, type_name: str) -> StrawberryObjectDefinition | None:
        known = self.schema_converter.type_map.get(type_name)
        definition = known.definition if known is not None else None
        return definition if isinstance(definition, StrawberryObjectDefinition) else None

    async def _resolve_without_adapter(
        self, info: Info, type_name: str, representation: Mapping[str, Any]
    ) -> object | None:
        definition = self._definition(type_name)
        keys = self._keys_of(type_name)
        if definition is None or not any(isinstance(d, Key) for d in definition.directives or []):
            raise GraphQLError(f"{type_name[:100]!r} is no entity of this subgraph")
        values = {name: value for name, value in representation.items() if name != "__typename"}
        resolve_reference = getattr(definition.origin, "resolve_reference", None)
        if resolve_reference is not None:
            return await _call_resolve_reference(resolve_reference, type_name, info, values)
        if keys and not any(all(name in values for name in key) for key in keys):
            raise GraphQLError(f"a representation of {type_name} lacks the fields of its key")
        for key in keys:
            for name in key:
                if name in values:
                    _key_text(type_name, name, values[name])
        result: object = to_object(definition.origin, values)
        return result

    def _add_required_inputs(
        self, entity_type: EntityType, result: object, representation: Mapping[str, Any]
    ) -> None:
        """Set what another subgraph resolved and a field here `@requires`."""
        extra = representation.keys() - {"__typename", *entity_type.adapter.get_schema().key}
        if not extra:
            return
        given: object = to_object(entity_type.cls, representation)
        for field in get_object_definition(entity_type.cls, strict=True).fields:
            if (
                self.config.name_converter.from_field(field) in extra
                and field.base_resolver is None
                and getattr(result, field.python_name, None) is None
            ):
                setattr(result, field.python_name, getattr(given, field.python_name))


async def _call_resolve_reference(
    resolve_reference: Callable[..., Any],
    type_name: str,
    info: Info,
    values: dict[str, Any],
) -> object | None:
    parameters = inspect.signature(resolve_reference).parameters
    arguments: dict[str, Any] = {**values}
    if "info" in parameters:
        arguments["info"] = info
    try:
        inspect.signature(resolve_reference).bind(**arguments)
    except TypeError:
        raise GraphQLError(
            f"a representation of {type_name} does not have the fields it is resolved by"
        ) from None
    result = resolve_reference(**arguments)
    return cast(object, await result) if inspect.isawaitable(result) else result


def _key_text(type_name: str, name: str, value: object) -> str:
    """A key's value as text; ids are texts, and GraphQL reads integers as ids too."""
    if isinstance(value, str):
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    raise GraphQLError(f"{type_name}.{name} in a representation must be a string or an integer")
