"""Subgraph calls over HTTP/2, for subgraphs that are configured so: `Http2SubgraphClient`.

Many calls share one connection, which pays where connections are dear: far away, behind proxies
that limit them. Beside the machine HTTP/1.1 (`http.py`) is faster. Over https a subgraph that
speaks only HTTP/1.1 is called in that; over http there is no way to ask, so HTTP/2 is expected.

pyreqwest does the protocol (`dictamesh[http2]`). Redirects, cookies, proxies of the environment
and decompression stay off: those are decided by `answer.py` and by the configuration.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from gateway.transport import failures
from gateway.transport.answer import read_answer, too_large
from gateway.transport.base import SubgraphCallError, SubgraphRequest, SubgraphResponse
from gateway.transport.connection import MAX_HEADER_BYTES, HttpAnswer
from gateway.transport.http import tls_files_of
from gateway.transport.request_body import encode_request_body
from gateway.transport.route import HttpTarget, Origin, Route, prepare_route, tls_context
from subgraph_kit.resilience.cut_off import cut_off

if TYPE_CHECKING:
    from pyreqwest.client import Client, ClientBuilder
    from pyreqwest.exceptions import RequestError
    from pyreqwest.response import Response

_READ_HEADERS = ("content-encoding", "content-type", "retry-after")
_WRITTEN_BY_THE_PROTOCOL = frozenset(("host", "content-length", "connection"))


class Http2Connections:
    """Clients by origin, each with its connections; shared by all supergraphs served in turn.

    `max_requests` is how many may be in flight to one origin. `idle_seconds` is how long an unused
    connection is kept.
    """

    def __init__(self, *, max_requests: int = 256, idle_seconds: float = 30.0) -> None:
        self._max_requests = max_requests
        self._idle_seconds = idle_seconds
        self._clients: dict[Origin, Client] = {}

    def client(self, origin: Origin) -> Client:
        """The client of `origin`, made at its first use.

        Raises:
            ImportError: if pyreqwest is not installed.
            OSError, ValueError: if a TLS file cannot be read or used.
        """
        client = self._clients.get(origin)
        if client is None:
            client = self._clients[origin] = self._build(origin).build()
        return client

    async def close(self) -> None:
        """Close all connections."""
        clients = list(self._clients.values())
        self._clients.clear()
        for client in clients:
            await client.close()

    def _build(self, origin: Origin) -> ClientBuilder:
        from pyreqwest.client import ClientBuilder

        builder = (
            ClientBuilder()
            .max_connections(self._max_requests)
            .pool_idle_timeout(timedelta(seconds=self._idle_seconds))
            .connect_timeout(timedelta(seconds=origin.connect_timeout_seconds))
            .follow_redirects(enable=False)
            .referer(enable=False)
            .no_proxy()
            .gzip(enable=False)
            .deflate(enable=False)
            .brotli(enable=False)
            .zstd(enable=False)
            .http2_max_header_list_size(MAX_HEADER_BYTES)
            .http2_adaptive_window(enabled=True)
        )
        if not origin.is_tls:
            return builder.http2_prior_knowledge()
        tls_context(origin)  # Python's own reading tells best what is wrong with a file
        if origin.ca_file is not None:
            builder = builder.add_root_certificate_pem(origin.ca_file.read_bytes())
        if origin.client_certificate_file is not None:
            pem = origin.client_certificate_file.read_bytes()
            if origin.client_key_file is not None:
                pem += b"\n" + origin.client_key_file.read_bytes()
            builder = builder.identity_pem(pem)
        return builder.http2(enable=True)


class Http2SubgraphClient:
    """Sends GraphQL requests to subgraphs over HTTP/2; a `SubgraphClient`."""

    def __init__(self, targets: Mapping[str, HttpTarget], connections: Http2Connections) -> None:
        """Prepare the routes.

        Raises:
            InvalidTargetError: if a URL or a TLS file cannot be used.
            ImportError: if pyreqwest is not installed.
        """
        self._routes: dict[str, tuple[Route, Client, str]] = {}
        for name, target in targets.items():
            route = prepare_route(name, target)
            headers = {
                key: value
                for key, value in route.headers.items()
                if key not in _WRITTEN_BY_THE_PROTOCOL
            }
            with tls_files_of(name):
                client = connections.client(route.origin)
            self._routes[name] = (replace(route, headers=headers), client, _without_user(target))

    async def execute(self, request: SubgraphRequest) -> SubgraphResponse:
        """Send `request` and return the subgraph's answer; see `SubgraphClient`."""
        from pyreqwest.exceptions import RequestError

        name = request.subgraph
        found = self._routes.get(name)
        if found is None:
            raise failures.no_route(name)
        route, client, url = found
        target = route.target
        body = encode_request_body(request) if request.body is None else request.body
        headers = {**route.headers, **route.forwarded(request.headers)}
        sending = client.post(url).headers(headers).body_bytes(body).build_streamed()
        try:
            if target.timeout_seconds is None:
                async with sending as response:
                    answer = await _read(name, response, target.max_body_bytes)
            else:
                with cut_off(target.timeout_seconds):
                    async with sending as response:
                        answer = await _read(name, response, target.max_body_bytes)
        except RequestError as error:
            raise _failure(name, target, error) from error
        except TimeoutError as error:
            raise failures.timed_out(name, target.timeout_seconds) from error
        return read_answer(
            name, answer, max_body_bytes=target.max_body_bytes, undecoded=request.undecoded
        )

    async def close(self) -> None:
        """Nothing of its own to release: the connections belong to `Http2Connections`."""


async def _read(name: str, response: Response, max_body_bytes: int) -> HttpAnswer:
    """The whole answer, given up as soon as it is larger than it may be."""
    parts: list[bytes] = []
    received = 0
    while (chunk := await response.body_reader.read_chunk()) is not None:
        received += len(chunk)
        if received > max_body_bytes:
            raise too_large(name, "body")
        parts.append(bytes(chunk))
    headers = {key: value for key in _READ_HEADERS if (value := response.get_header(key))}
    return HttpAnswer(response.status, headers, b"".join(parts))


def _failure(name: str, target: HttpTarget, error: RequestError) -> SubgraphCallError:
    from pyreqwest import exceptions

    match error:
        case exceptions.ConnectTimeoutError() | exceptions.PoolTimeoutError():
            return failures.connect_timed_out(name, target.connect_timeout_seconds)
        case exceptions.RequestTimeoutError():
            return failures.timed_out(name, target.timeout_seconds)
        case exceptions.ConnectError():
            return failures.unreachable(name, _reason(error))
        case exceptions.DecodeError():
            return failures.no_http(name, "HTTP/2")
        case exceptions.ReadError():
            return failures.closed_early(name, received=True)
        case _:
            return failures.closed_early(name, received=False)


def _reason(error: RequestError) -> str:
    """A few words on why there is no connection, without the address."""
    causes = " ".join(str(cause["message"]) for cause in error.details.get("causes") or ()).lower()
    if "certificate" in causes:
        return "its certificate is not valid"
    if "refused" in causes:
        return "the connection was refused"
    if "dns" in causes or "lookup" in causes:
        return "its host name is not known"
    if "reset" in causes:
        return "the connection was reset"
    return "no connection could be opened"


def _without_user(target: HttpTarget) -> str:
    """The URL without user and password: the route has them as a header."""
    parts = urlsplit(target.url)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
