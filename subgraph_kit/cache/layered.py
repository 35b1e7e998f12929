"""L1 over L2: memory first, Redis for what memory has not, both kept alike (row 105).

Writes go through to both, drops reach both. In L2 a value stands in an envelope with its tags and
the time it expires, so that what L1 takes over from L2 is found by the same tags and lives no
longer. Dropping from other replicas' L1 is the events' work (`invalidation.py`).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence

import msgspec

from subgraph_kit.cache.base import Cache, CacheStats


class _Envelope(msgspec.Struct, array_like=True):
    expires_at: float
    """Seconds since the epoch: replicas share it."""
    tags: tuple[str, ...]
    value: bytes


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(_Envelope).decode


class LayeredCache:
    """A `Cache` of two caches; `l1_ttl_seconds` bounds how long L1 keeps anything.

    `wall_clock` gives seconds since the epoch.
    """

    def __init__(
        self,
        l1: Cache,
        l2: Cache,
        *,
        l1_ttl_seconds: float = 60.0,
        wall_clock: Callable[[], float] = time.time,
    ) -> None:
        self.l1 = l1
        self.l2 = l2
        self._l1_ttl_seconds = l1_ttl_seconds
        self._wall_clock = wall_clock
        self._drops = 0

    async def get_many(self, keys: Sequence[str]) -> dict[str, bytes]:
        """Look in L1, then in L2 for the rest; what L2 had is kept in L1."""
        found = await self.l1.get_many(keys)
        missing = [key for key in keys if key not in found]
        if not missing:
            return found
        drops = self._drops
        envelopes = await self.l2.get_many(missing)
        for key, raw in envelopes.items():
            try:
                envelope = _decode(raw)
            except msgspec.MsgspecError:
                continue  # written by someone else, or another version: a miss
            found[key] = envelope.value
            left = envelope.expires_at - self._wall_clock()
            # A drop that happened while L2 was read may have meant what was just read.
            if drops == self._drops:
                await self.l1.set_many(
                    {key: envelope.value},
                    ttl_seconds=min(left, self._l1_ttl_seconds),
                    tags={key: envelope.tags},
                )
        return found

    async def set_many(
        self,
        items: Mapping[str, bytes],
        *,
        ttl_seconds: float,
        tags: Mapping[str, Sequence[str]] | None = None,
    ) -> None:
        """Store in both."""
        expires_at = self._wall_clock() + ttl_seconds
        drops = self._drops
        envelopes = {
            key: _encode(_Envelope(expires_at, tuple((tags or {}).get(key, ())), value))
            for key, value in items.items()
        }
        await self.l2.set_many(envelopes, ttl_seconds=ttl_seconds, tags=tags)
        if drops == self._drops:
            await self.l1.set_many(
                items, ttl_seconds=min(ttl_seconds, self._l1_ttl_seconds), tags=tags
            )

    async def drop(self, keys: Sequence[str]) -> int:
        """Remove from both; return how many keys the fuller layer had."""
        # L2 first: what is read from it afterwards can only be new. Counted before and after: a
        # lookup that began on either side of the drop must not bring back what it read.
        self._drops += 1
        below = await self.l2.drop(keys)
        self._drops += 1
        return max(await self.l1.drop(keys), below)

    async def drop_tags(self, tags: Sequence[str]) -> int:
        """Remove by tags from both; return how many keys the fuller layer had."""
        self._drops += 1
        below = await self.l2.drop_tags(tags)
        self._drops += 1
        return max(await self.l1.drop_tags(tags), below)

    def stats(self) -> CacheStats:
        """Lookups of both together: a hit in either is a hit, a miss is a miss in both."""
        first, second = self.l1.stats(), self.l2.stats()
        return CacheStats(
            hits=first.hits + second.hits,
            misses=second.misses,
            evictions=first.evictions + second.evictions,
            errors=first.errors + second.errors,
        )

    async def close(self) -> None:
        """Close both."""
        await self.l1.close()
        await self.l2.close()
