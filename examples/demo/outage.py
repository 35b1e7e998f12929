"""Last stop: a source is lost, and the same query answers with what is left."""

from __future__ import annotations

from typing import Any

from examples.demo.check import Checks
from examples.demo.client import GraphQLClient
from examples.demo.question import CUSTOMER_ID, QUERY, items_of
from examples.demo.screen import Screen
from examples.mesh import Mesh

_BOUGHT = """
query Bought($id: ID!) {
  customer(id: $id) { invoices(limit: 2) { items { product { id } } } }
}
"""
CANDIDATES = range(2, 60)
SHOWN_ERRORS = 2


async def show_outage(mesh: Mesh, client: GraphQLClient, screen: Screen, checks: Checks) -> None:
    """Kill the product source and ask again."""
    screen.heading("The vendor's product API goes away")
    known = await _bought(client, CUSTOMER_ID)
    stranger = await _customer_with_other_products(client, known)
    await mesh.supervisor.kill("vendor")
    screen.say("Killed the vendor's process.")

    answer = await client.ask(QUERY, {"id": CUSTOMER_ID})
    checks.that(
        "errors" not in answer and all(item["product"] for item in items_of(answer)),
        f"customer {CUSTOMER_ID} is answered whole: these products are cached",
    )
    screen.say(f"The same query for customer {stranger}, of whose products none is cached:")
    answer = await client.ask(QUERY, {"id": stranger})
    shown = {**answer, "errors": answer["errors"][:SHOWN_ERRORS]} if "errors" in answer else answer
    screen.json(shown)
    if (more := len(answer.get("errors") or ()) - SHOWN_ERRORS) > 0:
        screen.say(f"  ... and {more} more errors like these, one for each product")
    _check_what_is_left(answer, checks)


def _check_what_is_left(answer: dict[str, Any], checks: Checks) -> None:
    customer = (answer.get("data") or {}).get("customer") or {}
    items = items_of(answer)
    checks.that(
        bool(customer.get("name")) and bool(customer.get("invoices")) and bool(items),
        "customer, invoices and items are answered",
    )
    checks.that(bool(items) and all(item["product"] is None for item in items), "products are null")
    errors = answer.get("errors") or []
    named = [
        error
        for error in errors
        if error.get("path", [])[:1] == ["customer"]
        and error["path"][-1:] == ["product"]
        and error.get("extensions", {}).get("code")
        and error.get("extensions", {}).get("service") == "products"
    ]
    checks.that(
        bool(errors) and len(named) == len(errors),
        "each error names path, code and subgraph",
        f"{len(named)} of {len(errors)} do",
    )


async def _bought(client: GraphQLClient, customer_id: str) -> set[str]:
    """The ids of the products, which the invoices know; no product is loaded for this."""
    items = items_of(await client.ask(_BOUGHT, {"id": customer_id}))
    return {item["product"]["id"] for item in items if item["product"]}


async def _customer_with_other_products(client: GraphQLClient, known: set[str]) -> str:
    for candidate in map(str, CANDIDATES):
        bought = await _bought(client, candidate)
        if bought and not bought & known:
            return candidate
    raise LookupError("no customer bought anything else")
