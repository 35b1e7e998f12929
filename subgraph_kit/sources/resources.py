"""Resources of a REST API as entities, by declaration: which path, which members, which pages.

    User = RestResource(
        "/orgs/{org}/users/{id}",
        fields=(SourceField("org", "{org}", "ID"), SourceField("id", type="ID"), ...),
        list_path="/orgs/{org}/users",
        items_at="data",
        pages=RestPages("page", limit_parameter="per_page", position_parameter="page"),
        filters=(RestFilter("status", "status"),),
    )

A batch by ids is one call where the API takes many ids in a parameter, else calls side by side. A
page of the list costs as few calls as the API's own way of turning pages allows.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Literal

from subgraph_kit.adapter import DataProductAdapter
from subgraph_kit.data_product import (
    DataProduct,
    Entity,
    EntityQuery,
    HealthState,
    HealthStatus,
)
from subgraph_kit.entity_key import entity_id, key_values
from subgraph_kit.errors import (
    ConfigurationError,
    EntityNotFoundError,
    FatalError,
    KitError,
    SourceNotFoundError,
    SourceResponseError,
)
from subgraph_kit.sources.conditions import Condition, conditions, unsupported
from subgraph_kit.sources.list_pages import RestPages, list_items
from subgraph_kit.sources.rest import RestSource, path_segment
from subgraph_kit.sources.shapes import ObjectReader, SourceField, SourceTypes

Operator = Literal["eq", "neq", "in", "gt", "gte", "lt", "lte", "contains", "starts_with"]

_PLACE = re.compile(r"\{(\w+)\}")
_CALLS_AT_ONCE = 10
"""Calls side by side for one batch: quick for us, and no burst for the API."""
_IDS_PER_CALL = 100
_IDS_BYTES = 1_500
"""How much of a URL ids may take; servers cut at 4 to 8 KB."""


@dataclass(frozen=True, slots=True)
class RestFilter:
    """A query parameter of the list that compares a field."""

    field: str
    parameter: str
    operator: Operator = "eq"


@dataclass(frozen=True, slots=True)
class RestResource:
    """What an API knows one by one. Places of paths are named by the entity's key fields.

    `item_at` and `items_at` say where an answer has its item or items (`data`). `list_is_partial`
    says that listed items lack fields, so each is asked for by itself. `updated_at` names the field
    that says when an item last changed.
    """

    item_path: str
    fields: tuple[SourceField, ...]
    types: SourceTypes = field(default_factory=dict)
    list_path: str | None = None
    item_at: str | None = None
    items_at: str | None = None
    pages: RestPages = field(default_factory=lambda: RestPages("none"))
    filters: tuple[RestFilter, ...] = ()
    batch_parameter: str | None = None
    batch_separator: str | None = None
    """What stands between the ids of a batch; None repeats the parameter."""
    fixed_parameters: Mapping[str, str] = field(default_factory=dict)
    list_is_partial: bool = False
    updated_at: str | None = None


class RestResourceAdapter(DataProductAdapter):
    """Serves one entity type from a resource of `source`."""

    def __init__(self, source: RestSource, product: DataProduct, resource: RestResource) -> None:
        self.data_product = product
        self._source = source
        self._resource = resource
        self._entity = product.entity_type
        self._key = product.schema.key
        self._reader = ObjectReader(self._entity, resource.fields, resource.types)
        self._list_places = tuple(_PLACE.findall(resource.list_path or ""))
        self._calls = asyncio.Semaphore(_CALLS_AT_ONCE)
        # Not the same one: a page may need calls itself, and would wait for its own.
        self._pages_at_once = asyncio.Semaphore(_CALLS_AT_ONCE)
        places = _PLACE.findall(resource.item_path)
        if sorted(places) != sorted(self._key):
            raise ConfigurationError(
                f"{self._entity}: the places of {resource.item_path} must be the key fields "
                f"{', '.join(self._key)}"
            )
        known = {each.name for each in resource.fields}
        for name in (*self._key, *(each.field for each in resource.filters), *self._list_places):
            if name not in known:
                raise ConfigurationError(f"{self._entity}: {name!r} is none of its fields")

    async def get_entity(self, entity_id: str) -> Entity:
        """One item by its address.

        Raises:
            EntityNotFoundError: if the API has none there.
        """
        values = key_values(entity_id, len(self._key))
        found = (
            None if values is None else await self._get(dict(zip(self._key, values, strict=True)))
        )
        if found is None:
            raise EntityNotFoundError(self._entity, entity_id)
        return found

    async def query_entities(self, query: EntityQuery) -> Sequence[Entity]:
        """A batch by ids, or a page of the list."""
        if query.ids is not None:
            return await self._batch(list(dict.fromkeys(query.ids)))
        wanted = list(conditions(self._entity, query.filter))
        ids = self._ids_meant(wanted)
        if ids is not None:
            if query.order:
                raise unsupported(self._entity, query.order[0].field)
            end = None if query.limit is None else query.offset + query.limit
            return (await self._batch(ids))[query.offset : end]
        return await self._page(query, wanted)

    async def query_by_reference(
        self, fields: tuple[str, ...], values: Sequence[tuple[str, ...]], query: EntityQuery
    ) -> Mapping[tuple[str, ...], Sequence[Entity]]:
        """A page for each of `values`, side by side."""

        async def one(value: tuple[str, ...]) -> tuple[tuple[str, ...], Sequence[Entity]]:
            equal = dict(zip(fields, value, strict=True))
            async with self._pages_at_once:
                page = await self.query_entities(
                    replace(query, ids=None, filter={**query.filter, **equal})
                )
            return value, page

        return dict(await _all(one(value) for value in dict.fromkeys(values)))

    async def health_check(self) -> HealthStatus:
        """Ask for the first item of the list, or for anything at all where there is no list."""
        started = time.perf_counter()
        resource = self._resource
        try:
            if resource.list_path is not None and not self._list_places:
                limit = resource.pages.limit_parameter
                params = {**resource.fixed_parameters, **({limit: "1"} if limit else {})}
                await self._source.get(resource.list_path, params=params)
            else:
                await self._source.get("")
        except SourceNotFoundError:
            pass  # It answered, which is all that is asked.
        except SourceResponseError as error:
            # A page in HTML at the root is an answer, too; a refused credential is none.
            if resource.list_path is not None or error.status in (401, 403):
                return HealthStatus(HealthState.UNHEALTHY, str(error))
        except KitError as error:
            return HealthStatus(HealthState.UNHEALTHY, str(error))
        return HealthStatus(
            HealthState.HEALTHY, latency_ms=round((time.perf_counter() - started) * 1000, 1)
        )

    async def close(self) -> None:
        """Release the connections to the API."""
        await self._source.close()

    # --- one item, and many by id --------------------------------------------------------------

    async def _get(self, key: Mapping[str, str]) -> Entity | None:
        try:
            path = self._path(self._resource.item_path, key)
            answer = await self._source.get_json(path, params=self._resource.fixed_parameters)
        except SourceNotFoundError:
            return None
        item = _at(answer, self._resource.item_at)
        if item is None:
            return None
        return self._to_entity(item, key, asked=key)

    async def _batch(self, ids: list[str]) -> list[Entity]:
        keys = [
            dict(zip(self._key, values, strict=True))
            for each in ids
            if (values := key_values(each, len(self._key))) is not None and all(values)
        ]
        resource = self._resource
        if (
            resource.batch_parameter is not None
            and not self._list_places
            and not resource.list_is_partial
            and len(keys) > 1
        ):
            pages = await _all(self._batch_call(chunk) for chunk in self._chunks(keys))
            return [entity for page in pages for entity in page]
        found = await _all(self._get_at_once(key) for key in keys)
        return [entity for entity in found if entity is not None]

    async def _get_at_once(self, key: Mapping[str, str]) -> Entity | None:
        async with self._calls:
            return await self._get(key)

    def _chunks(self, keys: list[dict[str, str]]) -> list[list[str]]:
        """Ids in as few calls as the API's page and the length of a URL allow."""
        most = min(self._resource.pages.max_limit or _IDS_PER_CALL, _IDS_PER_CALL)
        (key,) = self._key
        chunks: list[list[str]] = [[]]
        size = 0
        for each in keys:
            if chunks[-1] and (len(chunks[-1]) >= most or size + len(each[key]) > _IDS_BYTES):
                chunks.append([])
                size = 0
            chunks[-1].append(each[key])
            size += len(each[key]) + len(self._resource.batch_parameter or "") + 2
        return chunks

    async def _batch_call(self, ids: list[str]) -> list[Entity]:
        resource = self._resource
        separator = resource.batch_separator
        params: dict[str, Any] = {
            **resource.fixed_parameters,
            str(resource.batch_parameter): ids if separator is None else separator.join(ids),
        }
        async with self._calls:
            items = [
                item
                async for page in list_items(
                    self._source, str(resource.list_path), resource.pages, params,
                    items_at=resource.items_at, wanted=len(ids),
                )
                for item in page
            ]  # fmt: skip
        asked = set(ids)
        entities = [self._to_entity(item, {}) for item in items]
        return [entity for entity in entities if entity.id in asked]

    # --- the list ------------------------------------------------------------------------------

    def _ids_meant(self, wanted: Sequence[Condition]) -> list[str] | None:
        """The ids that a filter names, if it names the whole key and nothing else."""
        if {each.field for each in wanted} != set(self._key) or len(wanted) != len(self._key):
            return None
        if all(each.operator == "eq" for each in wanted):
            values = {each.field: each.value for each in wanted}
            return [entity_id([values[name] for name in self._key])]
        if len(wanted) == 1 and wanted[0].operator == "in":
            return list(dict.fromkeys(str(value) for value in wanted[0].value))
        return None

    async def _page(self, query: EntityQuery, wanted: Sequence[Condition]) -> list[Entity]:
        resource = self._resource
        if resource.list_path is None:
            raise FatalError(f"the source has no list of {self._entity}; ask for it by its key")
        if query.order:
            raise unsupported(self._entity, query.order[0].field)
        if query.limit == 0:
            return []
        places = self._places_given(wanted)
        params: dict[str, Any] = dict(resource.fixed_parameters)
        for each in wanted:
            if each.field in places and each.operator == "eq":
                continue
            parameter = self._parameter(each)
            value = self._reader.to_source(each.field, each.value)
            params[parameter] = list(map(_query_text, value)) if each.operator == "in" else (
                _query_text(value)
            )  # fmt: skip
        pages = list_items(
            self._source, self._path(resource.list_path, places), resource.pages, params,
            items_at=resource.items_at, wanted=query.limit, offset=query.offset,
        )  # fmt: skip
        entities = [self._to_entity(item, places) async for page in pages for item in page]
        if resource.list_is_partial:
            return await self._batch([entity.id for entity in entities])
        return entities

    def _places_given(self, wanted: Sequence[Condition]) -> dict[str, str]:
        given = {each.field: str(each.value) for each in wanted if each.operator == "eq"}
        missing = [place for place in self._list_places if place not in given]
        if missing:
            raise FatalError(
                f"the source lists {self._entity} only within one {' and one '.join(missing)}: "
                f"filter by equality on {' and '.join(missing)}"
            )
        return {place: given[place] for place in self._list_places}

    def _parameter(self, condition: Condition) -> str:
        for each in self._resource.filters:
            if each.field == condition.field and each.operator == condition.operator:
                return each.parameter
        raise unsupported(self._entity, condition.field, condition.operator)

    # --- shapes --------------------------------------------------------------------------------

    def _path(self, template: str, values: Mapping[str, str]) -> str:
        return _PLACE.sub(lambda place: path_segment(values[place.group(1)]), template)

    def _to_entity(
        self, item: Any, places: Mapping[str, str], *, asked: Mapping[str, str] | None = None
    ) -> Entity:
        if not isinstance(item, Mapping):
            raise SourceResponseError(
                f"{self._source.name} answered a {self._entity} that is no object"
            )
        data = self._reader.read(item, places)
        for name, value in (asked or {}).items():
            # Whoever asked for "GitHub" and got "github" must find what was asked for.
            data[name] = self._reader.convert(name, value)
        key = [data[name] for name in self._key]
        if any(value is None for value in key):
            raise SourceResponseError(
                f"{self._source.name} answered a {self._entity} without its key"
            )
        moment = _moment(data.get(self._resource.updated_at or ""))
        return Entity(
            self._entity,
            entity_id(key),
            data,
            version=int(moment.timestamp() * 1000) if moment is not None else 1,
            updated_at=moment,
        )


def _at(answer: Any, path: str | None) -> Any:
    for token in path.split(".") if path is not None else ():
        answer = answer.get(token) if isinstance(answer, Mapping) else None
    return answer


def _query_text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def _moment(text: object) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        return None
    return moment if moment is not None and moment.tzinfo is not None else None


async def _all(calls: Any) -> list[Any]:
    """Results of coroutines run side by side; the first error as itself, not in a group."""
    tasks = [asyncio.ensure_future(call) for call in calls]
    try:
        return list(await asyncio.gather(*tasks))
    except BaseException:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        raise
