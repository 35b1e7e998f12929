"""What the gateway keeps to be faster next time."""

from __future__ import annotations

from pydantic import Field, SecretStr

from gateway.config.base import ConfigModel


class OperationCacheSettings(ConfigModel):
    """Documents that were parsed, validated and planned before."""

    max_entries: int = Field(default=2_000, ge=1)
    """Most operations kept."""
    max_characters: int = Field(default=2_000_000, ge=1)
    """Most characters of all kept documents together; each may take up to 200 bytes of memory."""
    warm_up: int = Field(default=200, ge=0)
    """How many of the operations used last are planned before a new supergraph is taken over."""


class EntityCacheSettings(ConfigModel):
    """Answers to entity calls; dropped by change events, otherwise after `ttl_seconds`."""

    enabled: bool | None = None
    """Whether entities are cached; by default when there are events to keep the cache fresh."""
    ttl_seconds: float = Field(default=60.0, gt=0)
    """How long an entity is kept at most, and how stale it can be while events do not arrive."""
    max_entries: int = Field(default=100_000, ge=1)
    """Most entities in this process's memory."""
    max_bytes: int = Field(default=256 * 1024 * 1024, ge=1)
    """Most memory for them, approximately."""
    redis_url: SecretStr | None = None
    """redis:// URL of a cache shared by several gateways; memory alone without it."""
    key_prefix: str = "dictamesh:gateway:"
    """Put before every key in Redis."""


class CacheSettings(ConfigModel):
    """All caches."""

    operations: OperationCacheSettings = OperationCacheSettings()
    """Prepared operations with their plans."""
    entities: EntityCacheSettings = EntityCacheSettings()
    """Entities fetched from subgraphs."""
