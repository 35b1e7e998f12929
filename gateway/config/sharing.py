"""What requests that are in flight at the same time may share."""

from __future__ import annotations

from pydantic import Field

from gateway.config.base import ConfigModel


class SharingSettings(ConfigModel):
    """One call for equal questions; queries only, never across security contexts."""

    subgraph_requests: bool = True
    """Whether equal subgraph requests (document, variables, forwarded headers) share one call."""
    operations: bool = False
    """Whether equal operations of clients (the same, and forwarded headers) share one answer."""


class BatchingSettings(ConfigModel):
    """Entity calls of different operations, sent as one while a subgraph is busy with such."""

    enabled: bool = False
    """Whether they are."""
    window_seconds: float = Field(default=0.002, gt=0, le=0.01)
    """How long calls are gathered while one of their kind is in flight."""
    max_representations: int = Field(default=1_000, ge=2)
    """Most entities of one such call; a call that has more by itself is sent as it is."""
