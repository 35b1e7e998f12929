"""The three subgraphs make one graph (row 64), without a server running."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from examples.customers.adapter import CustomerAdapter
from examples.customers.subgraph import build_app as build_customers
from examples.invoices.adapter import InvoiceAdapter, InvoiceItemAdapter
from examples.invoices.subgraph import build_app as build_invoices
from examples.products.adapter import ProductAdapter
from examples.products.subgraph import build_app as build_products
from subgraph_kit.errors import ConfigurationError
from subgraph_kit.sources.rest import RestSource
from subgraph_kit.sources.sql import SqlSource
from supergraph.compose import CompositionResult, compose
from supergraph.federation.field_set import print_field_set
from supergraph.load import load_supergraph
from supergraph.model import Supergraph
from supergraph.subgraph.model import SubgraphInput


@pytest.fixture(scope="module")
def composed() -> CompositionResult:
    shop = SqlSource("ecommerce", "postgresql://leser@shop/shop")
    apps = {
        "customers": build_customers(CustomerAdapter(RestSource("directus", "http://cms"))),
        "products": build_products(ProductAdapter(RestSource("thirdparty", "http://vendor"))),
        "invoices": build_invoices(InvoiceAdapter(shop), InvoiceItemAdapter(shop)),
    }
    return compose(
        [SubgraphInput(name, f"http://{name}/graphql", app.sdl()) for name, app in apps.items()]
    )


@pytest.fixture(scope="module")
def graph(composed: CompositionResult) -> Supergraph:
    assert composed.supergraph_sdl is not None, composed.errors
    return load_supergraph(composed.supergraph_sdl)


def test_the_subgraphs_compose_without_a_hint(composed: CompositionResult) -> None:
    assert composed.errors == ()
    assert composed.hints == ()


@pytest.mark.parametrize(
    ("coordinate", "owners"),
    [
        ("Customer.email", {"customers"}),
        ("Customer.invoices", {"invoices"}),
        ("Invoice.customer", {"invoices"}),
        ("InvoiceItem.product", {"invoices"}),
        ("Product.price", {"products"}),
        ("Query.customers", {"customers"}),
        ("Mutation.updateCustomerEmail", {"customers"}),
    ],
)
def test_each_field_belongs_to_the_subgraph_that_knows_it(
    graph: Supergraph, coordinate: str, owners: set[str]
) -> None:
    type_name, field_name = coordinate.split(".")
    types = {str(name): type_ for name, type_ in graph.types.items()}
    joins = types[type_name].fields[field_name].joins
    assert {str(join.graph) for join in joins} == owners


def test_a_product_can_be_reached_by_id_and_by_sku(graph: Supergraph) -> None:
    types = {str(name): type_ for name, type_ in graph.types.items()}
    joins = [join for join in types["Product"].joins if join.graph == "products"]
    keys = {print_field_set(join.key) for join in joins if join.key}
    assert keys == {"id", "sku"}


def test_the_example_configuration_names_the_three_subgraphs() -> None:
    path = Path(__file__).parents[2] / "examples" / "supergraph.yaml"
    configuration = yaml.safe_load(path.read_text())
    assert list(configuration["subgraphs"]) == ["customers", "products", "invoices"]
    for subgraph in configuration["subgraphs"].values():
        assert subgraph["routing_url"] == subgraph["schema"]["subgraph_url"]


@pytest.fixture
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name in ("CMS_URL", "CMS_TOKEN", "VENDOR_URL", "VENDOR_API_KEY", "SHOP_DSN"):
        monkeypatch.delenv(name, raising=False)
    return monkeypatch


def test_what_is_not_configured_is_a_sentence(clean_environment: pytest.MonkeyPatch) -> None:
    from examples.customers.subgraph import adapter_from_environment as customers
    from examples.invoices.subgraph import adapters_from_environment as invoices
    from examples.products.subgraph import adapter_from_environment as products

    for build, variable in ((customers, "CMS_URL"), (products, "VENDOR_URL"),
                            (invoices, "SHOP_DSN")):  # fmt: skip
        with pytest.raises(ConfigurationError, match=f"Set {variable} to"):
            build()
    clean_environment.setenv("SHOP_DSN", "postgresql://leser@shop/shop")
    clean_environment.setenv("POLL_SECONDS", "often")
    with pytest.raises(ConfigurationError, match="POLL_SECONDS must be a number"):
        invoices()
