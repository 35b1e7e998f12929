"""Where change events come from, by which cached entities are dropped."""

from __future__ import annotations

from pydantic import Field, SecretStr

from gateway.config.base import ConfigModel


class EventSettings(ConfigModel):
    """The event bus."""

    url: SecretStr | None = None
    """postgresql://..., kafka://host:port[,host:port]; without it no events are consumed."""
    topics: tuple[str, ...] = ("*.entity_changed",)
    """Topics with change events; `*` stands for any characters."""
    registry_url: SecretStr | None = None
    """Confluent-compatible schema registry; by default the schema shipped with this version."""
    reconnect_initial_seconds: float = Field(default=0.2, gt=0)
    """Wait before connecting again after the bus was lost."""
    reconnect_max_seconds: float = Field(default=10.0, gt=0)
    """Longest such wait."""
