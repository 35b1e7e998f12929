"""Serve an app until a signal ends it; whatever keeps it from starting is one sentence."""

from __future__ import annotations

import errno
import socket
import sys
from typing import Protocol

import uvicorn
from starlette.applications import Starlette

from subgraph_kit.errors import ConfigurationError


class Servable(Protocol):
    """What has an ASGI application."""

    def asgi(self) -> Starlette:
        """The application."""
        ...


def serve(app: Servable, *, host: str, port: int) -> None:
    """Serve on `host`:`port` (0 takes a free one) until SIGINT or SIGTERM.

    Raises:
        SystemExit: with 2, after one sentence on standard error, if it cannot start.
    """
    try:
        application = app.asgi()
        listener = _listen(host, port)
    except ConfigurationError as error:
        sys.stderr.write(f"{error}\n")
        raise SystemExit(2) from None
    config = uvicorn.Config(
        application,
        loop="auto",
        http="httptools",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=5,
    )
    try:
        uvicorn.Server(config).run(sockets=[listener])
    except KeyboardInterrupt:
        pass  # uvicorn raises it again after a clean shutdown; for us it was one
    finally:
        listener.close()


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        if error.errno == errno.EADDRINUSE:
            raise ConfigurationError(
                f"port {port} on {host} is in use: stop what listens there, or choose another "
                "with DICTAMESH_PORT"
            ) from None
        raise ConfigurationError(
            f"cannot listen on {host}:{port} ({error.strerror}): check DICTAMESH_HOST and "
            "DICTAMESH_PORT"
        ) from None
    listener.listen(2048)
    listener.setblocking(False)
    return listener
