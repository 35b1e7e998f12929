"""Where a subgraph is reached: checked, and prepared once for all calls.

HttpTarget   what the configuration says
Route        that, with the request's head written and the origin whose connections it shares
"""

from __future__ import annotations

import base64
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal
from urllib.parse import unquote, urlsplit

from gateway.transport.base import SubgraphRequest
from gateway.transport.headers import ForwardedHeaders, header_lines, is_header_safe
from gateway.transport.request_body import encode_request_body

HttpVersion = Literal["1.1", "2"]


@dataclass(frozen=True, slots=True)
class HttpTarget:
    """Where one subgraph is reached, and how long a call may take.

    `url` is http or https; `timeout_seconds` counts from the call to the last byte of the answer,
    waiting for a connection included, and None leaves that to whoever calls (a second timer would
    cost as much as writing the request); `headers` are added to every request.
    """

    url: str
    timeout_seconds: float | None = 30.0
    connect_timeout_seconds: float = 5.0
    max_body_bytes: int = 64 * 1024 * 1024
    headers: Mapping[str, str] = field(default_factory=dict)
    ca_file: Path | None = None
    client_certificate_file: Path | None = None
    client_key_file: Path | None = None
    http_version: HttpVersion = "1.1"


class InvalidTargetError(ValueError):
    """A subgraph's URL or TLS setting cannot be used; the text says what to change."""


@dataclass(frozen=True, slots=True)
class Origin:
    """What has to be equal for two targets to share connections."""

    host: str
    port: int
    ca_file: Path | None
    client_certificate_file: Path | None
    client_key_file: Path | None
    is_tls: bool
    max_body_bytes: int
    connect_timeout_seconds: float


@dataclass(frozen=True, slots=True)
class Route:
    """A target, prepared: everything about a request that never changes.

    `headers` are those of every request, with lower-case names; `head` is the request line and
    these headers as HTTP/1.1 writes them.
    """

    target: HttpTarget
    origin: Origin
    headers: Mapping[str, str]
    head: bytes
    own_headers: frozenset[str]
    """Names of configured headers: they win over forwarded ones."""

    def forwarded(self, headers: Mapping[str, str]) -> Mapping[str, str]:
        """Those of a request's `headers` that go on beside the route's own."""
        if not self.own_headers or self.own_headers.isdisjoint(headers):
            return headers
        return {name: value for name, value in headers.items() if name not in self.own_headers}

    def request_bytes(self, request: SubgraphRequest) -> bytes:
        """The whole request in HTTP/1.1."""
        body = encode_request_body(request) if request.body is None else request.body
        return self.with_body(request.headers, body)

    def with_body(self, forwarded: Mapping[str, str], body: bytes) -> bytes:
        """The whole request in HTTP/1.1, of the headers to forward and the body as JSON."""
        headers = self.forwarded(forwarded) if self.own_headers else forwarded
        lines = headers.lines if isinstance(headers, ForwardedHeaders) else header_lines(headers)
        return b"%b%bcontent-length: %d\r\n\r\n%b" % (self.head, lines, len(body), body)


def prepare_route(name: str, target: HttpTarget) -> Route:
    """Check `target`, which belongs to the subgraph `name`, and prepare it.

    Raises:
        InvalidTargetError: if its URL or a header cannot be used.
    """
    try:
        parts = urlsplit(target.url)
        port = parts.port
    except ValueError as error:
        raise InvalidTargetError(
            f'The routing URL of subgraph "{name}" is no URL: {error}'
        ) from error
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise InvalidTargetError(
            f'The routing URL of subgraph "{name}" has to start with http:// or https:// and name '
            "a host"
        )
    is_tls = parts.scheme == "https"
    default_port = 443 if is_tls else 80
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    headers = {
        "host": host if port in (None, default_port) else f"{host}:{port}",
        "content-type": "application/json",
        "accept": "application/graphql-response+json, application/json;q=0.9",
        "accept-encoding": "gzip",
        "user-agent": "dictamesh-gateway",
    }
    if parts.username is not None:
        credentials = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
        headers["authorization"] = "Basic " + base64.b64encode(credentials.encode()).decode()
    configured = {key.lower(): value for key, value in target.headers.items()}
    own_headers = frozenset(configured)
    if parts.username is not None:
        own_headers |= {"authorization"}
    headers |= configured
    if not is_header_safe(path) or not path.isascii() or " " in path:
        raise InvalidTargetError(
            f'The routing URL of subgraph "{name}" has characters that must be percent-encoded'
        )
    for key, value in headers.items():
        if not is_header_safe(key + value):
            raise InvalidTargetError(
                f'The header "{key}" configured for subgraph "{name}" contains a line break or '
                "characters that HTTP headers cannot carry"
            )
    head = f"POST {path} HTTP/1.1\r\n" + "".join(f"{k}: {v}\r\n" for k, v in headers.items())
    return Route(
        target=target,
        origin=Origin(
            host=parts.hostname,
            port=port or default_port,
            ca_file=target.ca_file,
            client_certificate_file=target.client_certificate_file,
            client_key_file=target.client_key_file,
            is_tls=is_tls,
            max_body_bytes=target.max_body_bytes,
            connect_timeout_seconds=target.connect_timeout_seconds,
        ),
        headers=headers,
        head=head.encode("latin-1"),
        own_headers=own_headers,
    )


def tls_context(origin: Origin) -> ssl.SSLContext:
    """What `origin` says of certificates, read.

    Raises:
        OSError, ValueError: if a file cannot be read or used.
    """
    context = ssl.create_default_context(
        cafile=str(origin.ca_file) if origin.ca_file is not None else None
    )
    if origin.client_certificate_file is not None:
        context.load_cert_chain(origin.client_certificate_file, origin.client_key_file)
    return context
