"""Addresses of nothing: one sentence that says what to do, and no password in it."""

import socket
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

import pytest

from subgraph_kit.errors import ConfigurationError
from subgraph_kit.scaffold.inspect.sql import inspect_sql
from subgraph_kit.scaffold.options import InspectOptions


async def refused(dsn: str, **options: tuple[str, ...]) -> str:
    with pytest.raises(ConfigurationError) as caught:
        await inspect_sql(dsn, InspectOptions(**options))  # type: ignore[arg-type]
    assert "hush" not in f"{caught.value!r} {caught.value.__cause__}"
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize(
    ("dsn", "words"),
    [
        ("", "write it like postgresql://user@host:5432/database"),
        ("shop", "write it like postgresql://"),
        ("postgresql://user:hush@host:notaport/x", "write it like postgresql://"),
        ("oracle://user:hush@host/x", "'oracle' is not a database that can be looked at"),
        ("nonsense+driver://user:hush@host/x", "'nonsense' is not a database"),
        ("postgresql+nodriver://user:hush@host/x", "names a driver that is not known"),
        ("sqlite:///no/such/file.db", "there is no SQLite file 'no/such/file.db'"),
        ("sqlite://", "the address names no file"),
    ],
)
async def test_addresses_that_cannot_be_read(dsn: str, words: str) -> None:
    assert words in await refused(dsn)


async def test_nobody_answers_at_the_address() -> None:
    with closing(socket.socket()) as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
        for scheme, name in (("postgresql", "PostgreSQL"), ("mysql", "MySQL")):
            message = await refused(f"{scheme}://user:hush@127.0.0.1:{port}/x")
            assert f"{name} on 127.0.0.1:{port} cannot be reached; check host and port" in message


async def test_a_host_that_does_not_exist() -> None:
    assert "cannot be reached" in await refused("postgresql://user:hush@no-such-host.invalid/x")


async def test_a_driver_that_is_missing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "x.db").touch()
    monkeypatch.setitem(sys.modules, "aiosqlite", None)
    message = await refused(f"sqlite:///{tmp_path / 'x.db'}")
    assert "install it with: pip install aiosqlite" in message


async def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    file = tmp_path / "notes.txt"
    file.write_text("not a database at all, but long enough to be taken for one " * 20)
    assert "cannot be read as a SQLite database" in await refused(f"sqlite:///{file}")


async def test_a_database_without_tables_and_tables_that_nothing_fits(tmp_path: Path) -> None:
    file = tmp_path / "shop.db"
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("CREATE TABLE t (id INTEGER PRIMARY KEY)")
        connection.execute("DROP TABLE t")
        connection.commit()
        assert "the database has no tables" in await refused(f"sqlite:///{file}")
        connection.execute("CREATE TABLE orders (id INTEGER PRIMARY KEY)")
        connection.commit()
    message = await refused(f"sqlite:///{file}", include=("invoice*",))
    assert "fits what is to be included; there are: orders" in message


@pytest.mark.embedded
async def test_a_wrong_password_and_a_database_that_is_not_there(empty_postgres_dsn: str) -> None:
    missing = empty_postgres_dsn.replace("postgres:@/t", "postgres:hush@/nothing_like_t")
    message = await refused(missing)
    assert "has no database 'nothing_like_t" in message
    stranger = empty_postgres_dsn.replace("postgres:@", "stranger:hush@")
    message = await refused(stranger)
    assert "refused the user 'stranger' or the password" in message
