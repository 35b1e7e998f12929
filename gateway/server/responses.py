"""Sending whole responses: JSON with the headers that every one of them has."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

import msgspec

from gateway.server.asgi_types import AsgiHeaders, Send
from gateway.server.negotiate import JSON

NO_STORE = (b"cache-control", b"no-store")
_NO_SNIFF = (b"x-content-type-options", b"nosniff")
_VARY = (b"vary", b"accept, accept-encoding")
_GZIP = (b"content-encoding", b"gzip")

encode_json = msgspec.json.Encoder().encode
"""Keeps integers beyond 64 bits as they are."""


def json_headers(
    media_type: str, length: int, extra: Mapping[str, str], *, gzip: bool = False
) -> AsgiHeaders:
    """The headers of a JSON answer of `length` bytes (as sent), and `extra` ones."""
    return [
        *json_headers_but_length(media_type, extra, gzip=gzip),
        (b"content-length", b"%d" % length),
    ]


def json_headers_but_length(
    media_type: str, extra: Mapping[str, str], *, gzip: bool = False
) -> tuple[tuple[bytes, bytes], ...]:
    """The headers of a JSON answer of any length."""
    headers = _of_every_answer(media_type, gzip)
    if extra:
        headers += tuple((name.encode(), value.encode("latin-1")) for name, value in extra.items())
    return headers


@lru_cache(maxsize=16)
def _of_every_answer(media_type: str, gzip: bool) -> tuple[tuple[bytes, bytes], ...]:
    content_type = (b"content-type", f"{media_type}; charset=utf-8".encode())
    headers = (content_type, NO_STORE, _NO_SNIFF, _VARY)
    return (*headers, _GZIP) if gzip else headers


async def send_json(
    send: Send, status: int, content: object, *, headers: Mapping[str, str] | None = None
) -> int:
    """Send `content` as application/json and return `status`."""
    body = encode_json(content)
    return await send_whole(send, status, body, json_headers(JSON, len(body), headers or {}))


async def send_whole(send: Send, status: int, body: bytes, headers: AsgiHeaders) -> int:
    """Send a whole answer and return `status`."""
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
    return status
