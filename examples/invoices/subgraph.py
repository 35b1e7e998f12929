"""The invoices subgraph: two adapters of the shop's database, registered and served.

SHOP_DSN       the shop's database, as a user that may read
POLL_SECONDS   how often it is asked for changes
"""

from __future__ import annotations

from examples.context import bind_adapters
from examples.environment import poll_seconds, required
from examples.invoices.adapter import InvoiceAdapter, InvoiceItemAdapter
from examples.invoices.schema import Customer, Invoice, Query
from subgraph_kit.app import MeshApp
from subgraph_kit.sources.sql import SqlSource


def build_app(
    invoices: InvoiceAdapter, items: InvoiceItemAdapter, app: MeshApp | None = None
) -> MeshApp:
    """Register the adapters and serve their part of the graph."""
    app = app or MeshApp("invoices-subgraph")
    registered_invoices = app.register_adapter("invoices", invoices)
    registered_items = app.register_adapter("invoices", items)
    schema = app.serve_graphql(
        query=Query, types=[Customer], entities={Invoice: registered_invoices}
    )
    bind_adapters(schema, registered_invoices, registered_items)
    return app


def adapters_from_environment() -> tuple[InvoiceAdapter, InvoiceItemAdapter]:
    """The adapters of the shop that the environment names.

    Raises:
        ConfigurationError: if something is not set.
    """
    dsn = required("SHOP_DSN", "the shop's database, such as postgresql://leser@host/shop")
    source = SqlSource("ecommerce", dsn, read_only=True)
    return InvoiceAdapter(source, poll_seconds=poll_seconds()), InvoiceItemAdapter(source)
