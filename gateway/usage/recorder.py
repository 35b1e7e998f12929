"""Counts operations as they are answered; writes the counts beside the event loop.

A request costs one look into a dictionary. Everything is bounded: documents by number and by size,
clients by number, as both come from outside. What would go beyond is left out, and the log says so.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

import structlog

from gateway.config.usage import UsageSettings
from gateway.usage.files import UsageFiles
from gateway.usage.signature import Signature, signature_of

_log = structlog.get_logger(__name__)

MAX_CHARACTERS = 20_000_000
"""Of all documents that are counted between two writes."""

MAX_CLIENTS = 500
"""Different clients and versions between two writes; the rest are `other clients`."""

MAX_NAME_CHARACTERS = 100

OTHER_CLIENTS = "other clients"

_Key = tuple[str, str | None, str, str | None]
"""Document, operation name, client and version."""


class UsageRecorder:
    """Records usage in a directory."""

    def __init__(
        self,
        settings: UsageSettings,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        assert settings.directory is not None  # noqa: S101 - whoever makes one looked
        self._files = UsageFiles(
            settings.directory,
            max_file_bytes=settings.max_file_bytes,
            max_files=settings.max_files,
        )
        self._settings = settings
        self._name_header = settings.client_name_header.encode()
        self._version_header = settings.client_version_header.encode()
        self._now = now
        self._counts: Counter[_Key] = Counter()
        self._characters = 0
        self._clients: set[tuple[str, str | None]] = set()
        self._left_out = 0

    def count(
        self, document: str, operation_name: str | None, headers: Mapping[bytes, bytes]
    ) -> None:
        """Count one answered operation; `headers` are the request's, names in lower case."""
        client = _name(headers.get(self._name_header)) or self._settings.client_name
        version = _name(headers.get(self._version_header))
        if (client, version) not in self._clients:
            if len(self._clients) >= MAX_CLIENTS:
                client, version = OTHER_CLIENTS, None
            else:
                self._clients.add((client, version))
        key = (document, operation_name, client, version)
        if key not in self._counts:
            if (
                len(self._counts) >= self._settings.max_operations
                or self._characters + len(document) > MAX_CHARACTERS
            ):
                self._left_out += 1
                return
            self._characters += len(document)
        self._counts[key] += 1

    async def run(self) -> None:
        """Write counts down again and again, until cancelled."""
        while True:
            await asyncio.sleep(self._settings.interval_seconds)
            await self.flush()

    async def flush(self) -> None:
        """Write down what was counted. Never raises: usage is not worth a failed request."""
        counts, self._counts = self._counts, Counter()
        left_out, self._left_out = self._left_out, 0
        self._characters = 0
        self._clients.clear()
        if left_out:
            _log.warning("usage of some requests is not recorded: too many documents", of=left_out)
        if not counts:
            return
        try:
            await asyncio.to_thread(self._write, counts)
        except OSError as error:
            _log.warning("usage cannot be written", reason=error.strerror or str(error))
        except Exception:
            _log.exception("usage cannot be written")

    def _write(self, counts: Counter[_Key]) -> None:
        signatures: dict[tuple[str, str | None], Signature | None] = {}
        found: Counter[tuple[Signature, str, str | None]] = Counter()
        for (document, operation_name, client, version), count in counts.items():
            at = (document, operation_name)
            if at not in signatures:
                signatures[at] = signature_of(document, operation_name)
            signature = signatures[at]
            if signature is not None:
                found[signature, client, version] += count
        self._files.append(found, self._now().strftime("%Y-%m-%dT%H:%M:%SZ"))


def _name(value: bytes | None) -> str | None:
    """A client's name or version as a short text; it comes from outside."""
    if not value:
        return None
    text = value[: 4 * MAX_NAME_CHARACTERS].decode("utf-8", "replace")
    return "".join(c for c in text if c.isprintable())[:MAX_NAME_CHARACTERS].strip() or None
