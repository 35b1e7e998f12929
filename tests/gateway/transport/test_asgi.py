"""Subgraphs in the same process answer as over the network."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from gateway.transport.asgi import AsgiSubgraphClient
from gateway.transport.base import SubgraphCallError, SubgraphRequest

Endpoint = Callable[[Request], Awaitable[Response]]


def client(endpoint: Endpoint) -> AsgiSubgraphClient:
    app = Starlette(routes=[Route("/graphql", endpoint, methods=["POST"])])
    return AsgiSubgraphClient({"products": app}, timeout_seconds=0.2)


async def code_of(endpoint: Endpoint, subgraph: str = "products") -> str:
    with pytest.raises(SubgraphCallError) as caught:
        await client(endpoint).execute(SubgraphRequest(subgraph, "{ a }"))
    assert "secret" not in caught.value.message
    return caught.value.code


async def test_the_app_sees_the_request_and_its_answer_is_read() -> None:
    async def echo(request: Request) -> Response:
        body = await request.json()
        return JSONResponse({"data": {**body, "authorization": request.headers["authorization"]}})

    response = await client(echo).execute(
        SubgraphRequest(
            "products",
            "query Q { a }",
            "Q",
            variables={"n": 1},
            headers={"authorization": "Bearer t"},
        )
    )
    assert response.data == {
        "query": "query Q { a }",
        "operationName": "Q",
        "variables": {"n": 1},
        "authorization": "Bearer t",
    }


async def test_failures_have_the_codes_of_the_network() -> None:
    async def html(request: Request) -> Response:
        return HTMLResponse("<p>secret</p>")

    async def fails(request: Request) -> Response:
        raise ValueError("secret")

    async def hangs(request: Request) -> Response:
        await asyncio.sleep(30)
        return Response()

    async def refuses(request: Request) -> Response:
        return Response("secret", status_code=503)

    assert await code_of(html) == "SUBREQUEST_MALFORMED_RESPONSE"
    assert await code_of(fails) == "SUBREQUEST_CONNECTION_ERROR"
    assert await code_of(hangs) == "SUBREQUEST_TIMEOUT"
    assert await code_of(refuses) == "SUBREQUEST_HTTP_ERROR"
    assert await code_of(html, "unknown") == "SUBREQUEST_CONNECTION_ERROR"
