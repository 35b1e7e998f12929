"""Logs as one JSON object per line, with the fields of row 82.

`timestamp`, `level`, `service`, `message`, `trace_id` (inside a span), and whatever the call adds:
`entity_id`, `duration_ms`. Libraries that log through the standard library come out in the same
form. Nobody may put an entity's data, a body, a variable or a credential into a log line; as a
last net, values under names that speak of secrets are masked here.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import MutableMapping
from typing import Any, TextIO

import structlog
from opentelemetry import trace
from structlog.types import Processor

_SECRET_WORDS = (
    "authorization", "password", "passwd", "secret", "token", "api_key", "apikey",
    "credential", "cookie", "dsn",
)  # fmt: skip


def configure_logging(service: str, level: str = "INFO", stream: TextIO | None = None) -> None:
    """Send all logs of this process as JSON lines to `stream` (default: standard error)."""
    number = logging.getLevelNamesMapping().get(level.upper(), logging.INFO)

    def add_service(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        event.setdefault("service", service)
        return event

    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        add_service,
        _add_trace_id,
        _mask_secrets,
        structlog.processors.format_exc_info,
        structlog.processors.EventRenamer("message"),
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared[:-1],
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared[:-1],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                shared[-1],
                structlog.processors.JSONRenderer(default=str),
            ],
        )
    )
    root = logging.getLogger()
    for old in root.handlers[:]:
        root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(number)
    # Each request of a client library at INFO, with its whole URL, is noise and may be private.
    for noisy in ("httpx", "httpcore", "asyncio", "aiokafka"):
        logging.getLogger(noisy).setLevel(max(number, logging.WARNING))


def _add_trace_id(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    context = trace.get_current_span().get_span_context()
    if context.is_valid:
        event["trace_id"] = trace.format_trace_id(context.trace_id)
        event["span_id"] = trace.format_span_id(context.span_id)
    return event


def _mask_secrets(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    for name in event:
        lower = name.lower()
        if any(word in lower for word in _SECRET_WORDS):
            event[name] = "***"
    return event
