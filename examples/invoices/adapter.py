"""Invoices and their items from the shop's database, by SQL that reads and never writes.

The shop tells nobody of its changes: they are found by asking for what was changed since.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from examples.filters import conditions, unsupported
from examples.invoices.rows import (
    INVOICE_SCHEMA,
    ITEM_SCHEMA,
    STATUSES,
    change_of,
    invoice_of,
    item_of,
)
from subgraph_kit.adapter import DataProductAdapter
from subgraph_kit.data_product import (
    DataProduct,
    Entity,
    EntityChange,
    EntityQuery,
    HealthState,
    HealthStatus,
    LineageEdge,
    SourceAccess,
)
from subgraph_kit.errors import EntityNotFoundError, KitError
from subgraph_kit.sources.sql import Row, SqlSource, rows_by_key

SOURCE_SYSTEM = "ecommerce"
MAX_LIST = 1_000
POLL_BATCH = 500
POLL_OVERLAP = timedelta(seconds=10)
"""A transaction may become visible later than one that began after it; we look back this far."""

_STATUS_CODES = {status: code for code, status in STATUSES.items()}
_INVOICE_COLUMNS = (
    "r.rech_id, r.rech_nr, r.kd_nr, r.status_kz, r.summe_cent, r.waehrung, r.angelegt_am,"
    " r.geaendert_am"
)
_INVOICES = f"SELECT {_INVOICE_COLUMNS} FROM tbl_rechnung r WHERE NOT r.geloescht_kz"  # noqa: S608 - constants
_ITEMS = """
SELECT p.pos_id, p.rech_id, p.pos_nr, p.art_nr, p.menge, p.einzel_cent, r.waehrung
  FROM tbl_rechnung_pos p JOIN tbl_rechnung r USING (rech_id)
 WHERE NOT r.geloescht_kz"""
_BY_CUSTOMERS = f"""
SELECT {_INVOICE_COLUMNS}
  FROM unnest(CAST(:customers AS text[])) WITH ORDINALITY AS k (kd_nr, platz)
 CROSS JOIN LATERAL (
   SELECT * FROM tbl_rechnung t
    WHERE t.kd_nr = k.kd_nr AND NOT t.geloescht_kz
    ORDER BY t.angelegt_am DESC, t.rech_id DESC LIMIT :limit OFFSET :offset
 ) AS r
 ORDER BY k.platz, r.angelegt_am DESC, r.rech_id DESC"""  # noqa: S608 - constants
_CHANGES = f"""
SELECT {_INVOICE_COLUMNS}, r.geloescht_kz
  FROM tbl_rechnung r
 WHERE (r.geaendert_am, r.rech_id) > (:since, :after)
 ORDER BY r.geaendert_am, r.rech_id LIMIT {POLL_BATCH}"""  # noqa: S608 - constants
_FILTERABLE = {
    "id": "r.rech_id", "invoiceNumber": "r.rech_nr", "status": "r.status_kz",
    "customerId": "r.kd_nr", "createdAt": "r.angelegt_am", "updatedAt": "r.geaendert_am",
}  # fmt: skip
_ITEM_FILTERABLE = {"id": "p.pos_id", "invoiceId": "p.rech_id", "productId": "p.art_nr"}
_COMPARISONS = {"eq": "=", "neq": "<>", "gt": ">", "gte": ">=", "lt": "<", "lte": "<="}


class InvoiceAdapter(DataProductAdapter):
    """Serves `Invoice` from the shop; looks for changes all `poll_seconds`."""

    supports_polling = True

    def __init__(
        self,
        source: SqlSource,
        *,
        poll_seconds: float = 2.0,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._source = source
        self._poll_seconds = poll_seconds
        self._now = now
        self._sleep = sleep
        self.data_product = DataProduct(
            domain="invoices",
            source_system=SOURCE_SYSTEM,
            schema=INVOICE_SCHEMA,
            access=_access("tbl_rechnung", "rech_id"),
            classification="confidential",
            retention_days=3650,
            lineage=(LineageEdge(SOURCE_SYSTEM, "invoices-subgraph"),),
        )

    async def get_entity(self, entity_id: str) -> Entity:
        """One invoice."""
        found = await self.query_entities(EntityQuery(ids=(entity_id,)))
        if not found:
            raise EntityNotFoundError("Invoice", entity_id)
        return found[0]

    async def query_entities(self, query: EntityQuery) -> Sequence[Entity]:
        """A batch by ids in one statement, or a page of the list, newest first by default."""
        rows = await _select(
            self._source, query, entity="Invoice", select=_INVOICES, columns=_FILTERABLE,
            default_order="r.angelegt_am DESC, r.rech_id DESC",
        )  # fmt: skip
        return [invoice_of(row) for row in rows]

    async def by_customers(
        self, customer_ids: Sequence[str], *, limit: int, offset: int = 0
    ) -> dict[str, list[Entity]]:
        """The invoices of many customers in one statement, newest first, a page of each."""
        params = {"customers": list(customer_ids), "limit": limit, "offset": offset}
        rows = await self._source.fetch_all(_BY_CUSTOMERS, params, name="invoices_by_customer")
        return {key: [invoice_of(row) for row in own] for key, own in _grouped(rows, "kd_nr")}

    async def health_check(self) -> HealthStatus:
        """Ask the database for nothing."""
        return await _health(self._source)

    async def stream_changes(self, cursor: str | None) -> AsyncIterator[tuple[EntityChange, str]]:
        """Yield what the shop changed since the cursor.

        Each look goes back `POLL_OVERLAP`, and what was yielded in that time is remembered.
        """
        position = _read_cursor(cursor)
        earliest = None if position else self._now()
        position = position or self._now()
        yielded: dict[str, datetime] = {}
        while True:
            since, after = position - POLL_OVERLAP, 0
            while True:
                params = {"since": since, "after": after}
                rows = await self._source.fetch_all(_CHANGES, params, name="invoice_changes")
                for row in rows:
                    changed, key = row["geaendert_am"], f"{row['rech_id']}:{row['geaendert_am']}"
                    since, after = changed, row["rech_id"]
                    if key in yielded or (earliest and changed < earliest):
                        continue
                    yielded[key] = changed
                    position = max(position, changed)
                    yield change_of(row), json.dumps(position.isoformat())
                if len(rows) < POLL_BATCH:
                    break
            oldest = position - 2 * POLL_OVERLAP
            yielded = {key: moment for key, moment in yielded.items() if moment >= oldest}
            await self._sleep(self._poll_seconds)

    async def close(self) -> None:
        """Release the connections to the shop."""
        await self._source.close()


class InvoiceItemAdapter(DataProductAdapter):
    """Serves `InvoiceItem` from the shop."""

    def __init__(self, source: SqlSource) -> None:
        self._source = source
        self.data_product = DataProduct(
            domain="invoices",
            source_system=SOURCE_SYSTEM,
            schema=ITEM_SCHEMA,
            access=_access("tbl_rechnung_pos", "pos_id"),
            classification="internal",
            retention_days=3650,
            lineage=(LineageEdge(SOURCE_SYSTEM, "invoices-subgraph"),),
        )

    async def get_entity(self, entity_id: str) -> Entity:
        """One item."""
        found = await self.query_entities(EntityQuery(ids=(entity_id,)))
        if not found:
            raise EntityNotFoundError("InvoiceItem", entity_id)
        return found[0]

    async def query_entities(self, query: EntityQuery) -> Sequence[Entity]:
        """A batch by ids in one statement, or a page of the list, by invoice and position."""
        rows = await _select(
            self._source, query, entity="InvoiceItem", select=_ITEMS, columns=_ITEM_FILTERABLE,
            default_order="p.rech_id, p.pos_nr",
        )  # fmt: skip
        return [item_of(row) for row in rows]

    async def by_invoices(self, invoice_ids: Sequence[str]) -> dict[str, list[Entity]]:
        """The items of many invoices in one statement, by position."""
        ids = [int(each) for each in invoice_ids if _is_id(each)]
        if not ids:
            return {}
        sql = f"{_ITEMS} AND p.rech_id = ANY(:ids) ORDER BY p.rech_id, p.pos_nr"
        rows = await self._source.fetch_all(sql, {"ids": ids}, name="items_by_invoice")
        return {key: [item_of(row) for row in own] for key, own in _grouped(rows, "rech_id")}

    async def health_check(self) -> HealthStatus:
        """Ask the database for nothing."""
        return await _health(self._source)


async def _select(
    source: SqlSource,
    query: EntityQuery,
    *,
    entity: str,
    select: str,
    columns: Mapping[str, str],
    default_order: str,
) -> list[Row]:
    key = columns["id"]
    if query.ids is not None:
        ids = [int(each) for each in dict.fromkeys(query.ids) if _is_id(each)]
        if not ids:
            return []
        return await source.fetch_all(
            f"{select} AND {key} = ANY(:ids)", {"ids": ids}, name=f"{entity}_by_id"
        )
    sql, params = [select], {}
    for number, (field, operator, value) in enumerate(conditions(entity, query.filter)):
        condition, bound = _condition(entity, columns, field, operator, value, f"v{number}")
        sql.append(f"AND {condition}")
        if bound is not _NOTHING:
            params[f"v{number}"] = bound
    sql.append(f"ORDER BY {_order(entity, query, columns, default_order)}")
    if query.limit is not None:
        sql.append("LIMIT :limit")
        params["limit"] = query.limit
    sql.append("OFFSET :offset")
    params["offset"] = query.offset
    return await source.fetch_all(" ".join(sql), params, name=f"{entity}_list")


_NOTHING = object()


def _condition(
    entity: str, columns: Mapping[str, str], field: str, operator: str, value: Any, name: str
) -> tuple[str, Any]:
    column = columns.get(field)
    if column is None:
        raise unsupported(entity, field, operator)
    values = [_value(field, each) for each in (value if operator == "in" else [value])]
    values = [each for each in values if each is not None]
    if operator == "in":
        return f"{column} = ANY(:{name})", values
    if not values:  # such a value stands nowhere in the column
        return ("true" if operator == "neq" else "false"), _NOTHING
    if operator in _COMPARISONS:
        return f"{column} {_COMPARISONS[operator]} :{name}", values[0]
    if operator in ("contains", "starts_with") and field == "invoiceNumber":
        test = "> 0" if operator == "contains" else "= 1"
        return f"strpos({column}, :{name}) {test}", values[0]
    raise unsupported(entity, field, operator)


def _value(field: str, value: Any) -> Any:
    """A canonical value as the shop stores it; None where it cannot have it."""
    if field in ("id", "invoiceId"):
        return int(value) if _is_id(str(value)) else None
    if field == "status":
        return _STATUS_CODES.get(str(value))
    if field in ("createdAt", "updatedAt"):
        try:
            moment = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
        except ValueError:
            return None
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return str(value)


def _order(entity: str, query: EntityQuery, columns: Mapping[str, str], default: str) -> str:
    parts = []
    for order in query.order:
        if order.field not in columns:
            raise unsupported(entity, order.field)
        parts.append(f"{columns[order.field]} {'DESC' if order.descending else 'ASC'}")
    return ", ".join([*parts, columns["id"]]) if parts else default


def _grouped(rows: Sequence[Row], column: str) -> list[tuple[str, list[Row]]]:
    return list(rows_by_key(rows, column).items())


async def _health(source: SqlSource) -> HealthStatus:
    started = time.perf_counter()
    try:
        await source.ping()
    except KitError as error:
        return HealthStatus(HealthState.UNHEALTHY, str(error))
    return HealthStatus(
        HealthState.HEALTHY, latency_ms=round((time.perf_counter() - started) * 1000, 1)
    )


def _access(table: str, key: str) -> SourceAccess:
    """Where the catalog says the rows are; a database has no address that carries no secret."""
    return SourceAccess(
        base_url="postgresql://shop", path_template=f"/{table}?{key}={{id}}", method="SELECT"
    )


def _is_id(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 18


def _read_cursor(cursor: str | None) -> datetime | None:
    """A cursor that cannot be read counts as none: going on beats standing still."""
    try:
        text = json.loads(cursor or "null")
        moment = datetime.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        return None
    return moment if moment is not None and moment.tzinfo is not None else None
