from __future__ import annotations

import itertools
from datetime import UTC, datetime

from examples import data


def test_the_data_has_the_promised_size() -> None:
    invoices = list(data.invoices())
    assert len(list(data.customers())) == 1_000
    assert len(list(data.products())) == 500
    assert len(invoices) == 5_000
    assert sum(len(invoice.items) for invoice in invoices) == 15_000


def test_the_same_number_is_the_same_record_in_every_run() -> None:
    assert data.customer(1).email == "daniel.okafor.1@example.org"
    assert data.product(1).sku == "KT-000001"
    assert data.invoice(1) == data.invoice(1)


def test_keys_are_unique() -> None:
    assert len({customer.email for customer in data.customers()}) == 1_000
    assert len({product.sku for product in data.products()}) == 500


def test_invoices_name_customers_and_products_that_exist_at_every_scale() -> None:
    for scale in (1, 100):
        for invoice in itertools.islice(data.invoices(scale), 500):
            assert 1 <= invoice.customer_number <= 1_000 * scale
            assert all(1 <= item.product_number <= 500 * scale for item in invoice.items)


def test_an_item_costs_what_its_product_costs() -> None:
    for invoice in itertools.islice(data.invoices(), 50):
        for item in invoice.items:
            assert item.unit_price_cents == data.product(item.product_number).price_cents


def test_no_record_belongs_to_a_real_person_or_to_the_future() -> None:
    for customer in data.customers():
        assert customer.email.split("@")[1] in ("example.com", "example.org", "example.net")
        assert customer.email.isascii()
        assert customer.created_at < datetime(2026, 1, 1, tzinfo=UTC)
