"""SQL sources: PostgreSQL through asyncpg, SQLite through SQLAlchemy."""

import asyncio
import sys
import threading
from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path

import pytest

from subgraph_kit.errors import (
    ConfigurationError,
    SourceResponseError,
    SourceTimeoutError,
    SourceUnavailableError,
)
from subgraph_kit.resilience.policy import ResilienceSettings
from subgraph_kit.resilience.retry import NO_RETRY
from subgraph_kit.sources.sql import SqlSource, rows_by_key

QUICK = ResilienceSettings(timeout_seconds=2.0, retry=NO_RETRY)


@pytest.fixture
async def shop(postgres_dsn: str) -> AsyncIterator[SqlSource]:
    source = SqlSource("shop", postgres_dsn, resilience=QUICK)
    await source.execute("create table item (id int primary key, name text, price numeric(10,2))")
    await source.execute("insert into item values (1, 'it''s', 19.90), (2, 'two', 0.10)")
    yield source
    await source.close()


@pytest.mark.embedded
async def test_reads_rows_by_name_with_exact_decimals(shop: SqlSource) -> None:
    rows = await shop.fetch_all(
        "select * from item where id = any(:ids) and price::text <> :no order by id",
        {"ids": [1, 2, 3], "no": "x"},
    )
    assert rows == [
        {"id": 1, "name": "it's", "price": Decimal("19.90")},
        {"id": 2, "name": "two", "price": Decimal("0.10")},
    ]
    assert await shop.fetch_one("select 1 as one where false") is None


@pytest.mark.embedded
async def test_a_value_never_becomes_part_of_the_statement(shop: SqlSource) -> None:
    hostile = "'; drop table item; --"
    rows = await shop.fetch_all("select name from item where name = :name", {"name": hostile})
    assert rows == []
    assert len(await shop.fetch_all("select id from item")) == 2


@pytest.mark.embedded
async def test_writes_and_returns_what_the_statement_returns(shop: SqlSource) -> None:
    changed = await shop.execute(
        "update item set name = :name where id = :id returning id", {"name": "new", "id": 2}
    )
    assert changed == [{"id": 2}]


@pytest.mark.embedded
async def test_a_read_only_source_cannot_write(shop: SqlSource, postgres_dsn: str) -> None:
    reader = SqlSource("shop", postgres_dsn, resilience=QUICK, read_only=True)
    with pytest.raises(SourceResponseError, match="ReadOnlySQLTransactionError"):
        await reader.execute("delete from item")
    await reader.close()


@pytest.mark.embedded
@pytest.mark.parametrize(
    ("statement", "params", "text"),
    [
        ("select * from nowhere", {}, "UndefinedTableError, SQLSTATE 42P01"),
        ("select 'jane@example.com'::int", {}, "SQLSTATE 22P02"),
        ("select cast(:n as int)", {"n": "jane@example.com"}, "SQLSTATE"),
        ("select :missing", {}, "needs the parameter 'missing'"),
    ],
)
async def test_a_refused_statement_says_its_name_and_code_and_no_value(
    shop: SqlSource, statement: str, params: dict[str, object], text: str
) -> None:
    with pytest.raises(SourceResponseError, match=text) as caught:
        await shop.fetch_all(statement, params, name="find_item")
    assert "find_item" in str(caught.value)
    assert "jane" not in f"{caught.value} {caught.value.__cause__}"


@pytest.mark.embedded
async def test_a_slow_statement_is_cancelled_in_the_database_too(postgres_dsn: str) -> None:
    slow = ResilienceSettings(timeout_seconds=0.2, retry=NO_RETRY)
    source = SqlSource("shop", postgres_dsn, resilience=slow)
    await source.ping()
    with pytest.raises(SourceTimeoutError):
        await source.fetch_all("select pg_sleep(30)", name="nap")
    running = await source.fetch_all(
        "select 1 from pg_stat_activity where query like '%pg_sleep(30)%' and state = 'active'"
        " and pid <> pg_backend_pid()"
    )
    assert running == []
    await source.close()


@pytest.mark.embedded
async def test_connections_that_the_server_ended_are_replaced(shop: SqlSource) -> None:
    await shop.fetch_all("select 1")
    retrying = ResilienceSettings()
    shop.policy.settings = retrying
    killed = "select pg_terminate_backend(pid) from pg_stat_activity where pid <> pg_backend_pid()"
    await shop.fetch_all(killed + " and application_name = 'dictamesh'")
    assert await shop.fetch_all("select 1 as one") == [{"one": 1}]


@pytest.mark.parametrize("scheme", ["postgresql", "postgres"])
async def test_a_database_that_is_not_there_is_unavailable(scheme: str, unused_port: int) -> None:
    url = f"{scheme}://user:s3cret@127.0.0.1:{unused_port}/shop"
    source = SqlSource("shop", url, resilience=QUICK)
    with pytest.raises(SourceUnavailableError, match="shop cannot be reached") as caught:
        await source.ping()
    assert "s3cret" not in f"{caught.value} {caught.value.__cause__}"
    await source.close()


@pytest.fixture
def unused_port() -> int:
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.mark.embedded
async def test_a_missing_database_says_so(postgres_dsn: str) -> None:
    url = postgres_dsn.replace("/t", "/nothing_", 1)
    source = SqlSource("shop", url, resilience=QUICK)
    with pytest.raises(ConfigurationError, match="no database of the name"):
        await source.ping()
    await source.close()


@pytest.mark.parametrize("url", ["nonsense", "nosuchdb://x/y", "postgresql://["])
async def test_a_url_that_cannot_be_read_says_what_one_looks_like(url: str) -> None:
    with pytest.raises(ConfigurationError, match="must look like postgresql://"):
        await SqlSource("shop", url, resilience=QUICK).ping()


def test_a_missing_driver_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "aiomysql", None)
    with pytest.raises(ConfigurationError, match="pip install aiomysql"):
        SqlSource("shop", "mysql+aiomysql://localhost/shop")


async def test_other_databases_work_through_sqlalchemy(tmp_path: Path) -> None:
    source = SqlSource("lite", f"sqlite+aiosqlite:///{tmp_path}/shop.db", resilience=QUICK)
    await source.execute("create table item (id integer primary key, name text)")
    await source.execute("insert into item values (1, 'one'), (2, 'two')")
    rows = await source.fetch_all("select * from item where id in :ids", {"ids": [2, 5]})
    assert rows == [{"id": 2, "name": "two"}]
    with pytest.raises(SourceResponseError, match="OperationalError"):
        await source.fetch_all("select * from nowhere")
    with pytest.raises(SourceResponseError, match="'query' cannot be run"):
        await source.fetch_all("select :missing")
    await source.close()


async def test_a_database_file_that_cannot_be_opened_is_unavailable(tmp_path: Path) -> None:
    url = f"sqlite+aiosqlite:///{tmp_path}/no/such/directory/shop.db"
    source = SqlSource("lite", url, resilience=QUICK)
    with pytest.raises(SourceUnavailableError):
        await source.ping()
    await source.close()
    # aiosqlite ends the thread of a connection that failed in its own time: not after our loop.
    for thread in threading.enumerate():
        if "_connection_worker_thread" in thread.name:
            await asyncio.to_thread(thread.join, 10)


def test_rows_are_grouped_by_a_column_in_their_order() -> None:
    rows = [{"k": 1, "n": 1}, {"k": 2, "n": 2}, {"k": 1, "n": 3}]
    assert rows_by_key(rows, "k") == {"1": [rows[0], rows[2]], "2": [rows[1]]}
