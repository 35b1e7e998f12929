"""What the tests of a generated project need of a source: adapters, ids, and a way to break it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AbstractContextManager
from typing import Any

from subgraph_kit.adapter import DataProductAdapter
from subgraph_kit.entity_key import entity_id

Rows = Mapping[str, Sequence[Mapping[str, Any]]]
"""Canonical rows by entity type."""


class Samples(ABC):
    """Sample rows behind a source; subclasses serve them the way their kind of source does."""

    def __init__(self, rows: Rows) -> None:
        self.rows = rows
        self.adapters: Sequence[DataProductAdapter] = ()

    def serve(self, adapters: Sequence[DataProductAdapter]) -> None:
        """Take the adapters that shall find the sample rows."""
        self.adapters = adapters

    def adapter(self, entity: str) -> DataProductAdapter:
        """The adapter of an entity type."""
        for adapter in self.adapters:
            if adapter.data_product.entity_type == entity:
                return adapter
        raise KeyError(entity)

    def ids(self, entity: str) -> list[str]:
        """The ids of the sample rows."""
        key = self.adapter(entity).get_schema().key
        return [entity_id([row[name] for name in key]) for row in self.rows[entity]]

    def representations(self) -> list[dict[str, Any]]:
        """The first row of every type, by each of its keys, as a gateway would ask for it."""
        found = []
        for adapter in self.adapters:
            schema = adapter.get_schema()
            rows = self.rows.get(schema.entity, ())
            for key in dict.fromkeys((schema.key, *schema.other_keys)):
                if rows and all(rows[0].get(name) is not None for name in key):
                    row = rows[0]
                    found.append({"__typename": schema.entity, **{name: row[name] for name in key}})
        return found

    @abstractmethod
    def failure(self) -> AbstractContextManager[Any] | AbstractAsyncContextManager[Any]:
        """A context in which the source does not answer."""
