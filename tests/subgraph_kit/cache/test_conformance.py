"""Memory, Redis and both together do the same."""

import uuid
from collections.abc import AsyncIterator

import pytest

from subgraph_kit.cache.layered import LayeredCache
from subgraph_kit.cache.memory import MemoryCache
from subgraph_kit.cache.redis import RedisCache
from subgraph_kit.testing.cache import CacheConformance


def _redis(url: str) -> RedisCache:
    return RedisCache(url, prefix=f"{uuid.uuid4().hex}:")


class TestMemoryCache(CacheConformance):
    @pytest.fixture
    def cache(self) -> MemoryCache:
        return MemoryCache()


@pytest.mark.embedded
class TestRedisCache(CacheConformance):
    @pytest.fixture
    async def cache(self, redis_url: str) -> AsyncIterator[RedisCache]:
        cache = _redis(redis_url)
        yield cache
        await cache.close()


@pytest.mark.embedded
class TestLayeredCache(CacheConformance):
    @pytest.fixture
    async def cache(self, redis_url: str) -> AsyncIterator[LayeredCache]:
        cache = LayeredCache(MemoryCache(), _redis(redis_url))
        yield cache
        await cache.close()
