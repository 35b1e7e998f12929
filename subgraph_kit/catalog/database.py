"""A pool of PostgreSQL connections that opens when it is first needed.

Errors of driver and network become the kit's own: what may pass is a `RetriableError`, what a
person must change a `ConfigurationError`. Their texts name host and database, never the password.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any
from urllib.parse import parse_qs, urlsplit

from subgraph_kit.errors import ConfigurationError, FatalError, RetriableError

try:
    import asyncpg
except ImportError as error:  # pragma: no cover - depends on what is installed
    raise ConfigurationError("PostgreSQL needs asyncpg: pip install 'dictamesh[events]'") from error

Connection = Any
"""An asyncpg connection; the library publishes no types."""


class Database:
    """Connections to one PostgreSQL database, `max_connections` at most.

    With `migrated`, the schema is brought up to date before the first connection is handed out.
    """

    def __init__(
        self,
        dsn: str,
        *,
        max_connections: int = 8,
        connect_timeout_seconds: float = 10.0,
        command_timeout_seconds: float = 30.0,
        migrated: bool = True,
    ) -> None:
        self._dsn = check_dsn(dsn)
        self._max_connections = max_connections
        self._connect_timeout_seconds = connect_timeout_seconds
        self._command_timeout_seconds = command_timeout_seconds
        self._migrated = migrated
        self._pool: Any = None
        self._opening = asyncio.Lock()
        self._closed = False

    @property
    def name(self) -> str:
        """Host and database, safe to show."""
        return describe_dsn(self._dsn)

    async def open(self) -> None:
        """Connect now, so that a wrong address is noticed at start.

        Raises:
            RetriableError: if the server does not answer.
            ConfigurationError: if it does not let us in.
        """
        await self._get_pool()

    @asynccontextmanager
    async def acquire(self) -> AsyncIterator[Connection]:
        """Lend a connection."""
        pool = await self._get_pool()
        with translated_errors(self._dsn):
            async with pool.acquire(timeout=self._connect_timeout_seconds) as connection:
                yield connection

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Connection]:
        """Lend a connection with a transaction that commits if the block ends well."""
        async with self.acquire() as connection, connection.transaction():
            yield connection

    async def connect(self) -> Connection:
        """Open a connection of its own, for LISTEN; the caller closes it."""
        await self._get_pool()
        return await connect(self._dsn, timeout_seconds=self._connect_timeout_seconds)

    async def close(self) -> None:
        """Close all connections; work under way gets five seconds to end."""
        self._closed = True
        pool, self._pool = self._pool, None
        if pool is not None:
            try:
                async with asyncio.timeout(5):
                    await pool.close()
            except TimeoutError:
                pool.terminate()

    async def _get_pool(self) -> Any:
        if self._closed:
            raise RetriableError(f"the connection to {self.name} was closed")
        if self._pool is None:
            async with self._opening:
                if self._pool is None:
                    self._pool = await self._open_pool()
        return self._pool

    async def _open_pool(self) -> Any:
        if self._migrated:
            from subgraph_kit.catalog.migrations import migrate  # it uses this module

            await migrate(self._dsn)
        with translated_errors(self._dsn):
            return await asyncpg.create_pool(
                self._dsn,
                min_size=0,
                max_size=self._max_connections,
                timeout=self._connect_timeout_seconds,
                command_timeout=self._command_timeout_seconds,
                init=_prepare_connection,
            )


async def connect(dsn: str, *, timeout_seconds: float) -> Connection:
    """Open one connection outside any pool; the caller closes it."""
    with translated_errors(dsn):
        return await asyncpg.connect(check_dsn(dsn), timeout=timeout_seconds)


async def _prepare_connection(connection: Connection) -> None:
    await connection.set_type_codec(
        "jsonb", encoder=json.dumps, decoder=json.loads, schema="pg_catalog"
    )


def check_dsn(dsn: str) -> str:
    """Return `dsn`, or say that it is none.

    Raises:
        ConfigurationError: if it does not start like a PostgreSQL address.
    """
    if urlsplit(dsn).scheme not in {"postgresql", "postgres"}:
        raise ConfigurationError(
            "a PostgreSQL address looks like postgresql://user:password@host:5432/database"
        )
    return dsn


def describe_dsn(dsn: str) -> str:
    """Return host and database of an address, without user and password."""
    parts = urlsplit(dsn)
    query = parse_qs(parts.query)
    host = query.get("host", [parts.hostname or "localhost"])[0]
    return f"PostgreSQL {parts.path.lstrip('/') or 'postgres'!r} at {host}"


@contextmanager
def translated_errors(dsn: str) -> Iterator[None]:
    """Turn what driver and network raise into the kit's errors."""
    name = describe_dsn(dsn)
    try:
        yield
    except (
        asyncpg.InvalidPasswordError,
        asyncpg.InvalidAuthorizationSpecificationError,
        asyncpg.InvalidCatalogNameError,
    ) as error:
        raise ConfigurationError(
            f"{name} refuses the connection: check user, password and database name"
        ) from error
    except asyncpg.DataError as error:
        raise FatalError(
            f"{name} cannot hold a value: too long, out of range, or with a zero character"
        ) from error
    except (asyncpg.UndefinedTableError, asyncpg.UndefinedColumnError) as error:
        raise ConfigurationError(
            f"{name} lacks tables of the catalog: they were rolled back while in use"
        ) from error
    except asyncpg.InsufficientPrivilegeError as error:
        raise ConfigurationError(f"{name}: the user lacks a privilege the catalog needs") from error
    except (
        asyncpg.PostgresConnectionError,
        asyncpg.InterfaceError,
        asyncpg.InternalClientError,  # a connection that broke while it was being lent
        asyncpg.OperatorInterventionError,
        asyncpg.InsufficientResourcesError,
        asyncpg.TransactionRollbackError,
        asyncpg.LockNotAvailableError,
        asyncpg.ReadOnlySQLTransactionError,  # a replica, until the address follows the primary
        OSError,  # includes the built-in TimeoutError
    ) as error:
        if isinstance(error, asyncpg.InterfaceError) and isinstance(error, ValueError):
            raise FatalError(f"{name} cannot hold a value of that type or range") from error
        raise RetriableError(f"{name} is not reachable ({type(error).__name__})") from error
