"""From the address of a database to a connection, or one sentence that says what is wrong.

Addresses carry passwords: no sentence repeats one.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
from sqlalchemy.engine import URL
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from subgraph_kit.errors import ConfigurationError
from subgraph_kit.sources.sql import async_url

CONNECT_SECONDS = 10.0
_KNOWN = {"postgresql": "PostgreSQL", "mysql": "MySQL", "mariadb": "MariaDB", "sqlite": "SQLite"}
_EXAMPLES = (
    "postgresql://user@host:5432/database, mysql://user@host/database or sqlite:///path/to/file.db"
)
_POSTGRES_ARGUMENTS = {
    "timeout": CONNECT_SECONDS,
    "server_settings": {
        "application_name": "dictamesh",
        "default_transaction_read_only": "on",
        "statement_timeout": "60000",
    },
}
_SECRET = ("pass", "secret", "token", "key", "pwd")

_MYSQL_REFUSED = (1044, 1045, 1698)
_MYSQL_NO_DATABASE = 1049


def parse_address(dsn: str) -> URL:
    """The parsed address of a database of a known kind.

    Raises:
        ConfigurationError: if it is none.
    """
    try:
        url = async_url(dsn.strip())
    except (ArgumentError, ValueError):
        raise ConfigurationError(
            f"this is not the address of a database; write it like {_EXAMPLES}"
        ) from None
    if url.get_backend_name() not in _KNOWN:
        raise ConfigurationError(
            f"{url.get_backend_name()!r} is not a database that can be looked at; "
            f"those are PostgreSQL, MySQL and SQLite, with addresses like {_EXAMPLES}"
        )
    return url


def safe_address(url: URL) -> str:
    """The address without a password, and without the driver that is ours."""
    query = {
        name: value
        for name, value in url.query.items()
        if not any(word in name.lower() for word in _SECRET)
    }
    plain = url.set(drivername=url.get_backend_name(), query=query)
    return URL.create(
        plain.drivername, plain.username, None, plain.host, plain.port, plain.database, plain.query
    ).render_as_string()


@asynccontextmanager
async def connected(url: URL) -> AsyncIterator[AsyncConnection]:
    """A connection for reading.

    Raises:
        ConfigurationError: if there is none to be had, or the database stops answering.
    """
    backend = url.get_backend_name()
    if backend == "sqlite":
        url = _existing_file(url)
    try:
        # Statement by statement: one that fails spoils no other, and none waits for a commit.
        engine = create_async_engine(
            url,
            hide_parameters=True,
            connect_args=_POSTGRES_ARGUMENTS if backend == "postgresql" else {},
            isolation_level="AUTOCOMMIT",
        )
    except ModuleNotFoundError as error:
        raise ConfigurationError(
            f"the driver {error.name!r} for {_KNOWN[backend]} is not installed; "
            f"install it with: pip install {error.name}"
        ) from None
    except (NoSuchModuleError, ArgumentError) as error:
        raise ConfigurationError(
            f"the address names a driver that is not known ({type(error).__name__}); "
            f"write it like {_EXAMPLES}"
        ) from None
    try:
        async with asyncio.timeout(CONNECT_SECONDS):
            connection = await engine.connect()
        try:
            yield connection
        finally:
            await connection.close()
    except (OSError, TimeoutError, SQLAlchemyError, asyncpg.PostgresError, ValueError) as error:
        raise ConfigurationError(_explain(url, error)) from None
    finally:
        await engine.dispose()


def _existing_file(url: URL) -> URL:
    """SQLite would make a file that does not exist, so it must be there; it is opened read-only."""
    path = url.database
    if path in (None, "", ":memory:"):
        raise ConfigurationError(
            "the address names no file; write sqlite:///path/to/file.db (three slashes, or four "
            "before an absolute path)"
        )
    if str(path).startswith("file:"):
        return url
    if not Path(str(path)).is_file():
        raise ConfigurationError(f"there is no SQLite file {path!r}; check the path")
    quoted = str(path).replace("%", "%25").replace("?", "%3f").replace("#", "%23")
    return url.set(database=f"file:{quoted}", query={"mode": "ro", "uri": "true"})


def _explain(url: URL, error: BaseException) -> str:
    name = _KNOWN[url.get_backend_name()]
    place = f"{url.host or url.query.get('host') or 'localhost'}"
    original = _driver_error(error)
    number = original.args[0] if original.args else None
    if isinstance(original, asyncpg.InvalidAuthorizationSpecificationError) or (
        number in _MYSQL_REFUSED
    ):
        return (
            f"{name} on {place} refused the user {url.username!r} or the password; check both in "
            "the address"
        )
    if isinstance(original, asyncpg.InvalidCatalogNameError) or number == _MYSQL_NO_DATABASE:
        return f"{name} on {place} has no database {url.database!r}; check the name in the address"
    if isinstance(original, sqlite3.Error) or url.get_backend_name() == "sqlite":
        path = str(url.database).removeprefix("file:")
        return f"{path!r} cannot be read as a SQLite database; check that it is one"
    if isinstance(original, asyncpg.InsufficientPrivilegeError):
        return (
            f"{name} on {place} does not let the user {url.username!r} read the catalog; "
            "grant it USAGE on the schemas and SELECT on the tables"
        )
    if isinstance(original, OSError | TimeoutError) or _is_unreachable(original):
        return (
            f"{name} on {place}{f':{url.port}' if url.port else ''} cannot be reached; check host "
            "and port in the address, and that the database is running"
        )
    return f"{name} on {place} cannot be looked at ({type(original).__name__})"


def _driver_error(error: BaseException) -> BaseException:
    """What the driver said: SQLAlchemy's error wraps that of its adapter, which wraps this."""
    while True:
        inner: BaseException | None = error.orig if isinstance(error, DBAPIError) else None
        if inner is None and type(error).__module__.startswith("sqlalchemy"):
            inner = error.__cause__
        if inner is None:
            return error
        error = inner


def _is_unreachable(error: BaseException) -> bool:
    words = str(error).lower()
    return any(word in words for word in ("can't connect", "connect call failed", "closed"))
