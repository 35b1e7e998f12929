"""L1: a cache in this process's memory, bounded by entries and by bytes.

The least recently used entry leaves first. An expired entry is a miss when it is asked for, and
leaves when the bounds need its place.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from subgraph_kit.cache.base import CacheStats

_ENTRY_OVERHEAD_BYTES = 200
"""What CPython needs per entry beside key and value, so that a million tiny ones count."""


@dataclass(slots=True)
class _Entry:
    value: bytes
    expires_at: float
    tags: tuple[str, ...]
    size: int


class MemoryCache:
    """A `Cache` for one event loop. `clock` gives seconds and never goes back."""

    def __init__(
        self,
        *,
        max_entries: int = 50_000,
        max_bytes: int = 64 * 1024 * 1024,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._max_entries = max_entries
        self._max_bytes = max_bytes
        self._clock = clock
        self._entries: OrderedDict[str, _Entry] = OrderedDict()
        self._keys_by_tag: dict[str, set[str]] = {}
        self._bytes = 0
        self._hits = 0
        self._misses = 0
        self._evictions = 0

    async def get_many(self, keys: Sequence[str]) -> dict[str, bytes]:
        """Return the values that are there; those become the most recently used."""
        now = self._clock()
        found: dict[str, bytes] = {}
        for key in keys:
            entry = self._entries.get(key)
            if entry is None:
                continue
            if entry.expires_at <= now:
                self._remove(key)
                continue
            self._entries.move_to_end(key)
            found[key] = entry.value
        self._hits += len(found)
        self._misses += len(set(keys)) - len(found)
        return found

    async def set_many(
        self,
        items: Mapping[str, bytes],
        *,
        ttl_seconds: float,
        tags: Mapping[str, Sequence[str]] | None = None,
    ) -> None:
        """Store items; one that is larger than the whole cache is not stored."""
        expires_at = self._clock() + ttl_seconds
        for key, value in items.items():
            self._remove(key)
            key_tags = tuple((tags or {}).get(key, ()))
            size = len(key) + len(value) + sum(map(len, key_tags)) + _ENTRY_OVERHEAD_BYTES
            if ttl_seconds <= 0 or size > self._max_bytes:
                continue
            self._entries[key] = _Entry(value, expires_at, key_tags, size)
            self._bytes += size
            for tag in key_tags:
                self._keys_by_tag.setdefault(tag, set()).add(key)
        while len(self._entries) > self._max_entries or self._bytes > self._max_bytes:
            self._remove(next(iter(self._entries)))
            self._evictions += 1

    async def drop(self, keys: Sequence[str]) -> int:
        """Remove keys; return how many were there."""
        return sum(self._remove(key) for key in keys)

    async def drop_tags(self, tags: Sequence[str]) -> int:
        """Remove every key stored under one of the tags; return how many were there."""
        keys = {key for tag in tags for key in self._keys_by_tag.get(tag, ())}
        return await self.drop(list(keys))

    def stats(self) -> CacheStats:
        """Counts since the process started; this cache has no errors."""
        return CacheStats(self._hits, self._misses, self._evictions)

    async def clear(self) -> None:
        """Forget everything."""
        self._entries.clear()
        self._keys_by_tag.clear()
        self._bytes = 0

    async def close(self) -> None:
        """Forget everything."""
        await self.clear()

    def _remove(self, key: str) -> bool:
        entry = self._entries.pop(key, None)
        if entry is None:
            return False
        self._bytes -= entry.size
        for tag in entry.tags:
            keys = self._keys_by_tag.get(tag)
            if keys is not None:
                keys.discard(key)
                if not keys:
                    del self._keys_by_tag[tag]
        return entry.expires_at > self._clock()
