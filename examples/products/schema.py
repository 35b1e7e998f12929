"""What the products subgraph adds to the graph: `Product`, found by id, SKU or filter."""

from __future__ import annotations

from datetime import datetime

import strawberry
from strawberry import Info

from examples.context import registered_adapter
from examples.paging import DEFAULT_LIMIT, check_page
from subgraph_kit.data_product import EntityQuery
from subgraph_kit.schema.common import Money
from subgraph_kit.schema.convert import to_object
from subgraph_kit.schema.loaders import load_entity, request_loaders


@strawberry.federation.type(keys=["id", "sku"], description="Something we sell.")
class Product:
    """A product, as the vendor's catalogue has it."""

    id: strawberry.ID
    sku: str
    name: str
    category: str | None
    price: Money
    inventory: int = strawberry.field(description="How many are in stock.")
    provider: str = strawberry.field(description="Who makes it.")
    updated_at: datetime


@strawberry.input(description="All given conditions must hold.")
class ProductFilter:
    """Conditions on products."""

    skus: list[str] | None = None
    name_contains: str | None = None
    category: str | None = None
    provider: str | None = None

    def conditions(self) -> dict[str, object]:
        """The filter in canonical field names."""
        given: dict[str, object | None] = {
            "sku": None if self.skus is None else {"in": self.skus},
            "name": None if self.name_contains is None else {"contains": self.name_contains},
            "category": self.category,
            "provider": self.provider,
        }
        return {field: value for field, value in given.items() if value is not None}


@strawberry.type
class Query:
    """Entry points."""

    @strawberry.field(description="One product, or null if there is none with this id.")  # type: ignore[untyped-decorator]  # Strawberry types it as Any
    async def product(self, info: Info, id: strawberry.ID) -> Product | None:
        """Load by id, batched with other asks of the same request."""
        adapter = registered_adapter(info, "Product")
        entity = await load_entity(request_loaders(info), adapter, id)
        return to_object(Product, entity.data) if entity else None

    @strawberry.field(description="Products by SKU, a page at a time.")  # type: ignore[untyped-decorator]  # Strawberry types it as Any
    async def products(
        self,
        info: Info,
        filter: ProductFilter | None = None,
        limit: int = DEFAULT_LIMIT,
        offset: int = 0,
    ) -> list[Product]:
        """Ask the source for a page."""
        check_page(limit, offset)
        conditions = filter.conditions() if filter else {}
        query = EntityQuery(filter=conditions, limit=limit, offset=offset)
        found = await registered_adapter(info, "Product").query_entities(query)
        return [to_object(Product, entity.data) for entity in found]
