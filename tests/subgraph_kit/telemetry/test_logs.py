"""Logs are JSON lines with the fields of row 82."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from subgraph_kit.telemetry.logs import configure_logging


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    noisy = {name: logging.getLogger(name).level for name in ("httpx", "httpcore", "asyncio")}
    stream = io.StringIO()
    configure_logging("people-subgraph", "INFO", stream)
    yield stream
    structlog.reset_defaults()
    root.handlers[:] = handlers
    root.setLevel(level)
    for name, old in noisy.items():
        logging.getLogger(name).setLevel(old)


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_a_line_has_the_agreed_fields(stream: io.StringIO) -> None:
    structlog.get_logger("kit").info("entity fetched", entity_id="1", duration_ms=45)
    [line] = lines(stream)
    assert line.pop("timestamp").endswith("Z")
    assert line == {
        "level": "info",
        "service": "people-subgraph",
        "message": "entity fetched",
        "entity_id": "1",
        "duration_ms": 45,
    }


def test_lines_of_libraries_look_the_same_and_noise_is_left_out(stream: io.StringIO) -> None:
    logging.getLogger("some.library").warning("odd: %s", 7)
    logging.getLogger("httpx").info("GET https://shop.example/?email=jane@example.com")
    structlog.get_logger("kit").debug("detail")
    assert [line["message"] for line in lines(stream)] == ["odd: 7"]


def test_secrets_are_masked_by_name(stream: io.StringIO) -> None:
    structlog.get_logger("kit").info("x", api_key="s3cret", webhook_secret="s3cret", dsn="s3cret")
    assert "s3cret" not in stream.getvalue()


def test_an_exception_is_one_line(stream: io.StringIO) -> None:
    try:
        raise ValueError("text\nof two lines")
    except ValueError:
        structlog.get_logger("kit").exception("failed")
    [line] = lines(stream)
    assert "ValueError" in line["exception"]


def test_an_unknown_level_is_info(stream: io.StringIO) -> None:
    configure_logging("s", "LOUD", stream)
    structlog.get_logger("kit").info("heard")
    assert [line["message"] for line in lines(stream)] == ["heard"]
