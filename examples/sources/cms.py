"""A headless CMS with the shape of Directus, holding a collection of customers.

    python -m examples.sources.cms --port 9001 --database cms.db --access-log cms.access.log

    GET /items/customers           filter, fields, limit, offset, sort, meta
    GET /items/customers/ID        PATCH and DELETE likewise; POST on the collection
    GET /server/ping               without a token

Every other request needs `Authorization: Bearer TOKEN` (environment: CMS_TOKEN). Changes are told
to CMS_WEBHOOK_URL, signed with CMS_WEBHOOK_SECRET in the header CMS_WEBHOOK_SIGNATURE_HEADER.
"""

from __future__ import annotations

import argparse
import asyncio
import hmac
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from pathlib import Path

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from examples.sources.cms_filter import QueryError, parse_query
from examples.sources.cms_store import COLUMNS, CustomerStore, PayloadError
from examples.sources.cms_webhooks import WebhookSender, WebhookTarget
from examples.sources.service import AccessLog, BodyError, read_json_object, serve

Handler = Callable[[Request], Awaitable[Response]]


class Cms:
    """The HTTP API over the store."""

    def __init__(self, store: CustomerStore, token: str, sender: WebhookSender | None) -> None:
        self._store = store
        self._token = token.encode()
        self._sender = sender

    def app(self) -> Starlette:
        """The ASGI application."""
        collection, item = "/items/customers", "/items/customers/{key}"
        return Starlette(
            routes=[
                Route("/server/ping", self._ping),
                Route(collection, self._guarded(self._list), methods=["GET"]),
                Route(collection, self._guarded(self._create), methods=["POST"]),
                Route(item, self._guarded(self._read), methods=["GET"]),
                Route(item, self._guarded(self._update), methods=["PATCH"]),
                Route(item, self._guarded(self._delete), methods=["DELETE"]),
            ],
            exception_handlers={HTTPException: _http_error},
            lifespan=self._lifespan,
        )

    def _lifespan(self, app: Starlette) -> AbstractAsyncContextManager[None]:
        return self._running()

    @asynccontextmanager
    async def _running(self) -> AsyncIterator[None]:
        sending = asyncio.create_task(self._sender.run()) if self._sender else None
        try:
            yield
        finally:
            if sending is not None:
                sending.cancel()
                with suppress(asyncio.CancelledError):
                    await sending
            self._store.close()

    def _guarded(self, handler: Handler) -> Handler:
        async def guarded(request: Request) -> Response:
            scheme, _, token = request.headers.get("authorization", "").partition(" ")
            given = token.strip().encode()
            if scheme.lower() != "bearer" or not hmac.compare_digest(given, self._token):
                return _error(401, "INVALID_CREDENTIALS", "Invalid user credentials.")
            try:
                return await handler(request)
            except QueryError as error:
                return _error(400, "INVALID_QUERY", f"Invalid query. {error}")
            except (PayloadError, BodyError) as error:
                return _error(400, "INVALID_PAYLOAD", f"Invalid payload. {error}")

        return guarded

    async def _ping(self, request: Request) -> Response:
        return PlainTextResponse("pong")

    async def _list(self, request: Request) -> Response:
        query = parse_query(request.query_params.multi_items(), COLUMNS)
        items, meta = await asyncio.to_thread(self._store.list_items, query)
        return JSONResponse({"meta": meta, "data": items} if meta else {"data": items})

    async def _read(self, request: Request) -> Response:
        item = await asyncio.to_thread(self._store.get, _key(request))
        return JSONResponse({"data": item}) if item else _forbidden()

    async def _create(self, request: Request) -> Response:
        item = await asyncio.to_thread(self._store.create, await read_json_object(request))
        self._wake()
        return JSONResponse({"data": item})

    async def _update(self, request: Request) -> Response:
        key, fields = _key(request), await read_json_object(request)
        item = await asyncio.to_thread(self._store.update, key, fields)
        self._wake()
        return JSONResponse({"data": item}) if item else _forbidden()

    async def _delete(self, request: Request) -> Response:
        deleted = await asyncio.to_thread(self._store.delete, _key(request))
        self._wake()
        return Response(status_code=204) if deleted else _forbidden()

    def _wake(self) -> None:
        if self._sender is not None:
            self._sender.wake()


def _key(request: Request) -> int:
    text = request.path_params["key"]
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 15 else 0


def _forbidden() -> Response:
    """An item that is not there is answered like one that may not be seen."""
    return _error(403, "FORBIDDEN", "You don't have permission to access this.")


def _error(status: int, code: str, message: str) -> Response:
    errors = [{"message": message, "extensions": {"code": code}}]
    return JSONResponse({"errors": errors}, status_code=status)


async def _http_error(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    return _error(status, "ROUTE_NOT_FOUND", f"Route {request.url.path} doesn't exist.")


def main() -> None:
    """Serve from the command line."""
    parser = argparse.ArgumentParser(description="A Directus-shaped CMS with sample customers.")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--database", type=Path, required=True)
    parser.add_argument("--access-log", type=Path, required=True)
    parser.add_argument("--scale", type=int, default=1, help="multiplies the 1,000 customers")
    options = parser.parse_args()
    token = os.environ.get("CMS_TOKEN")
    if not token:
        sys.exit("Set CMS_TOKEN to the token that clients must send.")
    store = CustomerStore(options.database, scale=options.scale)
    sender = None
    if url := os.environ.get("CMS_WEBHOOK_URL"):
        target = WebhookTarget(
            url,
            os.environ.get("CMS_WEBHOOK_SECRET", ""),
            os.environ.get("CMS_WEBHOOK_SIGNATURE_HEADER", "X-Webhook-Signature"),
        )
        sender = WebhookSender(store, target)
    serve(AccessLog(Cms(store, token, sender).app(), options.access_log), port=options.port)


if __name__ == "__main__":
    main()
