"""From an address to an event bus."""

from __future__ import annotations

from urllib.parse import urlsplit

from subgraph_kit.errors import ConfigurationError
from subgraph_kit.events.base import EventBus


async def connect_bus(url: str) -> EventBus:
    """Return the event bus at `url`, connected.

        postgresql://user:password@host:5432/database     the log in the catalog's PostgreSQL
        kafka://host:9092,host2:9092                      Apache Kafka or Redpanda
        memory://                                         this process only, nothing is kept

    Kafka's security settings are parameters of the address or environment variables, see
    `kafka.kafka_settings`.

    Raises:
        ConfigurationError: if the address is none of these, or an extra is missing.
        RetriableError: if the server does not answer.
    """
    match urlsplit(url).scheme:
        case "memory":
            from subgraph_kit.events.memory import MemoryBus

            return MemoryBus()
        case "postgresql" | "postgres":
            from subgraph_kit.events.postgres import PostgresBus

            bus = PostgresBus(url)
            try:
                await bus.open()
            except BaseException:
                await bus.close()
                raise
            return bus
        case "kafka" | "kafka+ssl":
            from subgraph_kit.events.kafka import KafkaBus, kafka_settings

            kafka = KafkaBus(kafka_settings(url))
            try:
                await kafka.open()
            except BaseException:
                await kafka.close()
                raise
            return kafka
        case scheme:
            raise ConfigurationError(
                f"no event bus has addresses starting with {scheme or 'nothing'!r}; use"
                " postgresql://..., kafka://host:port or memory://"
            )
