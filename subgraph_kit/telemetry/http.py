"""Count and time HTTP requests (`http_requests_total`, `http_request_duration_seconds`)."""

from __future__ import annotations

import time
from typing import Any

from subgraph_kit.telemetry import metrics


class RequestMetrics:
    """ASGI middleware: counts and times requests by route, never by what a client made up."""

    def __init__(self, app: Any, service: str) -> None:
        self._app = app
        self._service = service

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Pass the request on, and note how it ended."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        status = 500
        started = time.perf_counter()

        async def noting_send(message: Any) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, noting_send)
        finally:
            route = scope.get("route")
            endpoint = getattr(route, "path", "other") if route is not None else "other"
            method = scope["method"] if scope["method"] in ("GET", "POST", "HEAD") else "other"
            metrics.HTTP_REQUESTS.labels(self._service, endpoint, method, str(status)).inc()
            metrics.HTTP_DURATION.labels(self._service, endpoint).observe(
                time.perf_counter() - started
            )
