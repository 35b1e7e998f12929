"""Subgraph calls over HTTP/1.1: `HttpSubgraphClient`.

A call is one POST with a JSON body on a pooled keep-alive connection. Time-outs, limits and the one
safe retry live here; breaker and retries of whole calls are wrapped around it (`resilient.py`).

    HttpConnections     the pools, shared by all supergraphs a gateway serves one after the other
    HttpSubgraphClient  the routing of one supergraph over these pools

An idle connection may be closed by its peer at the very moment it is used again. A query to which
nothing at all was answered is then sent once more on a new connection. A mutation is never sent
twice; it only uses a connection that was in use within the last second.
"""

from __future__ import annotations

import asyncio
import base64
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote, urlsplit

import msgspec

from gateway.transport.answer import read_answer, too_large
from gateway.transport.base import SubgraphCallError, SubgraphRequest, SubgraphResponse
from gateway.transport.connection import (
    AnswerTooLargeError,
    ClientConnection,
    ConnectionLostError,
    HttpAnswer,
    ProtocolError,
)
from gateway.transport.pool import Clock, ConnectionPool

MUTATION_MAX_IDLE_SECONDS = 1.0
"""Servers keep idle connections for 5 s and more; one used a second ago is not being closed."""

_encode_json = msgspec.json.Encoder().encode


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


class InvalidTargetError(ValueError):
    """A subgraph's URL or TLS setting cannot be used; the text says what to change."""


@dataclass(frozen=True, slots=True)
class _Origin:
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
class _Route:
    """A target, prepared: everything about a request's head that never changes."""

    target: HttpTarget
    origin: _Origin
    head: bytes


class HttpConnections:
    """Connection pools by origin.

    `max_connections` is per origin. `idle_seconds` is how long an unused connection is kept.
    """

    def __init__(
        self,
        *,
        max_connections: int = 256,
        idle_seconds: float = 30.0,
        clock: Clock = time.monotonic,
    ) -> None:
        self._max_connections = max_connections
        self._idle_seconds = idle_seconds
        self._clock = clock
        self._pools: dict[_Origin, ConnectionPool] = {}

    def pool(self, origin: _Origin) -> ConnectionPool:
        """The pool of `origin`, made at its first use."""
        pool = self._pools.get(origin)
        if pool is None:
            context = _tls_context(origin) if origin.is_tls else None

            async def connect() -> ClientConnection:
                return await _open_connection(origin, context)

            pool = self._pools[origin] = ConnectionPool(
                connect,
                max_connections=self._max_connections,
                idle_seconds=self._idle_seconds,
                clock=self._clock,
            )
        return pool

    def open_connections(self) -> int:
        """How many connections are open, over all origins."""
        return sum(pool.open_connections for pool in self._pools.values())

    def close(self) -> None:
        """Close idle connections now and each busy one after its answer."""
        for pool in self._pools.values():
            pool.close()


class HttpSubgraphClient:
    """Sends GraphQL requests to subgraphs over HTTP/1.1; a `SubgraphClient`."""

    def __init__(self, targets: Mapping[str, HttpTarget], connections: HttpConnections) -> None:
        """Prepare the routes.

        Raises:
            InvalidTargetError: if a URL or a TLS file cannot be used.
        """
        self._connections = connections
        self._routes = {name: _prepare(name, target) for name, target in targets.items()}
        for name, route in self._routes.items():
            try:
                connections.pool(route.origin)
            except (OSError, ValueError) as error:  # ssl.SSLError is an OSError
                raise InvalidTargetError(
                    f'The TLS files of subgraph "{name}" cannot be read: {error.strerror or error}'
                    if isinstance(error, OSError)
                    else f'The TLS files of subgraph "{name}" cannot be used: {error}'
                ) from error

    async def execute(self, request: SubgraphRequest) -> SubgraphResponse:
        """Send `request` and return the subgraph's answer; see `SubgraphClient`."""
        name = request.subgraph
        route = self._routes.get(name)
        if route is None:
            raise SubgraphCallError(
                name,
                "SUBREQUEST_CONNECTION_ERROR",
                f'Subgraph "{name}" has no routing URL; set one in the supergraph, or as '
                f"subgraphs.{name}.url in the gateway's configuration",
            )
        target = route.target
        payload = _request_bytes(route, request)
        pool = self._connections.pool(route.origin)
        try:
            if target.timeout_seconds is None:
                answer = await _exchange(pool, payload, is_mutation=request.is_mutation)
            else:
                async with asyncio.timeout(target.timeout_seconds):
                    answer = await _exchange(pool, payload, is_mutation=request.is_mutation)
        except AnswerTooLargeError as error:
            raise too_large(name, str(error)) from error
        except ProtocolError as error:
            raise SubgraphCallError(
                name,
                "SUBREQUEST_MALFORMED_RESPONSE",
                f'Subgraph "{name}" answered with something that is no HTTP/1.1 response',
            ) from error
        except ConnectionLostError as error:
            when = "before its answer was whole" if error.received else "without an answer"
            raise SubgraphCallError(
                name,
                "SUBREQUEST_CONNECTION_ERROR",
                f'Subgraph "{name}" closed the connection {when}',
            ) from error
        except _ConnectTimeoutError as error:
            raise SubgraphCallError(
                name,
                "SUBREQUEST_TIMEOUT",
                f'Subgraph "{name}" did not accept a connection within '
                f"{_seconds(target.connect_timeout_seconds)}",
            ) from error
        except TimeoutError as error:  # ours, or the system's for a peer that went silent
            seconds = target.timeout_seconds
            within = f"within {_seconds(seconds)}" if seconds is not None else "in time"
            raise SubgraphCallError(
                name, "SUBREQUEST_TIMEOUT", f'Subgraph "{name}" did not answer {within}'
            ) from error
        except OSError as error:
            raise SubgraphCallError(
                name,
                "SUBREQUEST_CONNECTION_ERROR",
                f'Subgraph "{name}" cannot be reached: {_reason(error)}',
            ) from error
        return read_answer(
            name, answer, max_body_bytes=target.max_body_bytes, undecoded=request.undecoded
        )

    async def close(self) -> None:
        """Nothing of its own to release: the connections belong to `HttpConnections`."""


class _ConnectTimeoutError(Exception):
    """No connection within the connect time-out."""


async def _exchange(pool: ConnectionPool, payload: bytes, *, is_mutation: bool) -> HttpAnswer:
    max_idle = MUTATION_MAX_IDLE_SECONDS if is_mutation else None
    connection = await pool.acquire(max_idle_seconds=max_idle)
    was_used_before = connection.exchanges > 0
    try:
        return await connection.exchange(payload)
    except ConnectionLostError as error:
        if error.received or is_mutation or not was_used_before:
            raise
    finally:
        pool.release(connection)
    # A stale connection: its neighbours are likely to be stale, too.
    pool.drop_idle()
    connection = await pool.acquire()
    try:
        return await connection.exchange(payload)
    finally:
        pool.release(connection)


async def _open_connection(origin: _Origin, context: ssl.SSLContext | None) -> ClientConnection:
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(origin.connect_timeout_seconds):
            _, connection = await loop.create_connection(
                lambda: ClientConnection(max_body_bytes=origin.max_body_bytes),
                origin.host,
                origin.port,
                ssl=context,
                server_hostname=origin.host if context is not None else None,
            )
    except TimeoutError as error:
        raise _ConnectTimeoutError from error
    return connection


# --- Preparing ---------------------------------------------------------------------------------


def _prepare(name: str, target: HttpTarget) -> _Route:
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
    headers |= {key.lower(): value for key, value in target.headers.items()}
    if not _is_header_safe(path) or not path.isascii() or " " in path:
        raise InvalidTargetError(
            f'The routing URL of subgraph "{name}" has characters that must be percent-encoded'
        )
    for key, value in headers.items():
        if not _is_header_safe(key + value):
            raise InvalidTargetError(
                f'The header "{key}" configured for subgraph "{name}" contains a line break or '
                "characters that HTTP headers cannot carry"
            )
    head = f"POST {path} HTTP/1.1\r\n" + "".join(f"{k}: {v}\r\n" for k, v in headers.items())
    return _Route(
        target=target,
        origin=_Origin(
            host=parts.hostname,
            port=port or default_port,
            ca_file=target.ca_file,
            client_certificate_file=target.client_certificate_file,
            client_key_file=target.client_key_file,
            is_tls=is_tls,
            max_body_bytes=target.max_body_bytes,
            connect_timeout_seconds=target.connect_timeout_seconds,
        ),
        head=head.encode("latin-1"),
    )


def _tls_context(origin: _Origin) -> ssl.SSLContext:
    context = ssl.create_default_context(
        cafile=str(origin.ca_file) if origin.ca_file is not None else None
    )
    if origin.client_certificate_file is not None:
        context.load_cert_chain(origin.client_certificate_file, origin.client_key_file)
    return context


def encode_request_body(request: SubgraphRequest) -> bytes:
    """The request as JSON ("GraphQL over HTTP", section 5.1).

    Raises:
        SubgraphCallError: if its variables cannot be written as JSON.
    """
    body: dict[str, object] = {"query": request.operation}
    if request.variables:
        body["variables"] = request.variables
    if request.operation_name is not None:
        body["operationName"] = request.operation_name
    try:
        return _encode_json(body)
    except (TypeError, ValueError, RecursionError) as error:
        raise SubgraphCallError(
            request.subgraph,
            "SUBREQUEST_CONNECTION_ERROR",
            f'The variables for subgraph "{request.subgraph}" cannot be written as JSON',
        ) from error


def _request_bytes(route: _Route, request: SubgraphRequest) -> bytes:
    encoded = encode_request_body(request) if request.body is None else request.body
    lines = [
        f"{name}: {value}\r\n"
        for name, value in request.headers.items()
        if name not in route.target.headers and _is_header_safe(name + value)
    ]
    lines.append(f"content-length: {len(encoded)}\r\n\r\n")
    return b"".join((route.head, "".join(lines).encode("latin-1"), encoded))


def _is_header_safe(text: str) -> bool:
    """Whether `text` can stand in a header without ending it (RFC 9110 §5.5)."""
    if text.isascii() and text.isprintable():
        return True  # nearly always, and found out at once
    return not any(c in text for c in "\r\n\0") and all(ord(c) < 256 for c in text)


def _seconds(value: float) -> str:
    return f"{value:g} s"


def _reason(error: OSError) -> str:
    """A few words on why there is no connection, without the address."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not valid ({error.verify_message})"
    if isinstance(error, ssl.SSLError):
        return "the TLS handshake failed"
    if isinstance(error, ConnectionRefusedError) or "refused" in str(error).lower():
        return "the connection was refused"
    if isinstance(error, ConnectionError):
        return "the connection was reset"
    if type(error).__name__ == "gaierror":
        return "its host name is not known"
    return "no connection could be opened"
