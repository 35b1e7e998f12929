"""Subgraph calls to ASGI applications in the same process, for tests and single-process meshes."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any

import msgspec

from gateway.transport.answer import read_answer
from gateway.transport.base import SubgraphCallError, SubgraphRequest, SubgraphResponse
from gateway.transport.connection import HttpAnswer

Message = MutableMapping[str, Any]
AsgiApp = Callable[
    [
        MutableMapping[str, Any],
        Callable[[], Awaitable[Message]],
        Callable[[Message], Awaitable[None]],
    ],
    Awaitable[None],
]


class AsgiSubgraphClient:
    """A `SubgraphClient` over ASGI apps by subgraph name; each is called at `path`."""

    def __init__(
        self, apps: Mapping[str, AsgiApp], *, path: str = "/graphql", timeout_seconds: float = 30.0
    ) -> None:
        self._apps = apps
        self._path = path
        self._timeout_seconds = timeout_seconds

    async def execute(self, request: SubgraphRequest) -> SubgraphResponse:
        """Call the app as a server would; see `SubgraphClient`."""
        name = request.subgraph
        app = self._apps.get(name)
        if app is None:
            raise SubgraphCallError(
                name, "SUBREQUEST_CONNECTION_ERROR", f'There is no subgraph "{name}"'
            )
        try:
            async with asyncio.timeout(self._timeout_seconds):
                answer = await self._call(app, request)
        except TimeoutError as error:
            raise SubgraphCallError(
                name,
                "SUBREQUEST_TIMEOUT",
                f'Subgraph "{name}" did not answer within {self._timeout_seconds:g} s',
            ) from error
        except Exception as error:
            raise SubgraphCallError(
                name, "SUBREQUEST_CONNECTION_ERROR", f'Subgraph "{name}" failed without an answer'
            ) from error
        return read_answer(name, answer, max_body_bytes=2**31, undecoded=request.undecoded)

    async def close(self) -> None:
        """Nothing to release."""

    async def _call(self, app: AsgiApp, request: SubgraphRequest) -> HttpAnswer:
        body = msgspec.json.encode(
            {
                "query": request.operation,
                "operationName": request.operation_name,
                "variables": request.variables,
            }
        )
        headers = {"content-type": "application/json", "host": "subgraph", **request.headers}
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": "POST",
            "scheme": "http",
            "path": self._path,
            "raw_path": self._path.encode(),
            "query_string": b"",
            "root_path": "",
            "headers": [(k.encode("latin-1"), v.encode("latin-1")) for k, v in headers.items()],
            "client": ("127.0.0.1", 0),
            "server": ("subgraph", 80),
        }
        sent = False
        status = 0
        answer_headers: dict[str, str] = {}
        chunks: list[bytes] = []
        never = asyncio.Event()

        async def receive() -> Message:
            nonlocal sent
            if sent:
                await never.wait()  # The client stays until it has its answer.
            sent = True
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                for key, value in message.get("headers", ()):
                    answer_headers[key.decode("latin-1").lower()] = value.decode("latin-1")
            elif message["type"] == "http.response.body":
                chunks.append(message.get("body", b""))

        await app(scope, receive, send)
        return HttpAnswer(status, answer_headers, b"".join(chunks))
