"""How a REST source is told who we are. No secret shows in a `repr`, an error or a log."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncGenerator, Generator
from dataclasses import dataclass, field
from typing import Any

import httpx

from subgraph_kit.data_product import AuthType
from subgraph_kit.errors import ConfigurationError, SourceResponseError, SourceUnavailableError
from subgraph_kit.resilience.deadline import Clock

_RENEW_BEFORE_SECONDS = 30.0
"""A token is renewed this long before it ends: clocks differ, and a call takes its time."""

_DEFAULT_TOKEN_SECONDS = 300.0
"""How long a token is used whose server does not say `expires_in`."""


class SourceAuth(httpx.Auth):
    """Base of the ways to authenticate; `auth_type` is what the catalog records (row 45)."""

    auth_type: AuthType = "none"


@dataclass(frozen=True)
class BearerAuth(SourceAuth):
    """`Authorization: Bearer <token>`."""

    token: str = field(repr=False)
    auth_type = "bearer"

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Add the header."""
        request.headers["Authorization"] = f"Bearer {self.token}"
        yield request


@dataclass(frozen=True)
class ApiKeyAuth(SourceAuth):
    """A key in a header, `X-API-Key` by default. None goes into a URL: those end up in logs."""

    key: str = field(repr=False)
    header: str = "X-API-Key"
    auth_type = "api_key"

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Add the header."""
        request.headers[self.header] = self.key
        yield request


@dataclass(frozen=True)
class BasicAuth(SourceAuth):
    """HTTP basic authentication."""

    username: str
    password: str = field(repr=False)
    auth_type = "basic"

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Add the header."""
        yield from httpx.BasicAuth(self.username, self.password).auth_flow(request)


class OAuth2ClientCredentials(SourceAuth):
    """OAuth 2.0 client credentials (RFC 6749, section 4.4).

    The token is fetched when it is first needed, shared by all calls, renewed shortly before it
    ends, and once more where the source answers 401 to it.
    """

    auth_type = "oauth2"

    def __init__(
        self,
        token_url: str,
        client_id: str,
        client_secret: str,
        *,
        scope: str | None = None,
        clock: Clock = time.monotonic,
    ) -> None:
        self._token_url = token_url
        self._client_id = client_id
        self._client_secret = client_secret
        self._scope = scope
        self._clock = clock
        self._token: str | None = None
        self._renew_at = 0.0
        self._renewing = asyncio.Lock()

    def __repr__(self) -> str:
        return f"OAuth2ClientCredentials(client_id={self._client_id!r})"

    async def async_auth_flow(
        self, request: httpx.Request
    ) -> AsyncGenerator[httpx.Request, httpx.Response]:
        """Add the token; fetch or renew it first where needed."""
        async with self._renewing:
            if self._token is None or self._clock() >= self._renew_at:
                await self._read_token((yield self._token_request()))
            used = self._token
        request.headers["Authorization"] = f"Bearer {used}"
        response = yield request
        if response.status_code != httpx.codes.UNAUTHORIZED:
            return
        async with self._renewing:
            if self._token == used:
                await self._read_token((yield self._token_request()))
        request.headers["Authorization"] = f"Bearer {self._token}"
        yield request

    def _token_request(self) -> httpx.Request:
        form = {"grant_type": "client_credentials"}
        if self._scope is not None:
            form["scope"] = self._scope
        request = httpx.Request("POST", self._token_url, data=form)
        next(httpx.BasicAuth(self._client_id, self._client_secret).auth_flow(request))
        return request

    async def _read_token(self, response: httpx.Response) -> None:
        status = response.status_code
        if status >= httpx.codes.INTERNAL_SERVER_ERROR:
            raise SourceUnavailableError(f"the token endpoint answered HTTP {status}")
        if status in (httpx.codes.BAD_REQUEST, httpx.codes.UNAUTHORIZED):
            raise ConfigurationError(
                f"the token endpoint refused client {self._client_id!r} (HTTP {status}): "
                "check client id, secret and scope"
            )
        if status != httpx.codes.OK:
            raise SourceResponseError(f"the token endpoint answered HTTP {status}", status)
        try:
            answer: Any = json.loads(await response.aread())
            token = answer["access_token"]
            seconds = float(answer.get("expires_in") or _DEFAULT_TOKEN_SECONDS)
        except (ValueError, TypeError, KeyError, AttributeError):
            token, seconds = None, 0.0
        if not isinstance(token, str) or not token:
            raise SourceResponseError("the token endpoint's answer has no access_token", status)
        self._token = token
        # A token that lives shorter than the margin is used for half of its life.
        self._renew_at = self._clock() + max(seconds - _RENEW_BEFORE_SECONDS, seconds / 2)
