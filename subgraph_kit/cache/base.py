"""The cache as its users see it; `memory.py` (L1), `redis.py` (L2) and `layered.py` implement it.

Values are bytes: whoever caches decides on the encoding. Keys carry the tenant and the security
context where what they name depends on it. A cache that is down is a cache that misses: no
method raises for an unreachable backend, it counts and logs that instead.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class CacheStats:
    """Counts since the process started."""

    hits: int = 0
    misses: int = 0
    evictions: int = 0
    errors: int = 0

    @property
    def hit_rate(self) -> float:
        """Hits per lookup, 0.0 before the first."""
        lookups = self.hits + self.misses
        return self.hits / lookups if lookups else 0.0


class Cache(Protocol):
    """A key-value cache with expiry and with tags to drop by."""

    async def get_many(self, keys: Sequence[str]) -> dict[str, bytes]:
        """Return the values of those keys that are there and not expired."""
        ...

    async def set_many(
        self,
        items: Mapping[str, bytes],
        *,
        ttl_seconds: float,
        tags: Mapping[str, Sequence[str]] | None = None,
    ) -> None:
        """Store items; `tags` gives, per key, the tags by which `drop_tags` finds it."""
        ...

    async def drop(self, keys: Sequence[str]) -> int:
        """Remove keys; return how many were there."""
        ...

    async def drop_tags(self, tags: Sequence[str]) -> int:
        """Remove every key stored under one of the tags; return how many were there."""
        ...

    def stats(self) -> CacheStats:
        """Counts since the process started."""
        ...

    async def close(self) -> None:
        """Release connections."""
        ...
