"""Names of the graph from names of a source."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from subgraph_kit.scaffold.names import (
    Names,
    enum_value_name,
    field_name,
    list_name,
    plural,
    singular,
    type_name,
    type_names,
    words,
)


@pytest.mark.parametrize(
    ("source", "type_", "field", "list_"),
    [
        ("order_items", "OrderItem", "orderItems", "orderItems"),
        ("tblOrder-Items", "TblOrderItem", "tblOrderItems", "tblOrderItems"),
        ("HTTPServerLog", "HttpServerLog", "httpServerLog", "httpServerLogs"),
        ("2fa codes", "_2faCode", "_2faCodes", "_2faCodes"),
        ("Straße", "Strasse", "strasse", "strasses"),
        ("заказы", "Zakazy", "zakazy", "zakazies"),
        ("people", "Person", "people", "people"),
        ("news", "News", "news", "news"),
        ("__class", "Class", "class", "classes"),
        ("address2", "Address2", "address2", "address2"),
        ("!!!", "Unnamed", "unnamed", "unnameds"),
    ],
)
def test_names_as_graphql_users_expect_them(
    source: str, type_: str, field: str, list_: str
) -> None:
    assert (type_name(source), field_name(source), list_name(type_name(source))) == (
        type_, field, list_,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("value", "name"),
    [
        ("in progress", "IN_PROGRESS"),
        ("inProgress", "IN_PROGRESS"),
        ("A+", "A_PLUS"),
        ("<=", "LESS_EQUAL"),
        ("1", "_1"),
        ("true", "TRUE_"),
        ("null", "NULL_"),
        ("", "UNNAMED"),
    ],
)
def test_enum_values_become_constants(value: str, name: str) -> None:
    assert enum_value_name(value) == name


ONE_AND_MANY = """
    order:orders company:companies address:addresses status:statuses class:classes cache:caches
    analysis:analyses bus:buses bonus:bonuses menu:menus alias:aliases person:people house:houses
    schema:schemas photo:photos warehouse:warehouses category:categories life:lives data:data
    tax:taxes process:processes lens:lenses api:apis virus:viruses cookie:cookies movie:movies
    response:responses database:databases license:licenses purchase:purchases campus:campuses
    axis:axes news:news clause:clauses gas:gases quota:quotas delta:deltas visa:visas media:media
    stadium:stadia phenomenon:phenomena
"""


@pytest.mark.parametrize("pair", ONE_AND_MANY.split())
def test_knows_one_from_many(pair: str) -> None:
    one, many = pair.split(":")
    assert (singular(many), singular(one)) == (one, one)
    assert (plural(one), plural(many)) == (many, many)


@settings(deadline=None)
@given(st.text(min_size=1, max_size=40))
def test_any_text_gives_valid_names(text: str) -> None:
    for name in (type_name(text), field_name(text), enum_value_name(text)):
        assert re.fullmatch(r"[_A-Za-z][_0-9A-Za-z]*", name)
        assert not name.startswith("__")


def test_a_name_is_handed_out_once_and_the_next_proposal_taken() -> None:
    names = Names()
    assert names.take("a.orders", "Order", "AOrder") == "Order"
    assert names.take("b.orders", "Order", "BOrder") == "BOrder"
    assert names.take("b.order", "Order", "BOrder") == "BOrder2"


def test_what_was_decided_before_is_kept_and_given_to_nobody_else() -> None:
    names = Names(fixed={"tbl_ord": "Order"})
    assert names.take("orders", "Order", "ShopOrder") == "ShopOrder"
    assert names.take("tbl_ord", "TblOrd") == "Order"


def test_type_names_leave_alone_what_is_needed_elsewhere() -> None:
    names = type_names()
    assert names.take("queries", "Query") == "Query2"
    assert names.take("users", "User") == "User"
    # The kit makes UserConnection of User for its pages.
    assert names.take("user_connections", "UserConnection") == "UserConnection2"
    assert names.take("page_edges", "LinkEdge") == "LinkEdge"
    assert names.take("links", "Link") == "Link2"


def test_words_are_never_empty() -> None:
    assert words("") == words("___") == ["unnamed"]
