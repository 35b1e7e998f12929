"""Are the servers there that were given instead of embedded ones? A sentence if not."""

from __future__ import annotations

import asyncpg
from redis.asyncio import Redis
from redis.exceptions import RedisError

from subgraph_kit.embedded import tcp_open
from subgraph_kit.errors import ConfigurationError

PATIENCE_SECONDS = 5.0


async def check_postgres(dsn: str) -> None:
    """Log in once.

    Raises:
        ConfigurationError: if that does not work.
    """
    try:
        connection = await asyncpg.connect(dsn, timeout=PATIENCE_SECONDS)
    except (OSError, ValueError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        raise _unreachable("PostgreSQL", "--catalog-dsn", error) from error
    await connection.close()


async def check_redis(url: str) -> None:
    """Ask it once.

    Raises:
        ConfigurationError: if that does not work.
    """
    try:
        client = Redis.from_url(url, socket_connect_timeout=PATIENCE_SECONDS)
        try:
            await client.ping()
        finally:
            await client.aclose()
    except (OSError, ValueError, RedisError) as error:
        raise _unreachable("Redis", "--redis-url", error) from error


async def check_kafka(addresses: str | None) -> None:
    """See whether one of the bootstrap servers listens.

    Raises:
        ConfigurationError: if none does.
    """
    if addresses is None:
        return
    for address in addresses.split(","):
        host, _, port = address.rpartition(":")
        if await tcp_open(int(port), host=host)():
            return
    raise _unreachable("Kafka", "--kafka")


def _unreachable(server: str, option: str, error: Exception | None = None) -> ConfigurationError:
    why = f" ({type(error).__name__})" if error else ""
    return ConfigurationError(
        f"The {server} given with {option} cannot be reached{why}. "
        "Check the address, or leave the option out to use the embedded server."
    )
