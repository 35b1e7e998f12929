"""How resolvers find the adapters they ask: bound to the schema they belong to."""

from __future__ import annotations

from typing import TypeVar
from weakref import WeakKeyDictionary

from strawberry import Info
from strawberry.schema.base import BaseSchema

from subgraph_kit.adapter import DataProductAdapter
from subgraph_kit.errors import ConfigurationError
from subgraph_kit.registration import RegisteredAdapter

A = TypeVar("A", bound=DataProductAdapter)

_BOUND: WeakKeyDictionary[BaseSchema, dict[str, RegisteredAdapter]] = WeakKeyDictionary()


def bind_adapters(schema: BaseSchema, *adapters: RegisteredAdapter) -> None:
    """Let the resolvers of `schema` find these adapters."""
    _BOUND[schema] = {adapter.entity_type: adapter for adapter in adapters}


def registered_adapter(info: Info, entity_type: str) -> RegisteredAdapter:
    """The adapter of an entity type with everything that registration puts around it.

    Raises:
        ConfigurationError: if none is bound.
    """
    adapter = _BOUND.get(info.schema, {}).get(entity_type)
    if adapter is None:
        raise ConfigurationError(f"no adapter of {entity_type} is bound to this schema")
    return adapter


def author_adapter(info: Info, entity_type: str, cls: type[A]) -> A:
    """The adapter itself, for what it can do beyond the contract.

    Raises:
        ConfigurationError: if none is bound, or one of another class.
    """
    adapter = registered_adapter(info, entity_type).adapter
    if not isinstance(adapter, cls):
        raise ConfigurationError(f"the adapter of {entity_type} is no {cls.__name__}")
    return adapter
