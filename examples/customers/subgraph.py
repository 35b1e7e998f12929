"""The customers subgraph: the CMS's adapter, registered and served.

CMS_URL                    the CMS, e.g. http://127.0.0.1:8055
CMS_TOKEN                  the bearer token it takes
DICTAMESH_WEBHOOK_SECRET   what it signs its webhooks with
"""

from __future__ import annotations

from examples.context import bind_adapters
from examples.customers.adapter import CustomerAdapter
from examples.customers.schema import Customer, Mutation, Query
from examples.environment import required
from subgraph_kit.app import MeshApp
from subgraph_kit.sources.auth import BearerAuth
from subgraph_kit.sources.rest import RestSource


def build_app(adapter: CustomerAdapter, app: MeshApp | None = None) -> MeshApp:
    """Register the adapter and serve its part of the graph."""
    app = app or MeshApp("customers-subgraph")
    customers = app.register_adapter("customers", adapter)
    schema = app.serve_graphql(query=Query, mutation=Mutation, entities={Customer: customers})
    bind_adapters(schema, customers)
    return app


def adapter_from_environment() -> CustomerAdapter:
    """The adapter of the CMS that the environment names.

    Raises:
        ConfigurationError: if something is not set.
    """
    url = required("CMS_URL", "the CMS's address, such as http://127.0.0.1:8055")
    token = required("CMS_TOKEN", "the bearer token of the CMS")
    return CustomerAdapter(RestSource("directus", url, auth=BearerAuth(token)))
