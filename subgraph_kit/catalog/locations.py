"""Remembers where entities are, for ten minutes (row 55)."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable

from subgraph_kit.catalog.base import EntityLocation

LOCATION_TTL_SECONDS = 600.0
_MAX_ENTRIES = 10_000


class LocationCache:
    """Locations by entity type and id; the one not asked for longest goes first."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._entries: OrderedDict[tuple[str, str], tuple[float, EntityLocation]] = OrderedDict()

    def get(self, entity_type: str, entity_id: str) -> EntityLocation | None:
        """Return the location if it is known and not too old."""
        key = (entity_type, entity_id)
        found = self._entries.get(key)
        if found is None:
            return None
        expires_at, location = found
        if self._clock() >= expires_at:
            del self._entries[key]
            return None
        self._entries.move_to_end(key)
        return location

    def put(self, entity_type: str, entity_id: str, location: EntityLocation) -> None:
        """Remember a location."""
        self._entries[entity_type, entity_id] = (self._clock() + LOCATION_TTL_SECONDS, location)
        self._entries.move_to_end((entity_type, entity_id))
        if len(self._entries) > _MAX_ENTRIES:
            self._entries.popitem(last=False)

    def forget(self, entity_type: str, entity_id: str) -> None:
        """Drop a location that may have changed."""
        self._entries.pop((entity_type, entity_id), None)
