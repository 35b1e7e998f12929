"""A vendor's catalogue API, with conventions of its own.

    python -m examples.sources.vendor --port 9002 --database vendor.db --access-log vendor.log

    GET  /v2/catalog/articles       ids (at most 100), articleNumbers, category, manufacturer,
                                    labelContains, updatedSince (ms), pageSize (up to 100), cursor
    GET  /v2/catalog/articles/ID    PATCH and DELETE likewise; POST on the list

Every request needs `X-Api-Key` (environment: VENDOR_API_KEY). Answers carry an ETag; a request
with `If-None-Match` may be answered 304. Who asks too fast gets 429 with Retry-After, and now and
then a request is answered 503, as a real vendor's are; which ones follows from --fault-seed.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import binascii
import hashlib
import hmac
import json
import math
import os
import random
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from examples.sources.service import AccessLog, BodyError, read_json_object, serve
from examples.sources.vendor_store import ArticleError, ArticleStore, Search

Handler = Callable[[Request], Awaitable[Response]]

MAX_PAGE_SIZE = 100
MAX_IDS = 100
DEFAULT_PAGE_SIZE = 25
PARAMETERS = frozenset(
    {"ids", "articleNumbers", "category", "manufacturer", "labelContains", "updatedSince",
     "pageSize", "cursor"}
)  # fmt: skip


class ParameterError(ValueError):
    """A parameter that is not understood; the text is for the client."""


@dataclass(frozen=True, slots=True)
class Manners:
    """How the vendor treats its clients.

    `fault_rate` is the share of requests that are answered 503; the n-th request is one of them
    or not by `fault_seed` and n alone.
    """

    requests_per_second: float = 100.0
    burst: int = 200
    fault_rate: float = 0.01
    fault_seed: int = 1


class TokenBucket:
    """Lets `burst` requests through at once, and `rate` per second in the long run."""

    def __init__(
        self, rate: float, burst: int, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._rate, self._burst, self._clock = rate, burst, clock
        self._tokens, self._then = float(burst), clock()

    def take(self) -> float:
        """Take a token and return 0.0, or return the seconds until there is one."""
        now = self._clock()
        self._tokens = min(self._burst, self._tokens + (now - self._then) * self._rate)
        self._then = now
        if self._tokens >= 1:
            self._tokens -= 1
            return 0.0
        return (1 - self._tokens) / self._rate


class Vendor:
    """The HTTP API over the store."""

    def __init__(self, store: ArticleStore, api_key: str, manners: Manners) -> None:
        self._store = store
        self._api_key = api_key.encode()
        self._manners = manners
        self._bucket = TokenBucket(manners.requests_per_second, manners.burst)
        self._requests = 0

    def app(self) -> Starlette:
        """The ASGI application."""
        articles, article = "/v2/catalog/articles", "/v2/catalog/articles/{article_id}"
        return Starlette(
            routes=[
                Route(articles, self._guarded(self._search), methods=["GET"]),
                Route(articles, self._guarded(self._create), methods=["POST"]),
                Route(article, self._guarded(self._read), methods=["GET"]),
                Route(article, self._guarded(self._update), methods=["PATCH"]),
                Route(article, self._guarded(self._discontinue), methods=["DELETE"]),
            ],
            exception_handlers={HTTPException: _http_error},
            lifespan=self._lifespan,
        )

    def _lifespan(self, app: Starlette) -> AbstractAsyncContextManager[None]:
        return self._running()

    @asynccontextmanager
    async def _running(self) -> AsyncIterator[None]:
        try:
            yield
        finally:
            self._store.close()

    def _guarded(self, handler: Handler) -> Handler:
        async def guarded(request: Request) -> Response:
            given = request.headers.get("x-api-key", "").encode()
            if not hmac.compare_digest(given, self._api_key):
                return _error(401, "API_KEY_INVALID", "Send a valid key in X-Api-Key.")
            if wait := self._bucket.take():
                headers = {"Retry-After": str(math.ceil(wait))}
                return _error(429, "TOO_MANY_REQUESTS", "Slow down.", headers)
            if self._fails_now():
                return _error(503, "TEMPORARILY_UNAVAILABLE", "Please try again.")
            try:
                return await handler(request)
            except (ParameterError, ArticleError, BodyError) as error:
                return _error(422, "INVALID_REQUEST", str(error))

        return guarded

    def _fails_now(self) -> bool:
        self._requests += 1
        drawn = random.Random(f"{self._manners.fault_seed}:{self._requests}").random()
        return drawn < self._manners.fault_rate

    async def _search(self, request: Request) -> Response:
        search = _parse_search(request)
        articles, end = await asyncio.to_thread(self._store.search, search)
        paging = {"pageSize": search.page_size, "nextCursor": _write_cursor(end)}
        return _tagged(request, {"articles": articles, "paging": paging})

    async def _read(self, request: Request) -> Response:
        article = await asyncio.to_thread(self._store.get, request.path_params["article_id"])
        return _tagged(request, {"article": article}) if article else _not_found()

    async def _create(self, request: Request) -> Response:
        article = await asyncio.to_thread(self._store.create, await read_json_object(request))
        return JSONResponse({"article": article}, status_code=201)

    async def _update(self, request: Request) -> Response:
        key, body = request.path_params["article_id"], await read_json_object(request)
        article = await asyncio.to_thread(self._store.update, key, body)
        return JSONResponse({"article": article}) if article else _not_found()

    async def _discontinue(self, request: Request) -> Response:
        key = request.path_params["article_id"]
        gone = await asyncio.to_thread(self._store.discontinue, key)
        return Response(status_code=204) if gone else _not_found()


def _parse_search(request: Request) -> Search:
    given = dict(request.query_params)
    if unknown := sorted(given.keys() - PARAMETERS):
        raise ParameterError(f"unknown parameter {unknown[0][:60]}")
    since = given.get("updatedSince")
    return Search(
        page_size=_number("pageSize", given.get("pageSize", str(DEFAULT_PAGE_SIZE)), MAX_PAGE_SIZE),
        after=_read_cursor(given["cursor"]) if given.get("cursor") else None,
        updated_since=None if since is None else _number("updatedSince", since, 10**14),
        ids=_list("ids", given.get("ids")),
        numbers=_list("articleNumbers", given.get("articleNumbers")),
        category=given.get("category"),
        manufacturer=given.get("manufacturer"),
        label_contains=given.get("labelContains"),
    )


def _number(name: str, text: str, largest: int) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > 15 or int(text) > largest:
        raise ParameterError(f"{name} must be a whole number up to {largest}")
    if name == "pageSize" and int(text) == 0:
        raise ParameterError("pageSize must be at least 1")
    return int(text)


def _list(name: str, text: str | None) -> tuple[str, ...]:
    values = tuple(dict.fromkeys(part for part in (text or "").split(",") if part))
    if len(values) > MAX_IDS:
        raise ParameterError(f"{name} takes at most {MAX_IDS} values")
    return values


def _write_cursor(end: tuple[int | str, str] | None) -> str | None:
    return None if end is None else base64.urlsafe_b64encode(json.dumps(end).encode()).decode()


def _read_cursor(text: str) -> tuple[int | str, str]:
    try:
        value = json.loads(base64.urlsafe_b64decode(text.encode("ascii")))
    except (ValueError, binascii.Error, RecursionError):
        value = None
    match value:
        case [int() | str() as sort, str() as key] if not _is_odd(sort):
            return sort, key
        case _:
            raise ParameterError("cursor is not one that this list gave")


def _is_odd(sort: int | str) -> bool:
    """Whether a sort value is none that this list wrote."""
    return isinstance(sort, bool) or (isinstance(sort, int) and not 0 <= sort < 2**53)


def _tagged(request: Request, content: dict[str, Any]) -> Response:
    """The content with its ETag, or 304 where the client has it already."""
    response = JSONResponse(content)
    tag = f'"{hashlib.sha256(response.body).hexdigest()[:24]}"'
    known = [each.strip() for each in request.headers.get("if-none-match", "").split(",")]
    if tag in known or "*" in known:
        return Response(status_code=304, headers={"ETag": tag})
    response.headers["ETag"] = tag
    return response


def _not_found() -> Response:
    return _error(404, "ARTICLE_NOT_FOUND", "There is no such article.")


def _error(status: int, code: str, detail: str, headers: dict[str, str] | None = None) -> Response:
    content = {"error": {"code": code, "detail": detail}}
    return JSONResponse(content, status_code=status, headers=headers)


async def _http_error(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    return _error(status, "NO_SUCH_RESOURCE", "There is no such resource.")


def main() -> None:
    """Serve from the command line."""
    usual = Manners()
    parser = argparse.ArgumentParser(description="A vendor's catalogue with sample articles.")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--database", type=Path, required=True)
    parser.add_argument("--access-log", type=Path, required=True)
    parser.add_argument("--scale", type=int, default=1, help="multiplies the 500 articles")
    parser.add_argument("--requests-per-second", type=float, default=usual.requests_per_second)
    parser.add_argument("--burst", type=int, default=usual.burst)
    parser.add_argument("--fault-rate", type=float, default=usual.fault_rate)
    parser.add_argument("--fault-seed", type=int, default=usual.fault_seed)
    options = parser.parse_args()
    api_key = os.environ.get("VENDOR_API_KEY")
    if not api_key:
        sys.exit("Set VENDOR_API_KEY to the key that clients must send.")
    manners = Manners(
        options.requests_per_second, options.burst, options.fault_rate, options.fault_seed
    )
    store = ArticleStore(options.database, scale=options.scale)
    serve(AccessLog(Vendor(store, api_key, manners).app(), options.access_log), port=options.port)


if __name__ == "__main__":
    main()
