"""Ask a server whether it is ready, without a client library: probes run many times a second."""

from __future__ import annotations

import asyncio

from subgraph_kit.embedded.child import Probe

PROBE_SECONDS = 2.0


def http_ok(port: int, path: str, *, host: str = "127.0.0.1") -> Probe:
    """A probe that is content when GET `path` is answered 200."""
    request = f"GET {path} HTTP/1.1\r\nHost: {host}:{port}\r\nConnection: close\r\n\r\n".encode()

    async def probe() -> bool:
        try:
            async with asyncio.timeout(PROBE_SECONDS):
                reader, writer = await asyncio.open_connection(host, port)
                try:
                    writer.write(request)
                    status = await reader.readline()
                finally:
                    writer.close()
        except (OSError, TimeoutError, ValueError):
            return False
        return status.split(b" ")[1:2] == [b"200"]

    return probe


def tcp_open(port: int, *, host: str = "127.0.0.1") -> Probe:
    """A probe that is content when somebody listens on the port."""

    async def probe() -> bool:
        try:
            async with asyncio.timeout(PROBE_SECONDS):
                _, writer = await asyncio.open_connection(host, port)
        except (OSError, TimeoutError):
            return False
        writer.close()
        return True

    return probe
