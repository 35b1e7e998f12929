"""Records as rows of `bus_records` and back."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any

from subgraph_kit.events.base import Record


def record_from_row(topic: str, row: Any) -> Record:
    """Return the record that a row of `bus_records` holds."""
    return Record(
        topic=topic,
        key=row["record_key"],
        value=row["record_value"],
        headers=_headers_from_bytes(row["headers"]),
        partition=row["partition"],
        offset=row["record_offset"],
        timestamp=row["published_at"],
    )


def headers_to_bytes(headers: Mapping[str, bytes]) -> bytes | None:
    """Return headers as JSON: text where the value is ASCII, base64 in a list where it is not."""
    if not headers:
        return None
    return json.dumps(
        {
            name: value.decode() if value.isascii() else [base64.b64encode(value).decode()]
            for name, value in headers.items()
        }
    ).encode()


def _headers_from_bytes(data: bytes | None) -> dict[str, bytes]:
    if data is None:
        return {}
    return {
        name: value.encode() if isinstance(value, str) else base64.b64decode(value[0])
        for name, value in json.loads(data).items()
    }
