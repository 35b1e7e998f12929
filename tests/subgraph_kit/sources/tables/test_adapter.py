"""`SqlTableAdapter` keeps the contract of adapters, and does more than it must."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import pytest

from subgraph_kit.data_product import (
    DataProduct,
    EntityField,
    EntityQuery,
    EntitySchema,
    LineageEdge,
    Order,
    SourceAccess,
)
from subgraph_kit.errors import ConfigurationError, FatalError, SourceUnavailableError
from subgraph_kit.sources.sql import SqlSource
from subgraph_kit.sources.tables import SqlColumn, SqlLink, SqlTable, SqlTableAdapter
from subgraph_kit.testing.adapter_contract import AdapterContract, SourceFailure

ORDER = EntitySchema(
    entity="Order",
    version="1.0.0",
    fields=(
        EntityField("id", "id", required=True, indexed=True),
        EntityField("customerId", "id", required=True, indexed=True, references="Customer"),
        EntityField("status", "enum", enum_values=("OPEN", "IN_PROGRESS")),
        EntityField("total", "decimal"),
        EntityField("note", "string"),
    ),
)
PRODUCT = DataProduct(
    domain="orders",
    source_system="shop",
    schema=ORDER,
    access=SourceAccess("postgresql://shop", "/orders/{id}"),
    lineage=(LineageEdge("shop", "orders-subgraph"),),
)
TABLE = SqlTable(
    table="orders",
    key=("id",),
    columns=(
        SqlColumn("id", "id", "integer"),
        SqlColumn("customerId", "customer_id", "integer"),
        SqlColumn("status", "status", values=(("OPEN", "open"), ("IN_PROGRESS", "in progress"))),
        SqlColumn("total", "total", "numeric"),
        SqlColumn("note", "note"),
        SqlColumn("deletedAt", "deleted_at", "timestamp"),
    ),
    soft_delete="deletedAt",
    links=(
        SqlLink("Tag.orders", "order_tags", (SqlColumn("id", "tag_id", "integer"),), ("order_id",)),
    ),
)
DDL = (
    "CREATE TABLE orders (id INTEGER PRIMARY KEY, customer_id INTEGER NOT NULL, status TEXT,"
    " total NUMERIC(9, 2), note TEXT, deleted_at TIMESTAMP)",
    "INSERT INTO orders VALUES (1, 7, 'open', 19.9, '100% \"sure\"', NULL),"
    " (2, 7, 'in progress', 5, NULL, NULL), (3, 8, 'open', 0.25, '_', NULL),"
    " (4, 7, 'open', 1, 'gone', '2024-01-01 00:00:00'), (5, 7, 'open', 7, '', NULL)",
    "CREATE TABLE order_tags (order_id INTEGER, tag_id INTEGER)",
    "INSERT INTO order_tags VALUES (1, 1), (1, 1), (2, 1), (4, 1), (3, 2)",
)


class Watched(SqlSource):
    """A source that counts its statements, and can be made to fail."""

    statements: int = 0
    fails: bool = False

    async def fetch_all(self, *args: Any, **kwargs: Any) -> Any:
        if self.fails:
            raise SourceUnavailableError("the database went away")
        self.statements += 1
        return await super().fetch_all(*args, **kwargs)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.embedded)])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "postgresql":
        return str(request.getfixturevalue("postgres_dsn"))
    sqlite3.connect(tmp_path / "shop.db").close()
    return f"sqlite:///{tmp_path / 'shop.db'}"


@pytest.fixture
async def source(address: str) -> AsyncIterator[Watched]:
    made = Watched("shop", address)
    for statement in DDL:
        await made.execute(statement)
    yield made
    await made.close()


@pytest.fixture
def adapter(source: Watched) -> SqlTableAdapter:
    return SqlTableAdapter(source, PRODUCT, TABLE)


class TestContract(AdapterContract):
    """The contract of all adapters."""

    unknown_id = "no-such-entity-0"

    @pytest.fixture
    def known_ids(self) -> list[str]:
        return ["1", "2", "3", "5"]

    @pytest.fixture
    def adapter(self, source: Watched) -> SqlTableAdapter:
        return SqlTableAdapter(source, PRODUCT, TABLE)

    @pytest.fixture
    def source_failure(self, source: Watched) -> SourceFailure:
        @contextmanager
        def failing() -> Iterator[None]:
            source.fails = True
            yield
            source.fails = False

        def fail() -> AbstractContextManager[None]:
            return failing()

        return fail


async def test_rows_become_entities(adapter: SqlTableAdapter) -> None:
    order = await adapter.get_entity("2")
    assert (order.type, order.id) == ("Order", "2")
    assert order.data == {
        "id": "2", "customerId": "7", "status": "IN_PROGRESS", "total": order.data["total"],
        "note": None,
    }  # fmt: skip
    assert order.data["total"] in ("5", "5.00")  # SQLite keeps no zeros
    [relationship] = order.relationships
    assert (relationship.entity_type, relationship.entity_id) == ("Customer", "7")


async def test_deleted_rows_are_not_served(adapter: SqlTableAdapter) -> None:
    assert [each.id for each in await adapter.query_entities(EntityQuery())] == ["1", "2", "3", "5"]
    assert await adapter.query_entities(EntityQuery(ids=("4",))) == []


@pytest.mark.parametrize(
    ("filters", "ids"),
    [
        ({"note": {"contains": "%"}}, ["1"]),
        ({"note": {"starts_with": "_"}}, ["3"]),
        ({"note": {"starts_with": ""}}, ["1", "3", "5"]),
        ({"note": None}, ["2"]),
        ({"note": {"neq": None}}, ["1", "3", "5"]),
        ({"note": {"neq": "_"}}, ["1", "5"]),
        ({"note": {"in": ["_", None, "x\x00"]}}, ["2", "3"]),
        ({"note": {"in": []}}, []),
        ({"status": "OPEN", "total": {"gt": "0.25", "lte": "19.9"}}, ["1", "5"]),
        ({"status": "open"}, []),
        ({"status": {"neq": "NO_SUCH"}}, ["1", "2", "3", "5"]),
        ({"id": {"lt": "99999999999999999999"}}, ["1", "2", "3", "5"]),
        ({"id": {"gt": "99999999999999999999"}}, []),
        ({"id": "no number"}, []),
        ({"deletedAt": {"neq": None}}, []),
    ],
)
async def test_filters(adapter: SqlTableAdapter, filters: dict[str, Any], ids: list[str]) -> None:
    found = await adapter.query_entities(EntityQuery(filter=filters))
    assert [each.id for each in found] == ids


@pytest.mark.parametrize(
    "query",
    [
        EntityQuery(filter={"nothing": 1}),
        EntityQuery(filter={"total": {"contains": "1"}}),
        EntityQuery(filter={"total": {"like": "1"}}),
        EntityQuery(filter={"total": {}}),
        EntityQuery(order=(Order("nothing"),)),
    ],
)
async def test_what_the_table_cannot_do_is_an_error(
    adapter: SqlTableAdapter, query: EntityQuery
) -> None:
    with pytest.raises(FatalError):
        await adapter.query_entities(query)


async def test_many_parents_are_one_statement(adapter: SqlTableAdapter, source: Watched) -> None:
    before = source.statements
    values = [("7",), ("8",), ("9",), ("seven",)]
    pages = await adapter.query_by_reference(
        ("customerId",), values, EntityQuery(order=(Order("total", descending=True),), limit=2)
    )
    assert {value[0]: [each.id for each in page] for value, page in pages.items()} == {
        "7": ["1", "5"], "8": ["3"], "9": [], "seven": [],
    }  # fmt: skip
    by_text = await adapter.query_by_reference(("note",), [("_",)], EntityQuery())
    assert [each.id for each in by_text["_",]] == ["3"]
    tagged = await adapter.query_by_link("Tag.orders", [("1",), ("2",), ("3",)], EntityQuery())
    assert {value[0]: [each.id for each in page] for value, page in tagged.items()} == {
        "1": ["1", "2"], "2": ["3"], "3": [],
    }  # fmt: skip
    assert source.statements - before == 3


async def test_a_batch_of_many_ids_is_one_statement(
    adapter: SqlTableAdapter, source: Watched
) -> None:
    before = source.statements
    found = await adapter.query_entities(EntityQuery(ids=tuple(map(str, range(10_000)))))
    assert sorted(each.id for each in found) == ["1", "2", "3", "5"]
    assert source.statements - before == 1
    found = await adapter.query_entities(EntityQuery(ids=tuple(map(str, range(35_000)))))
    assert sorted(each.id for each in found) == ["1", "2", "3", "5"]


async def test_an_unknown_link_is_an_error(adapter: SqlTableAdapter) -> None:
    with pytest.raises(ConfigurationError, match=r"no 'Tag\.nothing'"):
        await adapter.query_by_link("Tag.nothing", [("1",)], EntityQuery())


def test_declarations_that_do_not_fit_are_refused_at_once(tmp_path: Path) -> None:
    source = SqlSource("shop", f"sqlite:///{tmp_path / 'x.db'}")
    columns = (SqlColumn("id", "id", "integer"),)
    with pytest.raises(ConfigurationError, match="no column for the fields customerId, status"):
        SqlTableAdapter(source, PRODUCT, SqlTable("orders", ("id",), columns))
    with pytest.raises(ConfigurationError, match="has no column for 'number'"):
        SqlTable("orders", ("number",), columns)
    with pytest.raises(ConfigurationError, match="the unknown type 'int'"):
        SqlTable("orders", ("id",), (SqlColumn("id", "id", "int"),))  # type: ignore[arg-type]
    with pytest.raises(ConfigurationError, match="declares a field twice"):
        SqlTable("orders", ("id",), columns * 2)
