"""Where the supergraph comes from: a file that is watched.

A changed file is read, checked as a whole and only then taken over; what cannot be used is logged
with its reason, and the last good supergraph stays. Looking at the file once a second works
everywhere, on network file systems and for Kubernetes' symbolic links too, and costs nothing.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from pathlib import Path

import structlog

from gateway.errors import ConfigurationError
from gateway.transport.route import InvalidTargetError
from supergraph.model import InvalidSupergraphError

_log = structlog.get_logger(__name__)

MAX_SUPERGRAPH_BYTES = 100 * 1024 * 1024
"""Far beyond any real one; a wrong path (a disk image, a log) must not fill the memory."""

Apply = Callable[[str], Awaitable[None]]
"""Takes a supergraph SDL over, or raises and leaves everything as it was."""

_Signature = tuple[int, int, int]


class FileSupergraphSource:
    """Loads the SDL from `path` and hands it to `apply`, at the start and at every change."""

    def __init__(
        self,
        path: Path,
        apply: Apply,
        *,
        poll_seconds: float = 1.0,
        on_load: Callable[[str], None] = lambda outcome: None,
    ) -> None:
        self._path = path
        self._apply = apply
        self._poll_seconds = poll_seconds
        self._on_load = on_load
        self._signature: _Signature | None = None
        self._digest = b""
        self._asked = asyncio.Event()

    async def load(self) -> None:
        """Load for the first time.

        Raises:
            ConfigurationError: if there is no usable supergraph; the text says what to do.
        """
        self._signature = self._look()
        text = await asyncio.to_thread(self._read)
        try:
            await self._apply(text)
        except (InvalidSupergraphError, InvalidTargetError) as error:
            self._on_load("failed")
            raise ConfigurationError(f"{self._path}: {error}") from error
        self._digest = _digest(text)
        self._on_load("loaded")

    async def watch(self) -> None:
        """Take over changes, until cancelled."""
        while True:
            try:
                async with asyncio.timeout(self._poll_seconds):
                    await self._asked.wait()
            except TimeoutError:
                pass
            asked = self._asked.is_set()
            self._asked.clear()
            signature = self._look()
            if not asked and signature == self._signature:
                continue
            if signature is None and not asked:
                continue  # In the middle of being replaced; it will be back.
            self._signature = signature
            await self._reload(asked=asked)

    def reload_soon(self) -> None:
        """Look at the file now, even if it seems unchanged (SIGHUP)."""
        self._asked.set()

    async def _reload(self, *, asked: bool) -> None:
        try:
            text = await asyncio.to_thread(self._read)
            digest = _digest(text)
            if digest == self._digest:
                if asked:
                    _log.info("supergraph unchanged", file=self._path.name)
                return
            await self._apply(text)
        except Exception as error:
            # Whatever is wrong with the new one, the old one goes on serving.
            self._on_load("failed")
            expected = isinstance(
                error, ConfigurationError | InvalidSupergraphError | InvalidTargetError
            )
            _log.error(
                "supergraph not taken over; the last good one stays",
                file=self._path.name,
                reason=str(error) if expected else "unexpected error",
                exc_info=not expected,
            )
            return
        self._digest = digest
        self._on_load("loaded")
        _log.info("supergraph taken over", file=self._path.name, characters=len(text))

    def _look(self) -> _Signature | None:
        try:
            status = self._path.stat()
        except OSError:
            return None
        return status.st_mtime_ns, status.st_size, status.st_ino

    def _read(self) -> str:
        try:
            if self._path.stat().st_size > MAX_SUPERGRAPH_BYTES:
                raise ConfigurationError(
                    f"{self._path} is larger than {MAX_SUPERGRAPH_BYTES // 2**20} MiB; this cannot "
                    "be a supergraph"
                )
            return self._path.read_text(encoding="utf-8")
        except FileNotFoundError as error:
            raise ConfigurationError(
                f"The supergraph file {self._path} does not exist. Compose one with: "
                f"dictamesh supergraph compose --config supergraph.yaml --out {self._path}"
            ) from error
        except OSError as error:
            raise ConfigurationError(
                f"The supergraph file {self._path} cannot be read: {error.strerror}"
            ) from error
        except UnicodeDecodeError as error:
            raise ConfigurationError(f"{self._path} is not UTF-8 text") from error


def _digest(text: str) -> bytes:
    return hashlib.blake2b(text.encode(), digest_size=16).digest()
