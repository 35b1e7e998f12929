"""Products from the vendor's catalogue API: its articles in, canonical `Product` entities out.

The vendor has no webhooks: changes are found by asking for what was updated since.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from examples.filters import conditions, unsupported
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
    LineageEdge,
    SourceAccess,
)
from subgraph_kit.errors import (
    EntityNotFoundError,
    KitError,
    SourceNotFoundError,
    SourceResponseError,
)
from subgraph_kit.sources.pagination import cursor_pages
from subgraph_kit.sources.rest import RestSource, path_segment

SOURCE_SYSTEM = "thirdparty"
ARTICLES = "articles"
MAX_IDS_PER_CALL = 100
PAGE_SIZE = 100
"""Both are the vendor's limits."""

MONEY = (
    EntityField("amount", "decimal", required=True),
    EntityField("currency", "string", required=True, description="ISO 4217, three letters"),
)
SCHEMA = EntitySchema(
    entity="Product",
    version="1.0.0",
    description="Something we sell, as the vendor's catalogue has it.",
    fields=(
        EntityField("id", "id", required=True, indexed=True),
        EntityField("sku", "string", required=True, indexed=True),
        EntityField("name", "string", required=True),
        EntityField("category", "string", indexed=True),
        EntityField("price", "object", required=True, fields=MONEY),
        EntityField("inventory", "integer", required=True, description="How many are in stock"),
        EntityField("provider", "string", required=True, indexed=True, description="Who makes it"),
        EntityField("updatedAt", "timestamp", required=True),
    ),
)

_PARAMETERS = {
    ("id", "in"): "ids",
    ("id", "eq"): "ids",
    ("sku", "in"): "articleNumbers",
    ("sku", "eq"): "articleNumbers",
    ("category", "eq"): "category",
    ("provider", "eq"): "manufacturer",
    ("name", "contains"): "labelContains",
}


class ProductAdapter(DataProductAdapter):
    """Serves `Product` from the vendor behind `source`; looks for changes all `poll_seconds`."""

    supports_polling = True
    max_batch_size = MAX_IDS_PER_CALL

    def __init__(
        self,
        source: RestSource,
        *,
        poll_seconds: float = 2.0,
        now: Callable[[], float] = time.time,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._source = source
        self._poll_seconds = poll_seconds
        self._now = now
        self._sleep = sleep
        self.data_product = DataProduct(
            domain="products",
            source_system=SOURCE_SYSTEM,
            schema=SCHEMA,
            access=SourceAccess(
                base_url=source.base_url,
                path_template=f"/{ARTICLES}/{{id}}",
                auth_type="api_key",
            ),
            classification="public",
            lineage=(LineageEdge(SOURCE_SYSTEM, "products-subgraph"),),
        )

    async def get_entity(self, entity_id: str) -> Entity:
        """One product."""
        try:
            answer = await self._source.get(f"{ARTICLES}/{path_segment(entity_id)}")
        except SourceNotFoundError as error:
            raise EntityNotFoundError("Product", entity_id) from error
        return _entity(_member(answer.data, "article"), etag=answer.etag)

    async def query_entities(self, query: EntityQuery) -> Sequence[Entity]:
        """A batch by ids in one call (per `MAX_IDS_PER_CALL`), or a page of the list.

        The vendor's pages have cursors: an offset is reached by reading the pages before it.
        """
        if query.ids is not None:
            return await self._batch("ids", query.ids)
        if query.order:
            raise unsupported("Product", query.order[0].field)
        params = _parameters(query.filter)
        for parameter in ("ids", "articleNumbers"):
            if parameter in params:
                values = params.pop(parameter)
                rest = {k: ",".join(v) if isinstance(v, tuple) else v for k, v in params.items()}
                found = await self._batch(parameter, values, rest)
                return found[query.offset :][: query.limit]
        wanted = None if query.limit is None else query.offset + query.limit
        page_size = PAGE_SIZE if wanted is None else max(1, min(PAGE_SIZE, wanted))
        entities: list[Entity] = []
        if wanted == 0:
            return entities
        async for page in self._pages({**params, "pageSize": page_size}):
            entities += map(_entity, page)
            if wanted is not None and len(entities) >= wanted:
                break
        return entities[query.offset : wanted]

    async def health_check(self) -> HealthStatus:
        """Ask for one article."""
        started = time.perf_counter()
        try:
            await self._source.get_json(ARTICLES, params={"pageSize": 1})
        except KitError as error:
            return HealthStatus(HealthState.UNHEALTHY, str(error))
        return HealthStatus(
            HealthState.HEALTHY, latency_ms=round((time.perf_counter() - started) * 1000, 1)
        )

    async def stream_changes(self, cursor: str | None) -> AsyncIterator[tuple[EntityChange, str]]:
        """Yield what the vendor modified since the cursor, a time and the articles of that time."""
        since, seen = _read_cursor(cursor) or (int(self._now() * 1000), frozenset())
        while True:
            params = {"updatedSince": since, "pageSize": PAGE_SIZE}
            async for page in self._pages(params):
                for article in page:
                    entity = _entity(article)
                    modified = entity.version
                    if modified == since and entity.id in seen:
                        continue
                    seen = seen | {entity.id} if modified == since else frozenset({entity.id})
                    since = modified
                    yield _change(article, entity), _write_cursor(since, seen)
            await self._sleep(self._poll_seconds)

    async def close(self) -> None:
        """Release the connections to the vendor."""
        await self._source.close()

    async def _batch(
        self, parameter: str, values: Sequence[str], params: Mapping[str, str] | None = None
    ) -> list[Entity]:
        wanted = [each for each in dict.fromkeys(values) if each and "," not in each]
        entities: list[Entity] = []
        for start in range(0, len(wanted), MAX_IDS_PER_CALL):
            chunk = wanted[start : start + MAX_IDS_PER_CALL]
            answer = await self._source.get_json(
                ARTICLES,
                params={**(params or {}), parameter: ",".join(chunk), "pageSize": len(chunk)},
            )
            articles = _member(answer, "articles")
            if not isinstance(articles, list):
                raise SourceResponseError("thirdparty answered a list of another shape")
            entities += map(_entity, articles)
        return entities

    def _pages(self, params: Mapping[str, str | int]) -> AsyncIterator[Sequence[Any]]:
        return cursor_pages(
            self._source,
            ARTICLES,
            items=lambda page: page["articles"],
            next_cursor=lambda page: page["paging"]["nextCursor"],
            params=dict(params),
        )


def _parameters(filters: Mapping[str, Any]) -> dict[str, Any]:
    params: dict[str, Any] = {}
    for field, operator, value in conditions("Product", filters):
        parameter = _PARAMETERS.get((field, operator))
        if parameter is None or parameter in params:
            raise unsupported("Product", field, operator)
        if field in ("id", "sku"):
            params[parameter] = tuple(value) if operator == "in" else (str(value),)
        else:
            params[parameter] = str(value)
    return params


def _entity(article: object, etag: str | None = None) -> Entity:
    """One article as a canonical product.

    Raises:
        SourceResponseError: if it lacks what a product must have.
    """
    try:
        if not isinstance(article, dict):
            raise TypeError
        modified = int(article["modifiedAt"])
        moment = datetime.fromtimestamp(modified / 1000, UTC)
        price = article["grossPrice"]
        data = {
            "id": str(article["articleId"]),
            "sku": str(article["articleNumber"]),
            "name": str(article["label"]),
            "category": article.get("category"),
            "price": {
                "amount": str(Decimal(int(price["amountMinor"])).scaleb(-2)),
                "currency": str(price["currencyCode"]),
            },
            "inventory": int(article["stockLevel"]),
            "provider": str(article["manufacturer"]),
            "updatedAt": moment.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        }
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise SourceResponseError("thirdparty answered an article of another shape") from error
    return Entity(
        type="Product", id=str(data["id"]), data=data, version=modified, etag=etag,
        updated_at=moment,
    )  # fmt: skip


def _change(article: Mapping[str, Any], entity: Entity) -> EntityChange:
    gone = article.get("lifecycle") == "DISCONTINUED"
    return EntityChange(
        type=ChangeType.DELETED if gone else ChangeType.UPDATED,
        entity_type="Product",
        entity_id=entity.id,
        occurred_at=entity.updated_at,
        change_id=f"{entity.id}:{entity.version}",
        entity=None if gone else entity,
    )


def _read_cursor(cursor: str | None) -> tuple[int, frozenset[str]] | None:
    """A cursor that cannot be read counts as none: going on beats standing still."""
    try:
        position = json.loads(cursor or "null")
    except ValueError:
        return None
    match position:
        case [int() as since, [*seen]]:
            return since, frozenset(map(str, seen))
        case _:
            return None


def _write_cursor(since: int, seen: frozenset[str]) -> str:
    return json.dumps([since, sorted(seen)])


def _member(answer: object, name: str) -> Any:
    if not isinstance(answer, dict) or name not in answer:
        raise SourceResponseError("thirdparty answered without its envelope")
    return answer[name]
