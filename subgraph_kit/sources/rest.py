"""A REST API as a source: one client that knows its credentials, its limits and its moods.

An adapter says what to ask for; this says how: authentication, time-out, retries and breaker
through the resilience policy, conditional requests, a limit on the answer's size, and one
vocabulary of errors whatever the API does. An answer is JSON or it is an error.

Errors and logs name the source, the method and the path; never a query string, a header or a body.
"""

from __future__ import annotations

import json
import ssl
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from email.utils import parsedate_to_datetime
from functools import cache
from typing import Any, NoReturn
from urllib.parse import quote

import httpx
import orjson

from subgraph_kit.errors import (
    ConfigurationError,
    KitError,
    RateLimitedError,
    SourceNotFoundError,
    SourceResponseError,
    SourceTimeoutError,
    SourceUnavailableError,
)
from subgraph_kit.resilience.policy import ResiliencePolicy, ResilienceSettings
from subgraph_kit.sources.auth import SourceAuth
from subgraph_kit.telemetry import names
from subgraph_kit.telemetry.metrics import record_breaker_change
from subgraph_kit.telemetry.setup import inject_trace_context, tracer

_BODY_BYTES = 16 * 1024 * 1024
"""The largest answer read by default: a page of a list is kilobytes, this is a runaway."""

_VALIDATOR_ENTRIES = 256
_VALIDATOR_BYTES = 8 * 1024 * 1024
"""How much is kept to answer a 304 from."""

_IDEMPOTENT_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "PUT", "DELETE"})

QueryParams = Mapping[str, str | int | float | bool | list[str] | None]


@dataclass(frozen=True, slots=True)
class RestResponse:
    """An answer: `data` is the parsed JSON (None for an empty body), header names in lower case."""

    status: int
    data: Any
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def etag(self) -> str | None:
        """The answer's ETag."""
        return self.headers.get("etag")


class RestSource:
    """A REST API under one base URL, known as `name` in errors, logs and metrics.

    `exact_decimals` reads JSON numbers with a fraction as `Decimal`, for money that a float would
    round. `transport` is for tests.
    """

    def __init__(
        self,
        name: str,
        base_url: str,
        *,
        auth: SourceAuth | None = None,
        resilience: ResilienceSettings | None = None,
        headers: Mapping[str, str] | None = None,
        max_body_bytes: int = _BODY_BYTES,
        max_connections: int = 50,
        exact_decimals: bool = False,
        transport: httpx.AsyncBaseTransport | None = None,
        policy: ResiliencePolicy | None = None,
    ) -> None:
        url = httpx.URL(base_url)
        if url.scheme not in ("http", "https") or not url.host:
            raise ConfigurationError(f"{name}: the base URL must look like https://host/path")
        if url.userinfo:
            raise ConfigurationError(
                f"{name}: put the credentials into auth=..., not into the base URL"
            )
        self.name = name
        self.base_url = base_url.rstrip("/")
        self.auth_type = auth.auth_type if auth is not None else "none"
        self.policy = policy or ResiliencePolicy(
            name, resilience, on_state_change=record_breaker_change
        )
        self._max_body_bytes = max_body_bytes
        self._exact_decimals = exact_decimals
        self._validators = _Validators()
        self._client = httpx.AsyncClient(
            base_url=self.base_url,
            auth=auth,
            headers={"Accept": "application/json", "User-Agent": "dictamesh", **(headers or {})},
            # The policy cuts off the whole call; this bounds each step where there is none.
            timeout=self.policy.settings.timeout_seconds,
            limits=httpx.Limits(max_connections=max_connections),
            transport=transport,
            verify=_trust(),
        )

    async def get(
        self,
        path: str,
        *,
        params: QueryParams | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> RestResponse:
        """GET. An answer with an ETag is kept, and asked for again by `If-None-Match`."""
        return await self.request("GET", path, params=params, headers=headers)

    async def get_json(self, path: str, *, params: QueryParams | None = None) -> Any:
        """GET, and only the parsed JSON."""
        return (await self.get(path, params=params)).data

    async def request(
        self,
        method: str,
        path: str,
        *,
        params: QueryParams | None = None,
        json: Any = None,
        headers: Mapping[str, str] | None = None,
        idempotent: bool | None = None,
    ) -> RestResponse:
        """Send one request under the resilience policy; parameters that are None are left out.

        `idempotent` says whether it may be sent twice; by default the method says it.

        Raises:
            SourceNotFoundError: for 404 and 410.
            SourceResponseError: for any other 4xx or 3xx, and for what is not JSON.
            RateLimitedError: for 429, with the source's `Retry-After`.
            SourceUnavailableError: for 5xx, or where there is no whole answer.
            CircuitOpenError: if the breaker is open.
        """
        method = method.upper()
        query = {key: value for key, value in (params or {}).items() if value is not None}
        request_headers = dict(headers or {})
        inject_trace_context(request_headers)
        content = None if json is None else orjson.dumps(json)
        if content is not None:
            request_headers["Content-Type"] = "application/json"
        request = self._client.build_request(
            method,
            path.lstrip("/"),
            params=query or None,  # an empty mapping would take away the path's own query
            content=content,
            headers=request_headers,
        )
        self._check_same_origin(request.url)
        # A caller that asks conditionally itself gets the 304 as it is.
        own_condition = "If-None-Match" in request.headers
        return await self.policy.call(
            lambda: self._send(request, own_condition),
            idempotent=method in _IDEMPOTENT_METHODS if idempotent is None else idempotent,
        )

    async def close(self) -> None:
        """Release the connections."""
        await self._client.aclose()

    def _check_same_origin(self, url: httpx.URL) -> None:
        base = self._client.base_url
        if (url.scheme, url.host, url.port) != (base.scheme, base.host, base.port):
            # An API's own "next" link must not carry our credentials to another host.
            raise SourceResponseError(f"{self.name}: refused to follow a link to another host")

    async def _send(self, request: httpx.Request, own_condition: bool) -> RestResponse:
        what = f"{request.method} {request.url.path}"
        key = str(request.url) if request.method == "GET" and not own_condition else None
        known = self._validators.get(key) if key is not None else None
        if known is not None:
            request.headers["If-None-Match"] = known.etag
        elif not own_condition:
            request.headers.pop("If-None-Match", None)
        with tracer().start_as_current_span(
            names.SPAN_SOURCE_REQUEST,
            attributes={
                names.ATTR_SOURCE_SYSTEM: self.name,
                names.ATTR_HTTP_METHOD: request.method,
                names.ATTR_SERVER_ADDRESS: request.url.host,
            },
            record_exception=False,
        ) as span:
            response, body = await self._exchange(request, what)
            span.set_attribute(names.ATTR_HTTP_STATUS, response.status_code)
            span.set_attribute(names.ATTR_RESPONSE_SIZE, len(body))
            headers = {name.lower(): value for name, value in response.headers.items()}
            if response.status_code == httpx.codes.NOT_MODIFIED:
                if known is not None:
                    return RestResponse(httpx.codes.OK, self._parse(known.body, what), headers)
                if own_condition:
                    return RestResponse(httpx.codes.NOT_MODIFIED, None, headers)
            if not response.is_success:
                self._raise_for_status(response, what)
            data = self._read_json(response, body, what)
            etag = headers.get("etag")
            if key is not None and etag is not None:
                self._validators.put(key, _Validated(etag, body))
            return RestResponse(response.status_code, data, headers)

    async def _exchange(self, request: httpx.Request, what: str) -> tuple[httpx.Response, bytes]:
        chunks: list[bytes] = []
        size = 0
        try:
            response = await self._client.send(request, stream=True)
            try:
                # Decoded bytes are counted as they come: a small gzip may hold a huge body.
                async for chunk in response.aiter_bytes():
                    size += len(chunk)
                    if size > self._max_body_bytes:
                        raise SourceResponseError(
                            f"{self.name} answered {what} with more than "
                            f"{self._max_body_bytes:,} bytes",
                            response.status_code,
                        )
                    chunks.append(chunk)
            finally:
                await response.aclose()
        except httpx.TimeoutException as error:
            raise SourceTimeoutError(f"{self.name} did not answer {what} in time") from error
        except httpx.DecodingError as error:
            raise SourceResponseError(
                f"{self.name} answered {what} with a broken content encoding"
            ) from error
        except httpx.ConnectError as error:
            raise SourceUnavailableError(f"{self.name} cannot be reached for {what}") from error
        except httpx.TransportError as error:
            raise SourceUnavailableError(f"{self.name} broke off its answer to {what}") from error
        return response, b"".join(chunks)

    def _raise_for_status(self, response: httpx.Response, what: str) -> NoReturn:
        status = response.status_code
        said = f"{self.name} answered HTTP {status} to {what}"
        error: KitError
        if status == httpx.codes.TOO_MANY_REQUESTS:
            error = RateLimitedError(said, _retry_after_seconds(response))
        elif status in (httpx.codes.NOT_FOUND, httpx.codes.GONE):
            error = SourceNotFoundError(said, status)
        elif status == httpx.codes.REQUEST_TIMEOUT:
            error = SourceTimeoutError(said)
        elif status >= httpx.codes.INTERNAL_SERVER_ERROR:
            error = SourceUnavailableError(said)
        elif status in (httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN):
            error = SourceResponseError(f"{said}: check the credentials and their rights", status)
        elif status < httpx.codes.BAD_REQUEST:
            error = SourceResponseError(f"{said}: check the base URL, it redirects", status)
        else:
            error = SourceResponseError(said, status)
        raise error

    def _read_json(self, response: httpx.Response, body: bytes, what: str) -> Any:
        if not body:
            return None
        media_type = response.headers.get("content-type", "").partition(";")[0].strip().lower()
        if media_type and not media_type.endswith(("/json", "+json")):
            raise SourceResponseError(
                f"{self.name} answered {what} with {media_type[:80]} instead of JSON",
                response.status_code,
            )
        return self._parse(body, what)

    def _parse(self, body: bytes, what: str) -> Any:
        try:
            if self._exact_decimals:
                return json.loads(body, parse_float=Decimal, parse_constant=_refuse_constant)
            return orjson.loads(body)
        except (ValueError, RecursionError) as error:
            # Not `from error`: a parser's error carries the text it could not read.
            del error
        raise SourceResponseError(f"{self.name} answered {what} with broken JSON")


@dataclass(frozen=True, slots=True)
class _Validated:
    etag: str
    body: bytes


class _Validators:
    """The latest answers with an ETag, least recently used out first."""

    def __init__(self) -> None:
        self._entries: OrderedDict[str, _Validated] = OrderedDict()
        self._bytes = 0

    def get(self, key: str) -> _Validated | None:
        entry = self._entries.get(key)
        if entry is not None:
            self._entries.move_to_end(key)
        return entry

    def put(self, key: str, entry: _Validated) -> None:
        old = self._entries.pop(key, None)
        if old is not None:
            self._bytes -= len(old.body)
        if len(entry.body) > _VALIDATOR_BYTES:
            return
        self._entries[key] = entry
        self._bytes += len(entry.body)
        while len(self._entries) > _VALIDATOR_ENTRIES or self._bytes > _VALIDATOR_BYTES:
            _, oldest = self._entries.popitem(last=False)
            self._bytes -= len(oldest.body)


def path_segment(entity_id: str) -> str:
    """Return an id as it may stand in a path, whatever is in it.

    Raises:
        SourceNotFoundError: for an id that no path can name; there is no such entity.
    """
    if entity_id in ("", ".", ".."):
        raise SourceNotFoundError("there is nothing under an id of dots only")
    return quote(entity_id, safe="")


@cache
def _trust() -> ssl.SSLContext:
    """Which servers are trusted: httpx's answer, of which every source would else make its own."""
    return httpx.create_ssl_context()


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _retry_after_seconds(response: httpx.Response) -> float | None:
    """Read `Retry-After`: seconds, or a date (RFC 9110, section 10.2.3)."""
    value = response.headers.get("retry-after", "").strip()
    if not value:
        return None
    if value.isascii() and value.isdigit() and len(value) < 10:
        return float(value)
    try:
        moment = parsedate_to_datetime(value)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - datetime.now(UTC)).total_seconds())
