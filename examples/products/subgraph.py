"""The products subgraph: the vendor's adapter, registered and served.

VENDOR_URL       the vendor's API, e.g. http://127.0.0.1:8056/v2/catalog
VENDOR_API_KEY   the key it takes
POLL_SECONDS     how often it is asked for changes
"""

from __future__ import annotations

from examples.context import bind_adapters
from examples.environment import poll_seconds, required
from examples.products.adapter import ProductAdapter
from examples.products.schema import Product, Query
from subgraph_kit.app import MeshApp
from subgraph_kit.sources.auth import ApiKeyAuth
from subgraph_kit.sources.rest import RestSource


def build_app(adapter: ProductAdapter, app: MeshApp | None = None) -> MeshApp:
    """Register the adapter and serve its part of the graph."""
    app = app or MeshApp("products-subgraph")
    products = app.register_adapter("products", adapter)
    schema = app.serve_graphql(query=Query, entities={Product: products})
    bind_adapters(schema, products)
    return app


def adapter_from_environment() -> ProductAdapter:
    """The adapter of the vendor that the environment names.

    Raises:
        ConfigurationError: if something is not set.
    """
    url = required("VENDOR_URL", "the vendor's API, such as http://127.0.0.1:8056/v2/catalog")
    key = required("VENDOR_API_KEY", "the key of the vendor's API")
    source = RestSource("thirdparty", url, auth=ApiKeyAuth(key))
    return ProductAdapter(source, poll_seconds=poll_seconds())
