"""Where the gateway listens and what it serves to whom."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints

from gateway.config.base import ConfigModel

UrlPath = Annotated[str, StringConstraints(pattern=r"^/[A-Za-z0-9._~/-]*$")]


class ListenSettings(ConfigModel):
    """The address of the GraphQL endpoint."""

    host: str = "127.0.0.1"
    """Name or address to listen on; 0.0.0.0 for every IPv4 address of the machine."""
    port: int = Field(default=4000, ge=0, le=65535)
    """0 takes a free port, which the first log line names."""
    path: UrlPath = "/graphql"
    """Path of the GraphQL endpoint."""
    supergraph_path: UrlPath | None = None
    """Path at which anyone can read the supergraph's SDL, for checks; by default nowhere."""
    workers: int = Field(default=1, ge=1, le=256)
    """Processes that serve the port, one per core at most; each has caches of its own."""
    keep_alive_seconds: int = Field(default=75, ge=1, le=3600)
    """How long an idle connection of a client is kept open."""
    shutdown_grace_seconds: int = Field(default=10, ge=0, le=600)
    """How long running requests may take to end after SIGTERM."""


class GraphiqlSettings(ConfigModel):
    """The page shown to browsers that open the endpoint."""

    enabled: bool = True
    """Whether a browser gets GraphiQL at the endpoint's address."""


class CorsSettings(ConfigModel):
    """Which web pages of other origins may call the gateway; none by default."""

    allow_origins: tuple[str, ...] = ()
    """Origins such as https://app.example.com; `*` allows every page, without credentials."""
    allow_headers: tuple[str, ...] = ("content-type", "authorization")
    """Request headers such a page may set."""
    allow_credentials: bool = False
    """Whether the browser may send cookies along."""
    max_age_seconds: int = Field(default=600, ge=0)
    """How long the browser may remember the answer to its preflight request."""


class CompressionSettings(ConfigModel):
    """Answers in gzip, for clients that ask for it."""

    enabled: bool = True
    """Whether answers are compressed; switch it off where a proxy in front does it."""
    min_bytes: int = Field(default=1_024, ge=0)
    """Smaller answers are sent as they are."""
