# ruff: noqa: S101 - a test class asserts
"""What every cache does, as a test class: subclass it and give the fixture `cache`."""

from __future__ import annotations

import asyncio

import pytest

from subgraph_kit.cache.base import Cache


class CacheConformance:
    """Run on memory, on Redis, and on both together."""

    @pytest.fixture
    def cache(self) -> Cache:
        """The cache under test, empty."""
        raise pytest.UsageError("give a fixture `cache` that returns an empty cache")

    async def test_returns_what_was_stored_and_nothing_else(self, cache: Cache) -> None:
        """Bytes come back as they were; unknown keys are left out."""
        stored = {"Customer:1": b"one", "Customer:2": bytes(range(256)), "Customer:3": b""}
        await cache.set_many(stored, ttl_seconds=60)
        assert await cache.get_many([*stored, "Customer:4"]) == stored
        assert await cache.get_many([]) == {}

    async def test_keys_may_be_any_text(self, cache: Cache) -> None:
        """Ids come from sources: spaces, line breaks, other scripts."""
        stored = {"T:a b": b"1", "T:ü\n漢": b"2", "T:" + "x" * 5000: b"3", "T:a:b*?[": b"4"}
        await cache.set_many(stored, ttl_seconds=60)
        assert await cache.get_many(list(stored)) == stored

    async def test_storing_again_replaces(self, cache: Cache) -> None:
        """The latest value wins."""
        await cache.set_many({"k": b"old"}, ttl_seconds=60)
        await cache.set_many({"k": b"new"}, ttl_seconds=60)
        assert await cache.get_many(["k"]) == {"k": b"new"}

    async def test_entries_expire(self, cache: Cache) -> None:
        """After `ttl_seconds` an entry is gone; others stay."""
        await cache.set_many({"short": b"1"}, ttl_seconds=0.05)
        await cache.set_many({"long": b"2"}, ttl_seconds=60)
        await asyncio.sleep(0.08)
        assert await cache.get_many(["short", "long"]) == {"long": b"2"}

    async def test_no_time_to_live_stores_nothing(self, cache: Cache) -> None:
        """A zero time to live replaces what is there by nothing."""
        await cache.set_many({"k": b"old"}, ttl_seconds=60)
        await cache.set_many({"k": b"new"}, ttl_seconds=0)
        assert await cache.get_many(["k"]) == {}

    async def test_drops_keys(self, cache: Cache) -> None:
        """Dropping removes those keys and says how many were there."""
        await cache.set_many({"a": b"1", "b": b"2", "c": b"3"}, ttl_seconds=60)
        assert await cache.drop(["a", "b", "nothing"]) == 2
        assert await cache.get_many(["a", "b", "c"]) == {"c": b"3"}
        assert await cache.drop(["a"]) == 0
        assert await cache.drop([]) == 0

    async def test_drops_by_tag(self, cache: Cache) -> None:
        """A tag finds every key stored under it, and no other."""
        await cache.set_many(
            {"a": b"1", "b": b"2", "c": b"3"},
            ttl_seconds=60,
            tags={"a": ["x"], "b": ["x", "y"], "c": ["z"]},
        )
        assert await cache.drop_tags(["x"]) == 2
        assert await cache.get_many(["a", "b", "c"]) == {"c": b"3"}
        assert await cache.drop_tags(["x", "y", "never"]) == 0

    async def test_several_tags_count_a_key_once(self, cache: Cache) -> None:
        """A key under two of the tags is one key."""
        await cache.set_many({"a": b"1"}, ttl_seconds=60, tags={"a": ["x", "y"]})
        assert await cache.drop_tags(["x", "y"]) == 1

    async def test_a_tag_lives_as_long_as_its_longest_key(self, cache: Cache) -> None:
        """A short-lived key under a tag does not make the tag forget a long-lived one."""
        await cache.set_many({"long": b"1"}, ttl_seconds=60, tags={"long": ["x"]})
        await cache.set_many({"short": b"2"}, ttl_seconds=0.05, tags={"short": ["x"]})
        await asyncio.sleep(0.08)
        assert await cache.drop_tags(["x"]) == 1
        assert await cache.get_many(["long"]) == {}

    async def test_thousands_of_keys_at_once(self, cache: Cache) -> None:
        """Batches have no limit a caller has to know."""
        stored = {f"k{number}": str(number).encode() for number in range(2500)}
        await cache.set_many(stored, ttl_seconds=60, tags={key: ["all"] for key in stored})
        assert await cache.get_many(list(stored)) == stored
        assert await cache.drop_tags(["all"]) == 2500
        assert await cache.get_many(list(stored)) == {}

    async def test_counts_hits_and_misses(self, cache: Cache) -> None:
        """Statistics are per key asked for."""
        before = cache.stats()
        await cache.set_many({"a": b"1"}, ttl_seconds=60)
        await cache.get_many(["a", "b", "c"])
        after = cache.stats()
        assert after.hits - before.hits == 1
        assert after.misses - before.misses == 2
