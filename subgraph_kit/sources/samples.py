"""Rows in memory as a source: for a project that has no source yet, and for tests of schemas.

The rows are canonical data already, field names and all. Whatever a query can ask is answered: it
is what an adapter of a real source is measured by.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from functools import partial
from typing import Any

from subgraph_kit.adapter import DataProductAdapter
from subgraph_kit.data_product import (
    DataProduct,
    Entity,
    EntityQuery,
    HealthState,
    HealthStatus,
    Order,
)
from subgraph_kit.entity_key import entity_id
from subgraph_kit.errors import EntityNotFoundError, FatalError, SourceUnavailableError

Row = Mapping[str, Any]
Pair = tuple[tuple[str, ...], tuple[str, ...]]


class SampleAdapter(DataProductAdapter):
    """Serves `rows` of a product. `links` has pairs of keys (far side, this side) by link.

    Tests make it as slow as a source (`answer_seconds`), or take it away (`available`).
    """

    def __init__(
        self,
        product: DataProduct,
        rows: Sequence[Row],
        links: Mapping[str, Sequence[Pair]] | None = None,
        *,
        answer_seconds: float = 0.0,
    ) -> None:
        self.data_product = product
        self.available = True
        self.answer_seconds = answer_seconds
        self._links = links or {}
        self._entities = {entity.id: entity for row in rows for entity in (_entity(product, row),)}

    async def get_entity(self, entity_id: str) -> Entity:
        """One row."""
        await self._ask()
        try:
            return self._entities[entity_id]
        except KeyError:
            raise EntityNotFoundError(self.data_product.entity_type, entity_id) from None

    async def query_entities(self, query: EntityQuery) -> Sequence[Entity]:
        """The rows of the ids, or a page of those that fit."""
        await self._ask()
        if query.ids is not None:
            wanted = dict.fromkeys(query.ids)
            return [self._entities[each] for each in wanted if each in self._entities]
        return self._page(list(self._entities.values()), query)

    async def query_by_reference(
        self, fields: tuple[str, ...], values: Sequence[tuple[str, ...]], query: EntityQuery
    ) -> Mapping[tuple[str, ...], Sequence[Entity]]:
        """A page of the rows that refer to each of the values."""
        await self._ask()
        groups: dict[tuple[str, ...], list[Entity]] = {value: [] for value in values}
        for entity in self._entities.values():
            group = groups.get(tuple(str(entity.data.get(name)) for name in fields))
            if group is not None:
                group.append(entity)
        return {value: self._page(group, query) for value, group in groups.items()}

    async def query_by_link(
        self, link: str, values: Sequence[tuple[str, ...]], query: EntityQuery
    ) -> Mapping[tuple[str, ...], Sequence[Entity]]:
        """A page of the rows that the link pairs with each of the values."""
        if link not in self._links:
            return await super().query_by_link(link, values, query)
        await self._ask()
        groups: dict[tuple[str, ...], list[Entity]] = {value: [] for value in values}
        for there, here in self._links[link]:
            entity = self._entities.get(entity_id(here))
            if there in groups and entity is not None:
                groups[there].append(entity)
        return {value: self._page(group, query) for value, group in groups.items()}

    async def health_check(self) -> HealthStatus:
        """Healthy while `available`."""
        return HealthStatus(HealthState.HEALTHY if self.available else HealthState.UNHEALTHY)

    async def _ask(self) -> None:
        if self.answer_seconds:
            await asyncio.sleep(self.answer_seconds)
        if not self.available:
            raise SourceUnavailableError("the sample rows were taken away")

    def _page(self, entities: list[Entity], query: EntityQuery) -> list[Entity]:
        found = [each for each in entities if _fits(each, query.filter)]
        for order in reversed(query.order):
            found.sort(key=partial(_sort_key, order), reverse=order.descending)
        end = None if query.limit is None else query.offset + query.limit
        return found[query.offset : end]


def _entity(product: DataProduct, row: Row) -> Entity:
    key = entity_id([row[name] for name in product.schema.key])
    return Entity(product.entity_type, key, dict(row))


def _sort_key(order: Order, entity: Entity) -> tuple[bool, Any]:
    value = entity.data.get(order.field)
    return (value is not None, None if value is None else _comparable(value))


def _fits(entity: Entity, conditions: Mapping[str, Any]) -> bool:
    for field, wanted in conditions.items():
        operators = wanted if isinstance(wanted, Mapping) else {"eq": wanted}
        value = entity.data.get(field)
        for operator, operand in operators.items():
            if not _compare(field, operator, value, operand):
                return False
    return True


def _compare(field: str, operator: str, value: Any, operand: Any) -> bool:
    match operator:
        case "eq":
            return str(value) == str(operand)
        case "in":
            return str(value) in {str(each) for each in operand}
        case "neq":
            return value is not None and str(value) != str(operand)
        case _ if value is None:
            return False
        case "gt":
            return bool(_comparable(value) > _comparable(operand))
        case "gte":
            return bool(_comparable(value) >= _comparable(operand))
        case "lt":
            return bool(_comparable(value) < _comparable(operand))
        case "lte":
            return bool(_comparable(value) <= _comparable(operand))
        case "contains":
            return str(operand) in str(value)
        case "starts_with":
            return str(value).startswith(str(operand))
        case _:
            raise FatalError(f"rows cannot be filtered by {field} with {operator!r}")


def _comparable(value: Any) -> Any:
    """Numbers as numbers, also where they are text; anything else as text."""
    if isinstance(value, bool):
        return int(value)
    try:
        return Decimal(str(value))
    except InvalidOperation:
        return str(value)
