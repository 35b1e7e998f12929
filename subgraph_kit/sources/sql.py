"""A SQL database as a source: PostgreSQL through asyncpg, others through SQLAlchemy.

Statements are texts with named parameters (`:customer_id`); values never become part of the text.
Every statement runs under the resilience policy and a time-out that the server keeps too, so an
abandoned query does not go on eating the shop's database.

In PostgreSQL a list is a parameter like any other: `where id = any(:ids)`. Elsewhere write
`where id in :ids`; the list is expanded.

Errors name the source, the statement's `name` and the database's error code. They carry neither the
statement nor the database's own text, which quotes values.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, Protocol

import asyncpg
from sqlalchemy import bindparam, text
from sqlalchemy.dialects.postgresql.asyncpg import dialect as asyncpg_dialect
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from subgraph_kit.errors import (
    ConfigurationError,
    SourceResponseError,
    SourceTimeoutError,
    SourceUnavailableError,
)
from subgraph_kit.resilience.policy import ResiliencePolicy, ResilienceSettings
from subgraph_kit.telemetry import names
from subgraph_kit.telemetry.metrics import (
    POSTGRES_CONNECTIONS,
    POSTGRES_QUERY,
    record_breaker_change,
)
from subgraph_kit.telemetry.setup import tracer

Row = Mapping[str, Any]
SqlParams = Mapping[str, Any]

_DEFAULT_TIMEOUT_SECONDS = 2.0


class SqlSource:
    """A database at `url` (`postgresql://...`, `sqlite+aiosqlite:///...`), known as `name`.

    Connects at the first statement. `read_only` makes PostgreSQL refuse writes of this source.
    """

    def __init__(
        self,
        name: str,
        url: str,
        *,
        resilience: ResilienceSettings | None = None,
        pool_size: int = 10,
        read_only: bool = False,
        policy: ResiliencePolicy | None = None,
    ) -> None:
        self.name = name
        self.policy = policy or ResiliencePolicy(
            name, resilience, on_state_change=record_breaker_change
        )
        timeout = self.policy.settings.timeout_seconds or _DEFAULT_TIMEOUT_SECONDS
        self.dialect: str
        """What SQLAlchemy calls the database's dialect: `postgresql`, `sqlite`, `mysql`."""
        self._backend: _Backend
        url = url.replace("postgresql+asyncpg://", "postgresql://", 1)
        if url.startswith(("postgresql://", "postgres://")):
            self.dialect = "postgresql"
            self._backend = _AsyncpgBackend(name, url, pool_size, timeout, read_only)
        else:
            backend = _SqlAlchemyBackend(name, url, pool_size)
            self.dialect, self._backend = backend.dialect, backend

    async def fetch_all(
        self, statement: str, params: SqlParams | None = None, *, name: str = "query"
    ) -> list[Row]:
        """Return all rows, each by column name. `name` stands for the statement in metrics.

        Raises:
            SourceUnavailableError: if the database cannot be reached or is shutting down.
            SourceTimeoutError: if the statement took too long; it was cancelled.
            SourceResponseError: if the database refused the statement.
            CircuitOpenError: if the breaker is open.
        """
        return await self.policy.call(lambda: self._run(statement, params or {}, name))

    async def fetch_one(
        self, statement: str, params: SqlParams | None = None, *, name: str = "query"
    ) -> Row | None:
        """Return the first row, or None. The statement should say `limit 1` itself."""
        rows = await self.fetch_all(statement, params, name=name)
        return rows[0] if rows else None

    async def execute(
        self,
        statement: str,
        params: SqlParams | None = None,
        *,
        name: str = "statement",
        idempotent: bool = False,
    ) -> list[Row]:
        """Run a statement that writes, in a transaction of its own; return what it `returning`s.

        It is sent once, unless it is `idempotent`.
        """
        return await self.policy.call(
            lambda: self._run(statement, params or {}, name), idempotent=idempotent
        )

    async def ping(self) -> None:
        """Ask the database for nothing; raises what `fetch_all` raises."""
        await self.fetch_all("select 1", name="ping")

    async def close(self) -> None:
        """Release the connections."""
        await self._backend.close()

    async def _run(self, statement: str, params: SqlParams, name: str) -> list[Row]:
        with tracer().start_as_current_span(
            names.SPAN_SOURCE_QUERY,
            attributes={names.ATTR_SOURCE_SYSTEM: self.name, names.ATTR_DB_OPERATION: name},
            record_exception=False,
        ):
            started = time.perf_counter()
            try:
                return await self._backend.run(statement, params, name)
            finally:
                POSTGRES_QUERY.labels(name).observe(time.perf_counter() - started)


class _Backend(Protocol):
    async def run(self, statement: str, params: SqlParams, name: str) -> list[Row]: ...

    async def close(self) -> None: ...


class _AsyncpgBackend:
    def __init__(
        self, name: str, url: str, pool_size: int, timeout_seconds: float, read_only: bool
    ) -> None:
        self._name = name
        self._url = url
        self._pool_size = pool_size
        self._timeout_seconds = timeout_seconds
        self._read_only = read_only
        self._pool: Any = None
        self._connecting = asyncio.Lock()

    async def run(self, statement: str, params: SqlParams, name: str) -> list[Row]:
        sql, order = _compile_for_asyncpg(statement)
        try:
            values = [params[key] for key in order]
        except KeyError as error:
            raise SourceResponseError(
                f"statement {name!r} needs the parameter {error.args[0]!r}"
            ) from error
        try:
            pool = await self._connected()
            POSTGRES_CONNECTIONS.labels(self._name).set(pool.get_size() - pool.get_idle_size())
            records = await pool.fetch(sql, *values)
        except (asyncpg.InvalidPasswordError, asyncpg.InvalidAuthorizationSpecificationError):
            raise ConfigurationError(
                f"{self._name} refused the user or password of its database URL"
            ) from None
        except ValueError:
            raise ConfigurationError(
                f"{self._name}: the database URL cannot be read; it must look like "
                "postgresql://user@host:5432/database"
            ) from None
        except asyncpg.InvalidCatalogNameError:
            raise ConfigurationError(
                f"{self._name} has no database of the name in its URL"
            ) from None
        except asyncpg.QueryCanceledError:
            raise SourceTimeoutError(
                f"{self._name} cancelled {name!r} after {self._timeout_seconds:g} s"
            ) from None
        except TimeoutError as error:
            raise SourceTimeoutError(f"{self._name} did not answer {name!r} in time") from error
        except _CONNECTION_ERRORS as error:
            raise SourceUnavailableError(
                f"{self._name} cannot be reached ({type(error).__name__})"
            ) from None
        except asyncpg.PostgresError as error:
            raise SourceResponseError(
                f"{self._name} refused {name!r}: {type(error).__name__}, SQLSTATE {error.sqlstate}"
            ) from None
        except asyncpg.InterfaceError as error:
            raise SourceUnavailableError(
                f"{self._name} cannot be asked ({type(error).__name__})"
            ) from None
        return [dict(record) for record in records]

    async def close(self) -> None:
        if self._pool is not None:
            pool, self._pool = self._pool, None
            try:
                async with asyncio.timeout(2):
                    await pool.close()
            except TimeoutError:
                pool.terminate()

    async def _connected(self) -> Any:
        if self._pool is None:
            async with self._connecting:
                if self._pool is None:
                    settings = {
                        "application_name": "dictamesh",
                        "statement_timeout": str(int(self._timeout_seconds * 1000)),
                    }
                    if self._read_only:
                        settings["default_transaction_read_only"] = "on"
                    self._pool = await asyncpg.create_pool(
                        self._url,
                        min_size=0,
                        max_size=self._pool_size,
                        timeout=self._timeout_seconds,
                        command_timeout=self._timeout_seconds,
                        server_settings=settings,
                    )
        return self._pool


_CONNECTION_ERRORS = (
    OSError,
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.CannotConnectNowError,
)


@lru_cache(maxsize=512)
def _compile_for_asyncpg(statement: str) -> tuple[str, tuple[str, ...]]:
    """Turn `:name` into `$1`, and say which name each number stands for."""
    dialect = asyncpg_dialect()  # type: ignore[no-untyped-call] # SQLAlchemy leaves it unannotated
    compiled = text(statement).compile(dialect=dialect)
    return str(compiled), tuple(compiled.positiontup or ())


class _SqlAlchemyBackend:
    def __init__(self, name: str, url: str, pool_size: int) -> None:
        self._name = name
        try:
            parsed = async_url(url)
            pooled = {} if parsed.get_backend_name() == "sqlite" else {"pool_size": pool_size}
            self._engine: AsyncEngine = create_async_engine(parsed, hide_parameters=True, **pooled)
            self.dialect = parsed.get_backend_name()
        except (ArgumentError, NoSuchModuleError, SQLAlchemyError):
            raise ConfigurationError(
                f"{name}: the database URL must look like postgresql://user@host/database, or "
                "be one for an asyncio driver of SQLAlchemy (mysql+aiomysql://...)"
            ) from None
        except ModuleNotFoundError as error:
            raise ConfigurationError(
                f"{name}: the driver {error.name!r} of its database URL is not installed; "
                f"install it with: pip install {error.name}"
            ) from error

    async def run(self, statement: str, params: SqlParams, name: str) -> list[Row]:
        clause = text(statement)
        lists = [key for key, value in params.items() if isinstance(value, list | tuple)]
        if lists:
            clause = clause.bindparams(*(bindparam(key, expanding=True) for key in lists))
        try:
            async with self._engine.begin() as connection:
                result = await connection.execute(clause, dict(params))
                if not result.returns_rows:
                    return []
                return [dict(row) for row in result.mappings()]
        except PoolTimeoutError as error:
            raise SourceTimeoutError(f"{self._name} has no free connection") from error
        except DBAPIError as error:
            if error.connection_invalidated or _is_connection_error(error):
                raise SourceUnavailableError(f"{self._name} cannot be reached") from None
            raise SourceResponseError(
                f"{self._name} refused {name!r}: {type(error.orig).__name__}"
            ) from None
        except OSError as error:
            raise SourceUnavailableError(
                f"{self._name} cannot be reached ({type(error).__name__})"
            ) from None
        except SQLAlchemyError as error:
            raise SourceResponseError(
                f"statement {name!r} cannot be run on {self._name}: {type(error).__name__}"
            ) from None

    async def close(self) -> None:
        await self._engine.dispose()


_ASYNC_DRIVERS = {
    "postgresql": "asyncpg", "sqlite": "aiosqlite", "mysql": "aiomysql", "mariadb": "aiomysql",
}  # fmt: skip


def async_url(url: str) -> URL:
    """The parsed URL, with the asyncio driver of its database if it names no driver.

    Raises:
        ArgumentError: if it is no URL of a database.
    """
    parsed = make_url(url.replace("postgres://", "postgresql://", 1))
    driver = _ASYNC_DRIVERS.get(parsed.drivername)
    return parsed.set(drivername=f"{parsed.drivername}+{driver}") if driver else parsed


def _is_connection_error(error: DBAPIError) -> bool:
    """Whether the driver's error is about the connection rather than the statement."""
    original: BaseException | None = error.orig
    if isinstance(original, OSError):
        return True
    # The DB-API has one class for "no such table" and "cannot connect"; drivers tell by their text.
    words = str(original).lower()
    return any(
        word in words for word in ("unable to open", "can't connect", "connection", "gone away")
    )


def rows_by_key(rows: Sequence[Row], column: str) -> dict[str, list[Row]]:
    """Group rows by a column's value as text, in their order: one query for many parents."""
    grouped: dict[str, list[Row]] = {}
    for row in rows:
        grouped.setdefault(str(row[column]), []).append(row)
    return grouped
