"""What the shop's rows mean: canonical invoices, items and changes made of them."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from subgraph_kit.data_product import (
    ChangeType,
    Entity,
    EntityChange,
    EntityField,
    EntitySchema,
    Relationship,
)
from subgraph_kit.sources.canonical import canonical
from subgraph_kit.sources.sql import Row

MONEY = (
    EntityField("amount", "decimal", required=True),
    EntityField("currency", "string", required=True, description="ISO 4217, three letters"),
)
STATUSES = {"O": "OPEN", "B": "PAID", "M": "OVERDUE", "S": "CANCELLED"}

INVOICE_SCHEMA = EntitySchema(
    entity="Invoice",
    version="1.0.0",
    description="What a customer was asked to pay.",
    fields=(
        EntityField("id", "id", required=True, indexed=True),
        EntityField("invoiceNumber", "string", required=True, indexed=True),
        EntityField("status", "enum", required=True, enum_values=tuple(STATUSES.values())),
        EntityField("total", "object", required=True, fields=MONEY),
        EntityField("customerId", "id", required=True, indexed=True, references="Customer"),
        EntityField("createdAt", "timestamp", required=True),
        EntityField("updatedAt", "timestamp", required=True),
    ),
)
ITEM_SCHEMA = EntitySchema(
    entity="InvoiceItem",
    version="1.0.0",
    description="A line of an invoice.",
    fields=(
        EntityField("id", "id", required=True, indexed=True),
        EntityField("invoiceId", "id", required=True, indexed=True, references="Invoice"),
        EntityField("productId", "id", required=True, references="Product"),
        EntityField("position", "integer", required=True),
        EntityField("quantity", "integer", required=True),
        EntityField("unitPrice", "object", required=True, fields=MONEY),
        EntityField("total", "object", required=True, fields=MONEY),
    ),
)


def invoice_of(row: Row) -> Entity:
    """A row of `tbl_rechnung` as an `Invoice`."""
    data = {
        "id": str(row["rech_id"]),
        "invoiceNumber": row["rech_nr"],
        "status": STATUSES[row["status_kz"]],
        "total": _money(row["summe_cent"], row["waehrung"]),
        "customerId": row["kd_nr"],
        "createdAt": canonical(row["angelegt_am"]),
        "updatedAt": canonical(row["geaendert_am"]),
    }
    billed_to = Relationship(
        kind="billed_to",
        entity_type="Customer",
        entity_id=row["kd_nr"],
        source_system="directus",
        cardinality="many_to_one",
    )
    return Entity(
        type="Invoice",
        id=data["id"],
        data=data,
        version=int(row["geaendert_am"].timestamp() * 1000),
        updated_at=row["geaendert_am"],
        relationships=(billed_to,),
    )


def item_of(row: Row) -> Entity:
    """A row of `tbl_rechnung_pos` with its invoice's currency as an `InvoiceItem`."""
    data = {
        "id": str(row["pos_id"]),
        "invoiceId": str(row["rech_id"]),
        "productId": row["art_nr"],
        "position": row["pos_nr"],
        "quantity": row["menge"],
        "unitPrice": _money(row["einzel_cent"], row["waehrung"]),
        "total": _money(row["menge"] * row["einzel_cent"], row["waehrung"]),
    }
    product = Relationship(
        kind="contains_product",
        entity_type="Product",
        entity_id=row["art_nr"],
        source_system="thirdparty",
        cardinality="many_to_one",
    )
    return Entity(type="InvoiceItem", id=data["id"], data=data, relationships=(product,))


def change_of(row: Row) -> EntityChange:
    """A row that was changed as the change it tells of."""
    entity = invoice_of(row)
    gone = bool(row["geloescht_kz"])
    fresh = row["geaendert_am"] - row["angelegt_am"] < timedelta(seconds=1)
    kind = ChangeType.CREATED if fresh else ChangeType.UPDATED
    return EntityChange(
        type=ChangeType.DELETED if gone else kind,
        entity_type="Invoice",
        entity_id=entity.id,
        occurred_at=entity.updated_at,
        change_id=f"{entity.id}:{row['geaendert_am'].isoformat()}",
        entity=None if gone else entity,
    )


def _money(cents: int, currency: str) -> dict[str, str]:
    return {"amount": str(Decimal(cents).scaleb(-2)), "currency": currency}
