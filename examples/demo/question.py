"""Second stop: one query over three sources, its plan, its answer, and what it cost each source."""

from __future__ import annotations

import asyncio
import time
from typing import Any

from examples.demo.calls import CallCounter
from examples.demo.check import Checks
from examples.demo.client import GraphQLClient
from examples.demo.screen import Screen
from examples.mesh import Mesh
from gateway.operation import prepare_operation
from gateway.plan.display import display_plan
from gateway.planner import QueryPlanner
from supergraph.load import load_supergraph

QUERY = """\
query WhatDidTheyBuy($id: ID!) {
  customer(id: $id) {
    name
    email
    invoices(limit: 2) {
      invoiceNumber
      status
      total { amount currency }
      items {
        quantity
        product { name provider price { amount currency } }
      }
    }
  }
}
"""
CUSTOMER_ID = "1"
SOURCES = {"Customer": "cms", "Invoice": "shop", "InvoiceItem": "shop", "Product": "vendor"}


async def ask_question(
    mesh: Mesh, client: GraphQLClient, screen: Screen, checks: Checks
) -> dict[str, Any]:
    """Ask the query for the first time and count what it cost; return the answer."""
    screen.heading("One query over three sources")
    screen.code(QUERY, "graphql")
    screen.heading("Its plan")
    screen.code(await asyncio.to_thread(_plan, mesh), "text")

    calls = CallCounter(mesh)
    await calls.mark()
    started = time.perf_counter()
    answer = await client.ask(QUERY, {"id": CUSTOMER_ID})
    milliseconds = (time.perf_counter() - started) * 1000
    counted = await calls.count()

    screen.heading(f"Its answer, after {milliseconds:.0f} ms with nothing cached")
    screen.json(answer)
    items = items_of(answer)
    checks.that("errors" not in answer, "the answer has no errors")
    checks.that(
        bool(items) and all(item["product"] for item in items),
        "it reaches from the CMS's customer to the vendor's products",
    )

    screen.heading("What it cost the sources")
    screen.table(
        ("source", "entity type", "calls", "call"),
        [(c.source, c.entity_type, str(c.count), "; ".join(c.requests)) for c in counted],
    )
    retried = [c for c in counted if any("503" in r or "429" in r for r in c.requests)]
    good = {c.entity_type: sum("-> 5" not in r and "-> 4" not in r for r in c.requests)
            for c in counted}  # fmt: skip
    for each in retried:
        screen.say(f"The {each.source} answered once that it is busy, and was asked again.")
    checks.that(
        good == dict.fromkeys(SOURCES, 1),
        f"one call per source and entity type, for {len(items)} items",
        f"found {good}",
    )
    return answer


def items_of(answer: dict[str, Any]) -> list[dict[str, Any]]:
    """All items of an answer to `QUERY`."""
    customer = (answer.get("data") or {}).get("customer") or {}
    return [item for invoice in customer.get("invoices") or () for item in invoice["items"]]


def _plan(mesh: Mesh) -> str:
    supergraph = load_supergraph(mesh.supergraph_file.read_text())
    prepared = prepare_operation(supergraph.api_schema, QUERY, None)
    if isinstance(prepared, list):
        return "\n".join(error.message for error in prepared)
    return display_plan(QueryPlanner(supergraph).plan(prepared.operation))
