"""What the gateway writes down of the operations it answers, for checks of a changed graph."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field, field_validator

from gateway.config.base import ConfigModel


class UsageSettings(ConfigModel):
    """Usage files: which operations which clients send how often; never variables or values."""

    directory: Path | None = None
    """Directory for usage files, shared by all workers; without it nothing is written."""
    interval_seconds: float = Field(default=60.0, ge=0.1, le=86_400)
    """How often counts are written; a gateway that is killed loses those since the last time."""
    max_file_bytes: int = Field(default=10_000_000, ge=10_000)
    """A file that has grown to this is put aside and a new one begun."""
    max_files: int = Field(default=10, ge=1, le=1000)
    """Files that are kept; the oldest goes."""
    max_operations: int = Field(default=10_000, ge=1, le=1_000_000)
    """Different documents by client that are counted between two writes; others are left out."""
    client_name_header: str = "apollographql-client-name"
    """Request header with the client's name."""
    client_version_header: str = "apollographql-client-version"
    """Request header with the client's version."""
    client_name: str = Field(default="unknown client", min_length=1, max_length=200)
    """Name of clients that do not say theirs."""

    @field_validator("client_name_header", "client_version_header")
    @classmethod
    def _lower(cls, name: str) -> str:
        return name.lower()
