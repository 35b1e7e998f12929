"""Logs, traces and metrics."""

from __future__ import annotations

from typing import Literal

from gateway.config.base import ConfigModel


class TelemetrySettings(ConfigModel):
    """What the gateway tells about its work."""

    service_name: str = "dictamesh-gateway"
    """Name in logs and traces."""
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    """Least important log lines that are written."""
    log_requests: bool = False
    """Whether every request gets a log line (never with variables)."""
    otlp_endpoint: str | None = None
    """Base URL of an OpenTelemetry collector (OTLP over HTTP); no traces without it."""
    metrics: bool = True
    """Whether /metrics is served."""
