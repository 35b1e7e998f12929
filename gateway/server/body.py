"""Reading a request's body, no more of it than allowed."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping

from gateway.errors import RequestError
from gateway.server.asgi_types import Receive

_DRAIN_SECONDS = 1.0

BODY_HAS_COME = "dictamesh.body_has_come"
"""Scope key that is there once the whole body has come: nothing has to be waited for."""


class ClientGoneError(Exception):
    """The client closed the connection before its request was whole."""


async def read_body(headers: Mapping[bytes, bytes], receive: Receive, max_body_bytes: int) -> bytes:
    """Read the whole body.

    Raises:
        RequestError: with status 413 if it is larger than `max_body_bytes`.
        ClientGoneError: if the client leaves before it is whole.
    """
    announced = headers.get(b"content-length", b"")
    if announced.isdigit() and int(announced) > max_body_bytes:
        if b"expect" not in headers:  # Who asks before sending has not sent anything.
            await _drain(receive, max_body_bytes)
        raise _body_too_large(max_body_bytes)
    chunks: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientGoneError
        chunk: bytes = message.get("body", b"")
        size += len(chunk)
        if size > max_body_bytes:
            if message.get("more_body", False):
                await _drain(receive, max_body_bytes)
            raise _body_too_large(max_body_bytes)
        chunks.append(chunk)
        if not message.get("more_body", False):
            return b"".join(chunks) if len(chunks) > 1 else chunk


async def _drain(receive: Receive, max_bytes: int) -> None:
    """Read on for a moment and forget it.

    Closing a connection on which a client is still sending makes its system throw our answer away;
    it shall see the answer if it sends no more than twice what it may.
    """
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(_DRAIN_SECONDS):
            size = 0
            while size <= max_bytes:
                message = await receive()
                size += len(message.get("body", b""))
                if message["type"] == "http.disconnect" or not message.get("more_body", False):
                    return


def _body_too_large(max_body_bytes: int) -> RequestError:
    return RequestError(
        413,
        "BODY_TOO_LARGE",
        f"The request body is larger than {max_body_bytes} bytes",
        headers={"connection": "close"},  # What is still under way will not be read.
    )
