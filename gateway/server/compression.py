"""Compressing answers for clients that ask for it (RFC 9110, section 12.5.3)."""

from __future__ import annotations

import asyncio
import zlib
from functools import lru_cache

_GZIP = 16 + zlib.MAX_WBITS
_LEVEL = 1
"""JSON shrinks to a tenth already; the next levels cost twice the time for a few percent."""

_IN_THREAD_BYTES = 64 * 1024
"""From here on compressing takes longer than a thread takes to start with it."""


async def gzip_body(body: bytes) -> bytes:
    """Compress `body`; a large one beside the event loop."""
    if len(body) < _IN_THREAD_BYTES:
        return _compressed(body)
    return await asyncio.to_thread(_compressed, body)


def _compressed(body: bytes) -> bytes:
    compressor = zlib.compressobj(_LEVEL, zlib.DEFLATED, _GZIP)
    return compressor.compress(body) + compressor.flush()


@lru_cache(maxsize=512)
def accepts_gzip(accept_encoding: bytes) -> bool:
    """Whether a client with this `Accept-Encoding` wants gzip."""
    wanted = any_other = 0.0
    named = False
    for item in accept_encoding.decode("latin-1").lower().split(",")[:64]:
        coding, *parameters = (part.strip() for part in item.split(";"))
        quality = 1.0
        for parameter in parameters:
            name, _, value = parameter.partition("=")
            if name.strip() == "q":
                try:
                    quality = float(value)
                except ValueError:
                    quality = 0.0
        if coding in ("gzip", "x-gzip"):
            named, wanted = True, max(wanted, quality)
        elif coding == "*":
            any_other = quality
    return (wanted if named else any_other) > 0
