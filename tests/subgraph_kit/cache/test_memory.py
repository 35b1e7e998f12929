"""L1's bounds."""

import asyncio

from hypothesis import given
from hypothesis import strategies as st

from subgraph_kit.cache.memory import MemoryCache
from subgraph_kit.testing.clock import FakeClock


async def test_the_least_recently_used_entry_leaves_first() -> None:
    cache = MemoryCache(max_entries=2)
    await cache.set_many({"a": b"1", "b": b"2"}, ttl_seconds=60)
    await cache.get_many(["a"])
    await cache.set_many({"c": b"3"}, ttl_seconds=60)
    assert await cache.get_many(["a", "b", "c"]) == {"a": b"1", "c": b"3"}
    assert cache.stats().evictions == 1


async def test_a_value_larger_than_the_cache_is_not_kept_and_evicts_nothing() -> None:
    cache = MemoryCache(max_bytes=1_000)
    await cache.set_many({"small": b"1"}, ttl_seconds=60)
    await cache.set_many({"large": b"x" * 2_000}, ttl_seconds=60)
    assert await cache.get_many(["small", "large"]) == {"small": b"1"}


async def test_time_to_live_follows_the_clock() -> None:
    clock = FakeClock()
    cache = MemoryCache(clock=clock)
    await cache.set_many({"a": b"1"}, ttl_seconds=300)
    clock.advance(299.9)
    assert await cache.get_many(["a"]) == {"a": b"1"}
    clock.advance(0.1)
    assert await cache.get_many(["a"]) == {}
    assert cache.stats().hit_rate == 0.5


_KEYS = st.sampled_from("abcdefgh")
_OPERATIONS = st.one_of(
    st.tuples(st.just("set"), _KEYS, st.binary(max_size=300), st.sampled_from(["x", "y"])),
    st.tuples(st.just("get"), _KEYS),
    st.tuples(st.just("drop"), _KEYS),
    st.tuples(st.just("drop_tag"), st.sampled_from(["x", "y"])),
    st.tuples(st.just("wait"), st.floats(0, 20)),
)


@given(st.lists(_OPERATIONS, max_size=60))
def test_never_answers_wrongly_and_never_outgrows_its_bounds(
    operations: list[tuple[object, ...]],
) -> None:
    """Against a model without bounds: what is there is right, and there is never too much."""

    async def run() -> None:
        clock = FakeClock(0.0)
        cache = MemoryCache(max_entries=4, max_bytes=1_500, clock=clock)
        model: dict[str, tuple[bytes, float, str]] = {}
        for operation in operations:
            match operation:
                case ("set", str() as key, bytes() as value, str() as tag):
                    await cache.set_many({key: value}, ttl_seconds=30, tags={key: [tag]})
                    model[key] = (value, clock.now + 30, tag)
                case ("get", str() as key):
                    found = await cache.get_many([key])
                    if found:
                        assert found[key] == model[key][0]
                        assert model[key][1] > clock.now
                case ("drop", str() as key):
                    await cache.drop([key])
                    model.pop(key, None)
                case ("drop_tag", str() as tag):
                    await cache.drop_tags([tag])
                    model = {k: entry for k, entry in model.items() if entry[2] != tag}
                case ("wait", float() as seconds):
                    clock.advance(seconds)
                case _:
                    raise AssertionError(operation)
            assert len(cache._entries) <= 4
            assert sum(entry.size for entry in cache._entries.values()) == cache._bytes <= 1_500
            tagged = {key for keys in cache._keys_by_tag.values() for key in keys}
            assert tagged == set(cache._entries)
            assert set(cache._entries) <= set(model)

    asyncio.run(run())
