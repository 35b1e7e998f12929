"""A graph shaped like the demo's, with subgraphs that answer from memory without computing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from gateway.transport.answer import read_body
from gateway.transport.base import JsonObject, SubgraphRequest, SubgraphResponse

encode = msgspec.json.Encoder().encode
INVOICES = 10
ITEMS = 5
CHAIN = 3
"""Calls of the query that wait for each other."""

QUERY = """
query CustomerWithInvoices($id: ID!) {
  customer(id: $id) {
    name
    email
    invoices { number total items { quantity product { name price } } }
  }
}
"""
SMALL_QUERY = "query Customer($id: ID!) { customer(id: $id) { id name email } }"

SUBGRAPHS = {
    "customers": """
        type Query { customer(id: ID!): Customer }
        type Customer @key(fields: "id") { id: ID! name: String! email: String! }
    """,
    "invoices": """
        type Customer @key(fields: "id") { id: ID! invoices: [Invoice!]! }
        type Invoice @key(fields: "id") {
          id: ID! number: String! total: Float! items: [Item!]!
        }
        type Item { quantity: Int! product: Product }
        type Product @key(fields: "id", resolvable: false) { id: ID! }
    """,
    "products": """
        type Product @key(fields: "id") { id: ID! name: String! price: Float! }
    """,
}


class AnsweringFromMemory:
    """Subgraphs that know one customer, whatever is asked."""

    def __init__(self) -> None:
        self._invoices: list[JsonObject] = [
            {
                "number": f"2026-{number:04}",
                "total": 19.99 * (number + 1),
                "items": [
                    {
                        "quantity": 1 + item,
                        "product": {"__typename": "Product", "id": str(number * ITEMS + item)},
                    }
                    for item in range(ITEMS)
                ],
            }
            for number in range(INVOICES)
        ]

    async def execute(self, request: SubgraphRequest) -> SubgraphResponse:
        """Answer like the subgraph would; the executor owns the answer, so it is made anew."""
        return SubgraphResponse(self.data(request.subgraph, request.variables))

    def data(self, subgraph: str, variables: Mapping[str, Any]) -> JsonObject:
        """What a subgraph answers."""
        if subgraph == "customers":
            customer = {"__typename": "Customer", "id": "1", "name": "Ada", "email": "a@b.example"}
            return {"customer": customer}
        if subgraph == "invoices":
            invoices = [
                {
                    **invoice,
                    "items": [
                        {**item, "product": dict(item["product"])} for item in invoice["items"]
                    ],
                }
                for invoice in self._invoices
            ]
            return {"_entities": [{"invoices": invoices}]}
        representations = variables["representations"]
        return {"_entities": [{"name": "Widget", "price": 1.5} for _ in representations]}

    async def close(self) -> None:
        """Nothing to release."""


class AnsweringBytes:
    """The same subgraphs, with each answer as the bytes that come from the network."""

    def __init__(self, inner: AnsweringFromMemory) -> None:
        self._inner = inner
        self._bodies: dict[str, bytes] = {}

    async def execute(self, request: SubgraphRequest) -> SubgraphResponse:
        """Answer bytes, decoded unless the asker does that itself."""
        body = self._bodies.get(request.subgraph)
        if body is None:
            response = await self._inner.execute(request)
            body = self._bodies[request.subgraph] = encode({"data": response.data})
        if request.undecoded:
            return SubgraphResponse(None, body=body, is_decoded=False)
        return read_body(request.subgraph, body)

    async def close(self) -> None:
        """Nothing to release."""
