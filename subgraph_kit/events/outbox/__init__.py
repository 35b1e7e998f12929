"""The outbox between a webhook's answer and what follows from it; see `base.py`."""

from subgraph_kit.events.outbox.base import Action, Outbox, OutboxBatch, OutboxEntry, Source
from subgraph_kit.events.outbox.dispatcher import OutboxDispatcher
from subgraph_kit.events.outbox.memory import MemoryOutbox
from subgraph_kit.events.outbox.postgres import PostgresOutbox

__all__ = [
    "Action",
    "MemoryOutbox",
    "Outbox",
    "OutboxBatch",
    "OutboxDispatcher",
    "OutboxEntry",
    "PostgresOutbox",
    "Source",
]
