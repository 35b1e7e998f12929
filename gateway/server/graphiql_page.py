"""GraphiQL for browsers: a page and its assets, shipped in the package.

No content delivery network and no inline script: the content security policy allows what comes
from this server and nothing else. `tools/graphiql` builds the assets.
"""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from gateway.server.asgi_types import AsgiHeaders

ASSETS = Path(__file__).parent / "graphiql"

_CONTENT_TYPES = {".js": b"text/javascript; charset=utf-8", ".css": b"text/css; charset=utf-8"}

CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        # The editor sets style attributes and inserts style elements while it works.
        "style-src 'self' 'unsafe-inline'",
        "font-src 'self' data:",
        "img-src 'self' data:",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)


@dataclass(frozen=True, slots=True)
class _Asset:
    content: bytes
    compressed: bytes
    content_type: bytes
    etag: bytes


class GraphiqlPage:
    """The page for the endpoint at `path`; its assets stand below it."""

    def __init__(self, path: str) -> None:
        base = f"{path.rstrip('/')}/assets/"
        # Relative, so that the page works behind a proxy that puts a prefix before the path.
        relative = f"{path.rsplit('/', 1)[-1] or '.'}/assets/"
        html = (ASSETS / "index.html").read_text(encoding="utf-8").replace("{{assets}}", relative)
        self.html = html.encode()
        self.html_headers: AsgiHeaders = [
            (b"content-type", b"text/html; charset=utf-8"),
            (b"content-length", str(len(self.html)).encode()),
            (b"content-security-policy", CONTENT_SECURITY_POLICY.encode()),
            (b"x-content-type-options", b"nosniff"),
            (b"referrer-policy", b"no-referrer"),
            (b"cache-control", b"no-store"),
            (b"vary", b"accept"),
        ]
        self._assets: dict[str, _Asset] = {
            base + file.name: _read_asset(file)
            for file in sorted(ASSETS.iterdir())
            if file.suffix in _CONTENT_TYPES
        }

    @property
    def asset_paths(self) -> list[str]:
        """The paths under which assets are served."""
        return list(self._assets)

    def asset(self, path: str, headers: Mapping[bytes, bytes]) -> tuple[bytes, AsgiHeaders, int]:
        """Return body, headers and status for one of `asset_paths`."""
        asset = self._assets[path]
        common: AsgiHeaders = [
            (b"etag", asset.etag),
            (b"cache-control", b"no-cache"),
            (b"vary", b"accept-encoding"),
        ]
        if asset.etag in headers.get(b"if-none-match", b""):
            return b"", common, 304
        body = asset.content
        if b"gzip" in headers.get(b"accept-encoding", b""):
            body = asset.compressed
            common.append((b"content-encoding", b"gzip"))
        common += [
            (b"content-type", asset.content_type),
            (b"content-length", str(len(body)).encode()),
            (b"x-content-type-options", b"nosniff"),
        ]
        return body, common, 200


def _read_asset(file: Path) -> _Asset:
    content = file.read_bytes()
    digest = hashlib.blake2b(content, digest_size=12).hexdigest()
    return _Asset(
        content=content,
        compressed=gzip.compress(content, 6, mtime=0),
        content_type=_CONTENT_TYPES[file.suffix],
        etag=f'"{digest}"'.encode(),
    )
