"""L2: a cache in Redis, shared by replicas.

A Redis that is down, slow or broken is a cache that misses: nothing here raises for it. After a
failure it is left alone for a moment, so that an outage costs one time-out a second and not one
per request.

A tag is a sorted set under `<prefix>tag:<tag>`: its keys by the time they expire. So the set lives
as long as any key in it, and sheds expired keys whenever one is added.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TypeVar

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from subgraph_kit.cache.base import CacheStats
from subgraph_kit.errors import ConfigurationError

_log = structlog.get_logger(__name__)

T = TypeVar("T")

_TIMEOUT_SECONDS = 0.5
_REST_SECONDS = 1.0
_TAG_SCRIPT = """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
redis.call('ZADD', KEYS[1], now + ARGV[2], ARGV[1])
if redis.call('PTTL', KEYS[1]) < tonumber(ARGV[2]) then
  redis.call('PEXPIRE', KEYS[1], ARGV[2])
end
"""
_CHUNK = 1000
"""Keys per command, so that no single one blocks Redis for long."""


class RedisCache:
    """A `Cache` on the Redis at `url` (`redis://`, `rediss://`, `unix://`)."""

    def __init__(
        self,
        url: str,
        *,
        prefix: str = "dictamesh:",
        timeout_seconds: float = _TIMEOUT_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        try:
            self._redis: Redis = Redis.from_url(
                url,
                socket_timeout=timeout_seconds,
                socket_connect_timeout=timeout_seconds,
                decode_responses=False,
            )
        except (ValueError, RedisError):
            raise ConfigurationError(
                "the Redis URL cannot be read; it must look like redis://host:6379/0 or "
                "unix:///path/to/socket"
            ) from None
        self._prefix = prefix
        self._clock = clock
        self._rest_until = 0.0
        self._hits = 0
        self._misses = 0
        self._errors = 0

    async def get_many(self, keys: Sequence[str]) -> dict[str, bytes]:
        """Return the values that are there, in one round trip per thousand keys."""
        wanted = list(dict.fromkeys(keys))

        async def read() -> dict[str, bytes]:
            found: dict[str, bytes] = {}
            for chunk in _chunks(wanted):
                values = await self._redis.mget([self._prefix + key for key in chunk])
                pairs = zip(chunk, values, strict=True)
                found.update({key: value for key, value in pairs if isinstance(value, bytes)})
            return found

        nothing: dict[str, bytes] = {}
        found = await self._guarded(read, nothing) if wanted else nothing
        self._hits += len(found)
        self._misses += len(wanted) - len(found)
        return found

    async def set_many(
        self,
        items: Mapping[str, bytes],
        *,
        ttl_seconds: float,
        tags: Mapping[str, Sequence[str]] | None = None,
    ) -> None:
        """Store items, pipelined."""
        ttl_ms = int(ttl_seconds * 1000)
        if not items:
            return

        async def write() -> None:
            async with self._redis.pipeline(transaction=False) as pipe:
                for key, value in items.items():
                    if ttl_ms <= 0:
                        pipe.delete(self._prefix + key)
                        continue
                    # The tag comes first: a key that no tag finds could not be dropped by it.
                    for tag in (tags or {}).get(key, ()):
                        pipe.eval(_TAG_SCRIPT, 1, self._tag_name(tag), key, ttl_ms)
                    pipe.set(self._prefix + key, value, px=ttl_ms)
                await pipe.execute()

        await self._guarded(write, None)

    async def drop(self, keys: Sequence[str]) -> int:
        """Remove keys; return how many were there."""
        wanted = list(dict.fromkeys(keys))

        async def delete() -> int:
            dropped = 0
            for chunk in _chunks(wanted):
                dropped += await self._redis.unlink(*(self._prefix + key for key in chunk))
            return dropped

        return await self._guarded(delete, 0, insist=True) if wanted else 0

    async def drop_tags(self, tags: Sequence[str]) -> int:
        """Remove every key stored under one of the tags; return how many were there."""
        wanted = list(dict.fromkeys(tags))

        async def delete() -> int:
            keys: set[str] = set()
            async with self._redis.pipeline(transaction=False) as pipe:
                for tag in wanted:
                    pipe.zrange(self._tag_name(tag), 0, -1)
                for members in await pipe.execute():
                    keys.update(member.decode() for member in members)
            dropped = 0
            for chunk in _chunks(sorted(keys)):
                dropped += await self._redis.unlink(*(self._prefix + key for key in chunk))
            async with self._redis.pipeline(transaction=False) as pipe:
                for tag in wanted:
                    # Only what was read: a key that was added meanwhile keeps its tag.
                    for chunk in _chunks(sorted(keys)):
                        pipe.zrem(self._tag_name(tag), *chunk)
                await pipe.execute()
            return dropped

        return await self._guarded(delete, 0, insist=True) if wanted else 0

    def stats(self) -> CacheStats:
        """Counts since the process started; Redis evicts by itself, that is not counted here."""
        return CacheStats(hits=self._hits, misses=self._misses, errors=self._errors)

    async def close(self) -> None:
        """Release the connections."""
        await self._redis.aclose()

    def _tag_name(self, tag: str) -> str:
        return f"{self._prefix}tag:{tag}"

    async def _guarded(
        self, operation: Callable[[], Awaitable[T]], otherwise: T, *, insist: bool = False
    ) -> T:
        """Run `operation`, or answer `otherwise`.

        `insist` tries even right after a failure: a reader that misses loses time, a drop that is
        left out leaves something stale.
        """
        if not insist and self._clock() < self._rest_until:
            self._errors += 1
            return otherwise
        try:
            return await operation()
        except (RedisError, OSError, TimeoutError) as error:
            self._errors += 1
            if self._clock() >= self._rest_until:
                _log.warning("redis cache does not answer", error=type(error).__name__)
            self._rest_until = self._clock() + _REST_SECONDS
            return otherwise


def _chunks(keys: Sequence[str]) -> list[Sequence[str]]:
    return [keys[start : start + _CHUNK] for start in range(0, len(keys), _CHUNK)]
