"""What the two REST sources have in common: serving, and a line in the access log per request.

A source is somebody else's product. Nothing here knows of the mesh.
"""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime
from pathlib import Path

import uvicorn
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

MAX_BODY_BYTES = 1_000_000


class AccessLog:
    """Writes a JSON line per request: time, method, path, query parameter names, status, ms.

    Values of parameters are left out: people search for names and e-mail addresses.
    """

    def __init__(self, app: ASGIApp, path: Path) -> None:
        self._app = app
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = path.open("a", buffering=1, encoding="utf-8")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve, then write the line."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        status = 500
        started = time.perf_counter()

        async def note_status(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, note_status)
        finally:
            request = Request(scope)
            entry = {
                "time": datetime.now(UTC).isoformat(timespec="milliseconds"),
                "method": request.method,
                "path": request.url.path,
                "query": sorted(request.query_params.keys()),
                "status": status,
                "ms": round((time.perf_counter() - started) * 1000, 1),
            }
            self._file.write(json.dumps(entry) + "\n")


class BodyError(ValueError):
    """A request body that is too large, or is no JSON object."""


async def read_json_object(request: Request) -> dict[str, object]:
    """Read the body, at most `MAX_BODY_BYTES` of it.

    Raises:
        BodyError: with a text for the client.
    """
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY_BYTES:
            raise BodyError(f"The body is larger than {MAX_BODY_BYTES} bytes.")
    try:
        value = json.loads(bytes(body))
        json.dumps(value, ensure_ascii=False).encode()  # half of a surrogate pair is no text
    except (ValueError, RecursionError):
        raise BodyError("The body is not valid JSON.") from None
    if not isinstance(value, dict):
        raise BodyError("The body must be a JSON object.")
    return value


def serve(app: ASGIApp, *, port: int) -> None:
    """Serve on the loopback interface until SIGTERM or SIGINT."""
    uvicorn.run(
        app, host="127.0.0.1", port=port, access_log=False, log_level="warning",
        timeout_graceful_shutdown=2, lifespan="on",
    )  # fmt: skip
