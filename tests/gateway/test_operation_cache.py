"""The cache of prepared operations is bounded whatever clients send."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gateway.operation_cache import OperationCache


def test_the_same_document_under_another_operation_name_is_another_entry() -> None:
    cache: OperationCache[int] = OperationCache(max_entries=10, max_characters=100)
    cache.put("doc", None, 1)
    cache.put("doc", "A", 2)
    assert (cache.get("doc", None), cache.get("doc", "A"), cache.get("doc", "B")) == (1, 2, None)


def test_the_least_recently_used_goes_first() -> None:
    cache: OperationCache[int] = OperationCache(max_entries=2, max_characters=100)
    cache.put("a", None, 1)
    cache.put("b", None, 2)
    cache.get("a", None)
    cache.put("c", None, 3)
    assert (cache.get("a", None), cache.get("b", None), cache.get("c", None)) == (1, None, 3)


def test_a_document_larger_than_the_whole_cache_is_not_kept() -> None:
    cache: OperationCache[int] = OperationCache(max_entries=10, max_characters=5)
    cache.put("a", None, 1)
    cache.put("x" * 6, None, 2)
    assert cache.get("x" * 6, None) is None
    assert cache.get("a", None) == 1


@given(st.lists(st.tuples(st.text("ab", max_size=8), st.none() | st.text("xy", max_size=3))))
def test_its_size_never_exceeds_its_bounds(puts: list[tuple[str, str | None]]) -> None:
    cache: OperationCache[int] = OperationCache(max_entries=4, max_characters=12)
    kept: dict[tuple[str, str | None], int] = {}
    for index, (document, name) in enumerate(puts):
        cache.put(document, name, index)
        kept[document, name] = index
        found = {key: cache.get(*key) for key in kept}
        held = {key: value for key, value in found.items() if value is not None}
        assert len(cache) == len(held) <= 4
        assert sum(len(d) + len(n or "") for d, n in held) <= 12
        assert all(kept[key] == value for key, value in held.items())
