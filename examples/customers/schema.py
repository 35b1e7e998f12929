"""What the customers subgraph adds to the graph: `Customer`, found by id or by filter."""

from __future__ import annotations

import re
from datetime import datetime

import strawberry
from graphql import GraphQLError
from strawberry import Info

from examples.context import author_adapter, registered_adapter
from examples.customers.adapter import CustomerAdapter
from examples.paging import DEFAULT_LIMIT, check_page
from subgraph_kit.data_product import EntityQuery
from subgraph_kit.schema.convert import to_object
from subgraph_kit.schema.loaders import load_entity, request_loaders

_EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s]{1,255}")


@strawberry.type(description="Where a customer lives or works.")
class Address:
    """A postal address."""

    street: str | None
    postal_code: str | None
    city: str | None
    country: str | None = strawberry.field(description="ISO 3166, two letters.")


@strawberry.federation.type(keys=["id"], description="Somebody who buys from us.")
class Customer:
    """A customer, as the CMS has them."""

    id: strawberry.ID
    name: str
    email: str
    phone: str | None
    company: str | None
    address: Address | None
    created_at: datetime
    updated_at: datetime | None


@strawberry.input(description="All given conditions must hold.")
class CustomerFilter:
    """Conditions on customers."""

    email: str | None = None
    name_contains: str | None = None
    company: str | None = None
    city: str | None = None
    country: str | None = None

    def conditions(self) -> dict[str, object]:
        """The filter in canonical field names."""
        given: dict[str, object | None] = {
            "email": self.email,
            "name": None if self.name_contains is None else {"contains": self.name_contains},
            "company": self.company,
            "address.city": self.city,
            "address.country": self.country,
        }
        return {field: value for field, value in given.items() if value is not None}


@strawberry.type
class Query:
    """Entry points."""

    @strawberry.field(description="One customer, or null if there is none with this id.")  # type: ignore[untyped-decorator]  # Strawberry types it as Any
    async def customer(self, info: Info, id: strawberry.ID) -> Customer | None:
        """Load by id, batched with other asks of the same request."""
        adapter = registered_adapter(info, "Customer")
        entity = await load_entity(request_loaders(info), adapter, id)
        return to_object(Customer, entity.data) if entity else None

    @strawberry.field(description="Customers by id, a page at a time.")  # type: ignore[untyped-decorator]  # Strawberry types it as Any
    async def customers(
        self,
        info: Info,
        filter: CustomerFilter | None = None,
        limit: int = DEFAULT_LIMIT,
        offset: int = 0,
    ) -> list[Customer]:
        """Ask the source for a page."""
        check_page(limit, offset)
        conditions = filter.conditions() if filter else {}
        query = EntityQuery(filter=conditions, limit=limit, offset=offset)
        found = await registered_adapter(info, "Customer").query_entities(query)
        return [to_object(Customer, entity.data) for entity in found]


@strawberry.type
class Mutation:
    """Changes that are made in the CMS."""

    @strawberry.mutation(description="Change a customer's e-mail address where it is kept.")  # type: ignore[untyped-decorator]  # Strawberry types it as Any
    async def update_customer_email(self, info: Info, id: strawberry.ID, email: str) -> Customer:
        """Write to the CMS; what was cached of the customer is dropped at once."""
        if not _EMAIL.fullmatch(email):
            raise GraphQLError(
                "email must be an e-mail address", extensions={"code": "BAD_USER_INPUT"}
            )
        entity = await author_adapter(info, "Customer", CustomerAdapter).update_email(id, email)
        await registered_adapter(info, "Customer").invalidate([id])
        return to_object(Customer, entity.data)
