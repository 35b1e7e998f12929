"""What the invoices subgraph adds to the graph: invoices, their items, and a customer's invoices.

Customers and products belong to other subgraphs; here they are known by their keys alone. Whatever
the number of customers or invoices in a query, the shop is asked once for each of the two lists.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import Enum

import strawberry
from strawberry import Info
from strawberry.federation.schema_directives import Key
from strawberry.federation.types import FieldSet

from examples.context import author_adapter, registered_adapter
from examples.invoices.adapter import InvoiceAdapter, InvoiceItemAdapter
from examples.paging import DEFAULT_LIMIT, check_page
from subgraph_kit.data_product import Entity, EntityQuery
from subgraph_kit.schema.common import Money
from subgraph_kit.schema.convert import to_object
from subgraph_kit.schema.loaders import batch_loader, load_entity, request_loaders


@strawberry.enum(description="How far an invoice has come.")
class InvoiceStatus(Enum):
    """The status of an invoice."""

    OPEN = "OPEN"
    PAID = "PAID"
    OVERDUE = "OVERDUE"
    CANCELLED = "CANCELLED"


@strawberry.federation.type(keys=[Key(fields=FieldSet("id"), resolvable=False)])
class Product:
    """A product of the products subgraph."""

    id: strawberry.ID


@strawberry.type(description="A line of an invoice.")
class InvoiceItem:
    """So many of a product, at the price of that day."""

    product_id: strawberry.Private[str]
    quantity: int
    unit_price: Money
    total: Money

    @strawberry.field(description="Null where the product cannot be reached.")  # type: ignore[untyped-decorator]  # Strawberry types it as Any
    def product(self) -> Product | None:
        """The key is enough; the rest comes from the products subgraph."""
        return Product(id=strawberry.ID(self.product_id))

    @classmethod
    def from_entity(cls, entity: Entity) -> InvoiceItem:
        """Read a canonical item."""
        return cls(
            product_id=entity.data["productId"],
            quantity=entity.data["quantity"],
            unit_price=to_object(Money, entity.data["unitPrice"]),
            total=to_object(Money, entity.data["total"]),
        )


def _no_items() -> list[InvoiceItem]:
    return []


@batch_loader(missing=_no_items)
async def items_of(
    invoice_ids: Sequence[str], adapter: InvoiceItemAdapter
) -> Mapping[str, list[InvoiceItem]]:
    """The items of many invoices, by one statement."""
    found = await adapter.by_invoices(invoice_ids)
    return {key: list(map(InvoiceItem.from_entity, items)) for key, items in found.items()}


def _no_invoices() -> list[Invoice]:
    return []


@batch_loader(missing=_no_invoices)
async def invoices_of(
    customer_ids: Sequence[str], adapter: InvoiceAdapter, limit: int, offset: int
) -> Mapping[str, list[Invoice]]:
    """A page of the invoices of each of many customers, by one statement."""
    found = await adapter.by_customers(customer_ids, limit=limit, offset=offset)
    return {key: list(map(Invoice.from_entity, invoices)) for key, invoices in found.items()}


@strawberry.federation.type(keys=["id"])
class Customer:
    """A customer of the customers subgraph, and what they bought."""

    id: strawberry.ID

    @strawberry.field(description="The customer's invoices, newest first.")  # type: ignore[untyped-decorator]  # Strawberry types it as Any
    async def invoices(
        self, info: Info, limit: int = DEFAULT_LIMIT, offset: int = 0
    ) -> list[Invoice]:
        """Batched over all customers of the request."""
        check_page(limit, offset)
        adapter = author_adapter(info, "Invoice", InvoiceAdapter)
        return await invoices_of.load(info, str(self.id), adapter, limit, offset)


@strawberry.federation.type(keys=["id"], description="What a customer was asked to pay.")
class Invoice:
    """An invoice, as the shop has it."""

    customer_id: strawberry.Private[str]
    id: strawberry.ID
    invoice_number: str
    status: InvoiceStatus
    total: Money
    created_at: datetime

    @strawberry.field
    def customer(self) -> Customer:
        """The key is enough; the rest comes from the customers subgraph."""
        return Customer(id=strawberry.ID(self.customer_id))

    @strawberry.field
    async def items(self, info: Info) -> list[InvoiceItem]:
        """Batched over all invoices of the request."""
        adapter = author_adapter(info, "InvoiceItem", InvoiceItemAdapter)
        return await items_of.load(info, str(self.id), adapter)

    @classmethod
    def from_entity(cls, entity: Entity) -> Invoice:
        """Read a canonical invoice."""
        return cls(
            customer_id=entity.data["customerId"],
            id=strawberry.ID(entity.id),
            invoice_number=entity.data["invoiceNumber"],
            status=InvoiceStatus(entity.data["status"]),
            total=to_object(Money, entity.data["total"]),
            created_at=datetime.fromisoformat(entity.data["createdAt"]),
        )


@strawberry.input(description="All given conditions must hold.")
class InvoiceFilter:
    """Conditions on invoices."""

    customer_id: strawberry.ID | None = None
    invoice_number: str | None = None
    status: InvoiceStatus | None = None
    created_from: datetime | None = None
    created_before: datetime | None = None

    def conditions(self) -> dict[str, object]:
        """The filter in canonical field names."""
        created = {"gte": self.created_from, "lt": self.created_before}
        bounds = {operator: each for operator, each in created.items() if each is not None}
        given: dict[str, object | None] = {
            "customerId": self.customer_id,
            "invoiceNumber": self.invoice_number,
            "status": self.status.value if self.status else None,
            "createdAt": bounds or None,
        }
        return {field: value for field, value in given.items() if value is not None}


@strawberry.type
class Query:
    """Entry points."""

    @strawberry.field(description="One invoice, or null if there is none with this id.")  # type: ignore[untyped-decorator]  # Strawberry types it as Any
    async def invoice(self, info: Info, id: strawberry.ID) -> Invoice | None:
        """Load by id, batched with other asks of the same request."""
        adapter = registered_adapter(info, "Invoice")
        entity = await load_entity(request_loaders(info), adapter, id)
        return Invoice.from_entity(entity) if entity else None

    @strawberry.field(description="Invoices, newest first, a page at a time.")  # type: ignore[untyped-decorator]  # Strawberry types it as Any
    async def invoices(
        self,
        info: Info,
        filter: InvoiceFilter | None = None,
        limit: int = DEFAULT_LIMIT,
        offset: int = 0,
    ) -> list[Invoice]:
        """Ask the source for a page."""
        check_page(limit, offset)
        conditions = filter.conditions() if filter else {}
        query = EntityQuery(filter=conditions, limit=limit, offset=offset)
        found = await registered_adapter(info, "Invoice").query_entities(query)
        return [Invoice.from_entity(entity) for entity in found]
