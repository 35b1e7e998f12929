"""Entities that subgraphs answered before, so that an operation asks only for the others.

What is cached is one entity's part of one `_entities` call: the same representation, the same
selections and variables, on behalf of the same security context with the same forwarded headers.
Entries are found again for dropping by the tag `Type:<key value>` of every entity in them. That
makes a change of one entity drop exactly what holds a part of it.

An answer may be on its way while its entity changes. So drops are numbered: what was asked for
before a drop of one of its tags is not stored after it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any

import msgspec

from gateway.context import RequestContext
from gateway.executor.facts import SupergraphFacts, key_state, key_values
from gateway.executor.representations import Representations
from gateway.plan.nodes import FetchNode
from gateway.transport.base import JsonObject
from subgraph_kit.cache.base import Cache

EVERYTHING = "entity-cache"
"""The tag of all entries, by which `drop_all` finds them."""

_TRACING_HEADERS = frozenset(("traceparent", "tracestate", "baggage", "x-request-id", "b3"))
"""Forwarded headers that differ from request to request and do not change an answer."""

_REMEMBERED_DROPS = 10_000
"""Tags whose last drop is remembered; what is forgotten refuses everything from before it."""


@dataclass(frozen=True, slots=True)
class EntityCacheStats:
    """Counts of entities since the process started."""

    hits: int = 0
    misses: int = 0
    stored: int = 0
    refused: int = 0
    """Not stored, because a drop came while the answer was on its way."""
    drops: int = 0
    """Calls of `drop_entity` and `drop_all`."""
    dropped_entries: int = 0

    @property
    def hit_rate(self) -> float:
        """Hits per lookup, 0.0 before the first."""
        lookups = self.hits + self.misses
        return self.hits / lookups if lookups else 0.0


@dataclass(slots=True)
class CachedEntities:
    """The outcome of a lookup; hand it back to `EntityCache.store` with what was fetched."""

    subgraph: str
    keys: list[str]
    representations: list[JsonObject]
    generation: int
    found: dict[int, JsonObject] = field(default_factory=dict)
    missing: list[int] = field(default_factory=list)


class EntityCache:
    """Caches results of entity calls in `cache`, for `ttl_seconds` at most."""

    def __init__(self, cache: Cache, *, ttl_seconds: float = 300.0) -> None:
        self._cache = cache
        self._ttl_seconds = ttl_seconds
        self._generation = 0
        self._floor = 0
        self._dropped_at: dict[str, int] = {}
        self._hits = self._misses = self._stored = self._refused = 0
        self._drops = self._dropped_entries = 0

    async def lookup(
        self,
        context: RequestContext,
        fetch: FetchNode,
        variables: Mapping[str, Any],
        representations: Representations,
    ) -> CachedEntities:
        """Find what is cached; `variables` are those the fetch uses, without representations."""
        scope = _scope(context, fetch, variables)
        keys = [_entry_key(scope, text) for text in representations.texts]
        outcome = CachedEntities(fetch.subgraph, keys, representations.items, self._generation)
        values = await self._cache.get_many(keys)
        for index, key in enumerate(keys):
            entity = _decoded(values.get(key))
            if entity is None:
                outcome.missing.append(index)
            else:
                outcome.found[index] = entity
        self._hits += len(outcome.found)
        self._misses += len(outcome.missing)
        return outcome

    async def store(
        self,
        facts: SupergraphFacts,
        context: RequestContext,
        outcome: CachedEntities,
        entities: Mapping[int, JsonObject],
    ) -> None:
        """Store complete entities by their index in the lookup's representations."""
        items: dict[str, bytes] = {}
        tags: dict[str, list[str]] = {}
        for index, entity in entities.items():
            key, representation = outcome.keys[index], outcome.representations[index]
            names = sorted(set(_tags(facts, outcome.subgraph, representation, entity)))
            names.append(f"tenant:{context.security.tenant}")
            names.append(EVERYTHING)
            if self._was_dropped(names, outcome.generation):
                self._refused += 1
                continue
            items[key], tags[key] = msgspec.json.encode(entity), names
        if not items:
            return
        await self._cache.set_many(items, ttl_seconds=self._ttl_seconds, tags=tags)
        # A drop may have come while the entries were being written.
        stale = [key for key in items if self._was_dropped(tags[key], outcome.generation)]
        if stale:
            await self._cache.drop(stale)
        self._refused += len(stale)
        self._stored += len(items) - len(stale)

    async def drop_entity(self, entity_type: str, entity_id: str) -> int:
        """Drop every entry that holds a part of the entity; return how many there were.

        `entity_id` is the key's value, as text; the values of a composite key are joined by ",".
        """
        return await self._drop([f"{entity_type}:{entity_id}"])

    async def drop_tenant(self, tenant: str) -> int:
        """Drop every entry that was stored for a tenant."""
        return await self._drop([f"tenant:{tenant}"])

    async def drop_all(self) -> int:
        """Drop everything, as after a gap in the events."""
        return await self._drop([EVERYTHING])

    def stats(self) -> EntityCacheStats:
        """Counts since the process started."""
        return EntityCacheStats(
            self._hits,
            self._misses,
            self._stored,
            self._refused,
            self._drops,
            self._dropped_entries,
        )

    async def close(self) -> None:
        """Release the cache's connections."""
        await self._cache.close()

    async def _drop(self, tags: Sequence[str]) -> int:
        # Numbered first: a store that starts now belongs to a lookup from before the drop.
        self._generation += 1
        self._drops += 1
        for tag in tags:
            self._dropped_at.pop(tag, None)
            self._dropped_at[tag] = self._generation
        while len(self._dropped_at) > _REMEMBERED_DROPS:
            oldest = next(iter(self._dropped_at))
            self._floor = max(self._floor, self._dropped_at.pop(oldest))
        count = await self._cache.drop_tags(tags)
        self._dropped_entries += count
        return count

    def _was_dropped(self, tags: Iterable[str], since: int) -> bool:
        if since == self._generation:
            return False
        return self._floor > since or any(self._dropped_at.get(tag, 0) > since for tag in tags)


def _scope(context: RequestContext, fetch: FetchNode, variables: Mapping[str, Any]) -> bytes:
    headers = sorted(
        (name, value) for name, value in context.headers.items() if name not in _TRACING_HEADERS
    )
    parts = (context.security.cache_partition, headers, fetch.subgraph, fetch.operation, variables)
    return blake2b(msgspec.json.encode(parts), digest_size=32).digest()


def _entry_key(scope: bytes, representation: bytes) -> str:
    return "entity:" + blake2b(representation, key=scope, digest_size=20).hexdigest()


def _decoded(value: bytes | None) -> JsonObject | None:
    if value is None:
        return None
    try:
        entity = msgspec.json.decode(value)
    except msgspec.DecodeError:
        return None
    return entity if isinstance(entity, dict) else None


def _tags(
    facts: SupergraphFacts, subgraph: str, representation: JsonObject, entity: JsonObject
) -> Iterator[str]:
    """The entities that stand in an entry: the one asked for, and those inside the answer."""
    yield from _entity_tags(facts, subgraph, representation, representation["__typename"])
    true_name = entity.get("__typename")
    if isinstance(true_name, str) and true_name != representation["__typename"]:
        yield from _entity_tags(facts, subgraph, representation, true_name)
    stack: list[Any] = list(entity.values())
    while stack:
        value = stack.pop()
        if isinstance(value, list):
            stack.extend(value)
        elif isinstance(value, dict):
            type_name = value.get("__typename")
            if isinstance(type_name, str):
                yield from _entity_tags(facts, subgraph, value, type_name)
            stack.extend(value.values())


def _entity_tags(
    facts: SupergraphFacts, subgraph: str, value: JsonObject, type_name: str
) -> Iterator[str]:
    for key in facts.keys(subgraph, type_name):
        if key_state(value, key) == "complete":
            yield f"{type_name}:{','.join(key_values(value, key))}"
