"""L2: an outage is a miss."""

import asyncio
import time
import uuid

import pytest
import structlog
from redis.asyncio import Redis

from subgraph_kit.cache.layered import LayeredCache
from subgraph_kit.cache.memory import MemoryCache
from subgraph_kit.cache.redis import RedisCache
from subgraph_kit.errors import ConfigurationError
from subgraph_kit.testing.clock import FakeClock
from tests.testkit.servers import ReceivedRequest, answering, serve


async def test_a_redis_that_is_not_there_is_a_cache_that_misses() -> None:
    async with serve(answering(b"")) as server:
        port = server.port
    with structlog.testing.capture_logs() as logs:
        cache = RedisCache(f"redis://:s3cret@127.0.0.1:{port}/0")
        await cache.set_many({"a": b"1"}, ttl_seconds=60, tags={"a": ["t"]})
        assert await cache.get_many(["a"]) == {}
        assert await cache.drop(["a"]) == 0
        assert await cache.drop_tags(["t"]) == 0
        await cache.close()
    assert cache.stats().errors == 4
    assert cache.stats().misses == 1
    assert [log["event"] for log in logs] == ["redis cache does not answer"]
    assert "s3cret" not in repr(logs)


async def test_a_redis_that_hangs_costs_one_time_out_and_not_one_per_lookup() -> None:
    async def hang(_: ReceivedRequest, __: object) -> None:
        return None

    async with serve(hang) as server:
        clock = FakeClock()
        cache = RedisCache(f"redis://127.0.0.1:{server.port}/0", timeout_seconds=0.1, clock=clock)
        started = time.perf_counter()
        for _ in range(50):
            assert await cache.get_many(["a"]) == {}
        assert time.perf_counter() - started < 1
        assert cache.stats().errors == 50
        await cache.close()


@pytest.mark.embedded
async def test_serves_again_when_redis_is_back(redis_url: str) -> None:
    clock = FakeClock()
    cache = RedisCache(redis_url, prefix=f"{uuid.uuid4().hex}:", clock=clock)
    cache._rest_until = clock.now + 1
    assert await cache.get_many(["a"]) == {}
    assert cache.stats().errors == 1
    clock.advance(1)
    await cache.set_many({"a": b"1"}, ttl_seconds=60)
    assert await cache.get_many(["a"]) == {"a": b"1"}
    await cache.close()


@pytest.mark.parametrize("url", ["nonsense", "http://localhost"])
def test_a_url_that_cannot_be_read_says_what_one_looks_like(url: str) -> None:
    with pytest.raises(ConfigurationError, match="redis://host:6379/0"):
        RedisCache(url)


@pytest.mark.embedded
async def test_every_key_stands_under_the_prefix_and_expires(redis_url: str) -> None:
    prefix = f"{uuid.uuid4().hex}:"
    cache = RedisCache(redis_url, prefix=prefix)
    await cache.set_many({"a": b"1"}, ttl_seconds=60, tags={"a": ["t"]})
    async with Redis.from_url(redis_url) as redis:
        keys = [key.decode() async for key in redis.scan_iter(f"{prefix}*")]
        assert sorted(keys) == [f"{prefix}a", f"{prefix}tag:t"]
        for key in keys:
            assert 0 < await redis.pttl(key) <= 60_000
    await cache.close()


@pytest.mark.embedded
async def test_a_tag_sheds_keys_that_expired(redis_url: str) -> None:
    prefix = f"{uuid.uuid4().hex}:"
    cache = RedisCache(redis_url, prefix=prefix)
    for number in range(20):
        await cache.set_many({f"k{number}": b"1"}, ttl_seconds=0.001, tags={f"k{number}": ["t"]})
    await asyncio.sleep(0.02)
    await cache.set_many({"last": b"1"}, ttl_seconds=60, tags={"last": ["t"]})
    await cache.close()
    async with Redis.from_url(redis_url) as redis:
        assert await redis.zrange(f"{prefix}tag:t", 0, -1) == [b"last"]


# --- Two layers ----------------------------------------------------------------------------------


@pytest.mark.embedded
async def test_what_one_replica_stored_another_finds_with_tags_and_remaining_life(
    redis_url: str,
) -> None:
    clock = FakeClock()
    shared = f"{uuid.uuid4().hex}:"

    def replica() -> LayeredCache:
        return LayeredCache(
            MemoryCache(clock=clock), RedisCache(redis_url, prefix=shared), wall_clock=clock
        )

    one, two = replica(), replica()
    await one.set_many({"a": b"1"}, ttl_seconds=40, tags={"a": ["t"]})
    clock.advance(30)
    assert await two.get_many(["a"]) == {"a": b"1"}
    assert await two.l1.get_many(["a"]) == {"a": b"1"}
    clock.advance(10)
    assert await two.l1.get_many(["a"]) == {}, "L1 kept it longer than it was good for"
    assert await two.get_many(["a"]) == {"a": b"1"}, "Redis has a clock of its own"
    assert await two.drop_tags(["t"]) == 1
    assert await one.l2.get_many(["a"]) == {}
    await one.close()
    await two.close()


@pytest.mark.embedded
async def test_with_redis_away_the_memory_still_caches() -> None:
    async with serve(answering(b"")) as server:
        port = server.port
    cache = LayeredCache(MemoryCache(), RedisCache(f"redis://127.0.0.1:{port}/0"))
    await cache.set_many({"a": b"1"}, ttl_seconds=60)
    assert await cache.get_many(["a", "b"]) == {"a": b"1"}
    assert await cache.drop(["a"]) == 1
    await cache.close()


async def test_a_lookup_that_overlaps_a_drop_brings_nothing_stale_back() -> None:
    class SlowL2(MemoryCache):
        """Lets the test drop while a lookup is on its way back."""

        async def get_many(self, keys: object) -> dict[str, bytes]:
            found = await super().get_many(keys)  # type: ignore[arg-type] # passed through
            await layered.drop(["a"])
            return found

    l1, l2 = MemoryCache(), SlowL2()
    layered = LayeredCache(l1, l2)
    await layered.set_many({"a": b"stale"}, ttl_seconds=60)
    await l1.clear()
    await layered.get_many(["a"])
    assert await l1.get_many(["a"]) == {}


async def test_what_is_no_envelope_is_a_miss() -> None:
    l2 = MemoryCache()
    await l2.set_many({"a": b"written by somebody else"}, ttl_seconds=60)
    assert await LayeredCache(MemoryCache(), l2).get_many(["a"]) == {}
