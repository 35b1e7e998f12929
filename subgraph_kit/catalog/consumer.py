"""Keeps the catalog current from the event stream (row 57).

Events usually reach the catalog directly, from the dispatcher of the process that accepted the
change. This consumer applies what did not: events of other producers, of replayed topics, of the
time a catalog was away. `apply_event` is idempotent, so both may see the same event.
"""

from __future__ import annotations

from subgraph_kit.catalog.base import Catalog
from subgraph_kit.events.avro import EventCodec
from subgraph_kit.events.base import EventBus, Record
from subgraph_kit.events.consumer import EventConsumer
from subgraph_kit.events.model import EntityChangeEvent
from subgraph_kit.events.registry import CatalogRegistry
from subgraph_kit.events.topics import ENTITY_CHANGED_TOPICS

GROUP = "catalog"


class CatalogConsumer:
    """Applies every entity change to the catalog; `run` it as a task.

    What is no event, or can never be applied, goes to topic `system.dead_letter.catalog`.
    """

    def __init__(
        self,
        bus: EventBus,
        catalog: Catalog,
        *,
        codec: EventCodec | None = None,
        group: str = GROUP,
    ) -> None:
        self._catalog = catalog
        self._consumer = EventConsumer(
            bus,
            [ENTITY_CHANGED_TOPICS],
            group,
            self._apply,
            codec=codec or EventCodec(CatalogRegistry(catalog)),
        )

    def stop(self) -> None:
        """Let `run` return when the events in hand are applied."""
        self._consumer.stop()

    async def run(self) -> None:
        """Apply events until cancelled or stopped."""
        await self._consumer.run()

    async def _apply(self, event: EntityChangeEvent, record: Record) -> None:
        await self._catalog.apply_event(event)
