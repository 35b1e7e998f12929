"""Customers from the CMS: its REST API in, canonical `Customer` entities out.

The CMS tells of changes by webhook; ids are its own numbers.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from datetime import datetime
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
    InvalidEventError,
    KitError,
    SourceResponseError,
)
from subgraph_kit.sources.rest import RestSource

SOURCE_SYSTEM = "directus"
COLLECTION = "items/customers"
MAX_IDS_PER_CALL = 500
"""So many ids fit into the URL of one call."""
PAGE_SIZE = 500

SCHEMA = EntitySchema(
    entity="Customer",
    version="1.0.0",
    description="Somebody who buys from us, as the CMS knows them.",
    fields=(
        EntityField("id", "id", required=True, indexed=True),
        EntityField("name", "string", required=True, pii=True),
        EntityField("email", "string", required=True, indexed=True, pii=True),
        EntityField("phone", "string", pii=True),
        EntityField("company", "string"),
        EntityField(
            "address",
            "object",
            pii=True,
            fields=(
                EntityField("street", "string", pii=True),
                EntityField("postalCode", "string", pii=True),
                EntityField("city", "string"),
                EntityField("country", "string", description="ISO 3166, two letters"),
            ),
        ),
        EntityField("createdAt", "timestamp", required=True),
        EntityField("updatedAt", "timestamp"),
    ),
)

_SOURCE_FIELDS = (
    "id", "first_name", "last_name", "email", "phone", "company", "street", "postal_code",
    "city", "country", "date_created", "date_updated",
)  # fmt: skip
_CANONICAL = {
    "first_name": "name", "last_name": "name", "email": "email", "phone": "phone",
    "company": "company", "street": "address", "postal_code": "address", "city": "address",
    "country": "address",
}  # fmt: skip
_FILTERABLE = {
    "id": "id", "email": "email", "phone": "phone", "company": "company",
    "address.city": "city", "address.country": "country", "address.postalCode": "postal_code",
    "createdAt": "date_created", "updatedAt": "date_updated",
}  # fmt: skip
_SORTABLE = {
    "id": "id", "email": "email", "company": "company", "name": "last_name",
    "createdAt": "date_created", "updatedAt": "date_updated",
}  # fmt: skip
_OPERATORS = {
    "eq": "_eq", "neq": "_neq", "in": "_in", "gt": "_gt", "gte": "_gte", "lt": "_lt",
    "lte": "_lte", "contains": "_contains", "starts_with": "_starts_with",
}  # fmt: skip
_CHANGES = {
    "items.create": ChangeType.CREATED,
    "items.update": ChangeType.UPDATED,
    "items.delete": ChangeType.DELETED,
}


class CustomerAdapter(DataProductAdapter):
    """Serves `Customer` from the CMS behind `source`."""

    max_batch_size = MAX_IDS_PER_CALL

    def __init__(self, source: RestSource) -> None:
        self._source = source
        self.data_product = DataProduct(
            domain="customers",
            source_system=SOURCE_SYSTEM,
            schema=SCHEMA,
            access=SourceAccess(
                base_url=source.base_url,
                path_template=f"/{COLLECTION}/{{id}}",
                auth_type="bearer",
            ),
            classification="confidential",
            retention_days=3650,
            lineage=(LineageEdge(SOURCE_SYSTEM, "customers-subgraph"),),
        )

    async def get_entity(self, entity_id: str) -> Entity:
        """One customer.

        The CMS answers a missing item like a forbidden one, so this asks the list, which tells
        the two apart.
        """
        found = await self.query_entities(EntityQuery(ids=(entity_id,)))
        if not found:
            raise EntityNotFoundError("Customer", entity_id)
        return found[0]

    async def query_entities(self, query: EntityQuery) -> Sequence[Entity]:
        """A batch by ids in one call (per `MAX_IDS_PER_CALL`), or a page of the list."""
        if query.ids is None:
            return await self._page(query)
        ids = [each for each in dict.fromkeys(query.ids) if _is_id(each)]
        entities: list[Entity] = []
        for start in range(0, len(ids), MAX_IDS_PER_CALL):
            chunk = ids[start : start + MAX_IDS_PER_CALL]
            entities += await self._ask({"id": {"_in": chunk}}, "id", len(chunk), 0)
        return entities

    async def update_email(self, entity_id: str, email: str) -> Entity:
        """Change a customer's e-mail address in the CMS; return the customer after it.

        Raises:
            EntityNotFoundError: if there is no such customer.
            SourceResponseError: if the CMS does not take the address.
        """
        if not _is_id(entity_id):
            raise EntityNotFoundError("Customer", entity_id)
        try:
            answer = await self._source.request(
                "PATCH", f"{COLLECTION}/{entity_id}", json={"email": email}
            )
        except SourceResponseError as error:
            if error.status == 403:
                raise EntityNotFoundError("Customer", entity_id) from error
            raise
        return _entity(_member(answer.data, "data"))

    async def health_check(self) -> HealthStatus:
        """Ask for one id."""
        started = time.perf_counter()
        try:
            await self._source.get_json(COLLECTION, params={"limit": 1, "fields": "id"})
        except KitError as error:
            return HealthStatus(HealthState.UNHEALTHY, str(error))
        return HealthStatus(
            HealthState.HEALTHY, latency_ms=round((time.perf_counter() - started) * 1000, 1)
        )

    def parse_webhook(self, body: bytes) -> Sequence[EntityChange]:
        """Read `{"event", "collection", "keys", "payload", "delivery", "timestamp"}`."""
        try:
            message = json.loads(body)
        except (ValueError, RecursionError):
            raise InvalidEventError("the webhook's body is not JSON") from None
        match message:
            case {"event": str() as event, "collection": "customers", "keys": [*keys]} if (
                event in _CHANGES
            ):
                ids = [str(key) for key in keys]
            case _:
                raise InvalidEventError("the webhook tells of no change of a customer")
        if not ids or not all(map(_is_id, ids)):
            raise InvalidEventError("the webhook's keys are no customers' ids")
        delivery, payload = message.get("delivery"), message.get("payload")
        names = list(payload) if isinstance(payload, dict) else []
        changed = dict.fromkeys(_CANONICAL[name] for name in names if name in _CANONICAL)
        return [
            EntityChange(
                type=_CHANGES[event],
                entity_type="Customer",
                entity_id=key,
                changed_fields=tuple(changed),
                occurred_at=_moment(message.get("timestamp")),
                change_id=f"{delivery}:{key}" if isinstance(delivery, str) else None,
            )
            for key in dict.fromkeys(ids)
        ]

    async def close(self) -> None:
        """Release the connections to the CMS."""
        await self._source.close()

    async def _page(self, query: EntityQuery) -> list[Entity]:
        filters, sort = _filters(query.filter), _sort(query)
        if query.limit is not None and query.limit <= PAGE_SIZE:
            return await self._ask(filters, sort, query.limit, query.offset)
        entities: list[Entity] = []
        while query.limit is None or len(entities) < query.limit:
            wanted = min(PAGE_SIZE, (query.limit or 2 * PAGE_SIZE * 10**6) - len(entities))
            page = await self._ask(filters, sort, wanted, query.offset + len(entities))
            entities += page
            if len(page) < wanted:
                break
        return entities

    async def _ask(
        self, filters: Mapping[str, Any], sort: str, limit: int, offset: int
    ) -> list[Entity]:
        params = {
            "fields": ",".join(_SOURCE_FIELDS),
            "filter": json.dumps(filters) if filters else None,
            "sort": sort,
            "limit": limit,
            "offset": offset or None,
        }
        answer = await self._source.get_json(COLLECTION, params=params)
        items = _member(answer, "data")
        if not isinstance(items, list):
            raise SourceResponseError("directus answered a list of another shape")
        return [_entity(item) for item in items]


def _is_id(text: str) -> bool:
    """Whether the CMS could have an item under this id; others are not asked for."""
    return text.isascii() and text.isdigit() and len(text) <= 15 and str(int(text)) == text


def _filters(filters: Mapping[str, Any]) -> dict[str, Any]:
    branches: list[dict[str, Any]] = []
    for field, operator, value in conditions("Customer", filters):
        if field == "name" and operator in ("eq", "contains", "starts_with"):
            branches.append(_name_filter(operator, str(value)))
        elif field in _FILTERABLE and operator in _OPERATORS:
            wanted = list(value) if operator == "in" else value
            branches.append({_FILTERABLE[field]: {_OPERATORS[operator]: wanted}})
        else:
            raise unsupported("Customer", field, operator)
    return {"_and": branches} if branches else {}


def _name_filter(operator: str, text: str) -> dict[str, Any]:
    """The CMS keeps first and last name apart."""
    if operator == "eq":
        splits = [text.split(" ")[:n] for n in range(1, text.count(" ") + 1)]
        pairs = [(" ".join(first), text[len(" ".join(first)) + 1 :]) for first in splits]
        return {"_or": [{"first_name": {"_eq": f}, "last_name": {"_eq": n}} for f, n in pairs]
                or [{"id": {"_in": []}}]}  # fmt: skip
    if operator == "starts_with":
        return {"first_name": {"_starts_with": text}}
    words = text.split() or [""]
    return {"_and": [
        {"_or": [{"first_name": {"_icontains": w}}, {"last_name": {"_icontains": w}}]}
        for w in words
    ]}  # fmt: skip


def _sort(query: EntityQuery) -> str:
    parts = []
    for order in query.order:
        if order.field not in _SORTABLE:
            raise unsupported("Customer", order.field)
        parts.append(("-" if order.descending else "") + _SORTABLE[order.field])
    return ",".join(parts) or "id"


def _entity(item: object) -> Entity:
    """One item of the CMS as a canonical customer.

    Raises:
        SourceResponseError: if it lacks what a customer must have.
    """
    try:
        if not isinstance(item, dict):
            raise TypeError
        updated = item.get("date_updated")
        entity_id = str(item["id"])
        data = {
            "id": entity_id,
            "name": " ".join(part for part in (item["first_name"], item["last_name"]) if part),
            "email": str(item["email"]),
            "phone": item.get("phone"),
            "company": item.get("company"),
            "address": {
                "street": item.get("street"),
                "postalCode": item.get("postal_code"),
                "city": item.get("city"),
                "country": item.get("country"),
            },
            "createdAt": str(item["date_created"]),
            "updatedAt": updated,
        }
    except (KeyError, TypeError) as error:
        raise SourceResponseError("directus answered a customer of another shape") from error
    moment = _moment(updated or data["createdAt"])
    return Entity(
        type="Customer",
        id=entity_id,
        data=data,
        version=int(moment.timestamp() * 1000) if moment else 1,
        updated_at=moment,
    )


def _member(answer: object, name: str) -> object:
    if not isinstance(answer, dict) or name not in answer:
        raise SourceResponseError("directus answered without its envelope")
    return answer[name]


def _moment(text: object) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        return None
    return moment if moment is not None and moment.tzinfo is not None else None
