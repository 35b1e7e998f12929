"""How subgraphs are called: for all of them, and what is different for one."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, FilePath, SecretStr

from gateway.config.base import ConfigModel
from gateway.config.sharing import BatchingSettings


class RetrySettings(ConfigModel):
    """Retries of queries that got no answer, or status 502, 503 or 504; never of mutations."""

    max_attempts: int = Field(default=2, ge=1, le=10)
    """Attempts including the first; 1 switches retries off."""
    initial_seconds: float = Field(default=0.05, gt=0)
    """Wait before the second attempt; shortened at random to between half and all of it."""
    max_seconds: float = Field(default=1.0, gt=0)
    """Longest wait between two attempts."""
    multiplier: float = Field(default=2.0, ge=1)
    """How much longer each wait is than the one before."""


class BreakerSettings(ConfigModel):
    """When a subgraph that keeps failing is left alone for a while."""

    failure_threshold: int = Field(default=20, ge=1)
    """The breaker opens at more failures than this within the window ..."""
    error_rate_threshold: float = Field(default=0.5, gt=0, le=1)
    """... if they are also more than this part of the calls."""
    window_seconds: float = Field(default=10.0, gt=0)
    """Length of the sliding window."""
    open_seconds: float = Field(default=5.0, gt=0)
    """How long nothing is sent before one call tries again."""
    success_threshold: int = Field(default=1, ge=1)
    """Successful tries that close the breaker."""


class TransportSettings(ConfigModel):
    """Calls to every subgraph, unless `subgraphs.<name>` says otherwise."""

    timeout_seconds: float = Field(default=30.0, gt=0)
    """Whole call, retries and waiting for a connection included."""
    connect_timeout_seconds: float = Field(default=5.0, gt=0)
    """Opening a connection, TLS included."""
    max_body_bytes: int = Field(default=64 * 1024 * 1024, ge=1)
    """Largest answer, after decompression."""
    http_version: Literal["1.1", "2"] = "1.1"
    """The protocol: "2" lets calls share connections, which pays for subgraphs that are far away.
    It needs `dictamesh[http2]`; over https a subgraph may still answer in HTTP/1.1."""
    max_connections: int = Field(default=256, ge=1)
    """Most open connections to one address; with HTTP/2, most calls in flight."""
    idle_seconds: float = Field(default=30.0, gt=0)
    """How long an unused connection is kept open."""
    retry: RetrySettings = RetrySettings()
    """When a call is tried again."""
    breaker: BreakerSettings = BreakerSettings()
    """When calls are not even tried."""
    batching: BatchingSettings = BatchingSettings()
    """When entity calls of different operations become one."""


class SubgraphTlsSettings(ConfigModel):
    """Certificates for one subgraph; by default the system's authorities are trusted."""

    ca_file: FilePath | None = None
    """PEM file with the authorities to trust instead of the system's (with HTTP/2: besides)."""
    client_certificate_file: FilePath | None = None
    """PEM file with the gateway's own certificate (and key, unless the next says where)."""
    client_key_file: FilePath | None = None
    """PEM file with the key of that certificate."""


class SubgraphSettings(ConfigModel):
    """What is different for one subgraph."""

    url: str | None = None
    """Where it is called, instead of the routing URL in the supergraph."""
    timeout_seconds: float | None = Field(default=None, gt=0)
    """As in `transport`."""
    connect_timeout_seconds: float | None = Field(default=None, gt=0)
    """As in `transport`."""
    max_body_bytes: int | None = Field(default=None, ge=1)
    """As in `transport`."""
    http_version: Literal["1.1", "2"] | None = None
    """As in `transport`."""
    headers: dict[str, SecretStr] = Field(default_factory=dict)
    """Headers added to every request to it; they win over forwarded ones."""
    tls: SubgraphTlsSettings = SubgraphTlsSettings()
    """Certificates."""
