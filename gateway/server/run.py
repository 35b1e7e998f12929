"""Runs a gateway: socket, server, signals, and everything that runs beside the requests.

uvicorn serves; what it decides by itself elsewhere is decided here: the socket is bound first, so
that a port in use is one sentence; signals end the process cleanly and SIGHUP loads the supergraph
again; no access log.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import signal
import socket
import sys
import tempfile
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any

import structlog
import uvicorn

from gateway.config import GatewaySettings
from gateway.config.listen import CorsSettings, ListenSettings
from gateway.errors import ConfigurationError
from gateway.server.assemble import Gateway
from gateway.server.protocol import bounded_protocol
from gateway.server.worker_metrics import WorkerMetrics
from gateway.server.workers import WorkerLife, Workers
from subgraph_kit.errors import ConfigurationError as KitConfigurationError
from subgraph_kit.telemetry.logs import configure_logging
from subgraph_kit.telemetry.setup import setup_telemetry

_log = structlog.get_logger(__name__)

_BACKLOG = 2048

_SWITCH_SECONDS = 0.001
"""How long a thread may go on while another wants to; Python's default is 5 ms."""

_TICKS_PER_SECOND = 10
"""uvicorn counts time in tenths of a second."""


def run_gateway(settings: GatewaySettings) -> None:
    """Serve until SIGINT or SIGTERM.

    Raises:
        ConfigurationError: if it cannot start, or cannot go on, as it is configured.
    """
    if settings.listen.workers == 1:
        _run_alone(settings)
    else:
        _run_workers(settings)


def _run_alone(settings: GatewaySettings) -> None:
    gateway = Gateway(settings)
    with _telemetry(settings), bind(settings.listen) as listener:
        _run_process(gateway, listener, None)


def _run_workers(settings: GatewaySettings) -> None:
    if not hasattr(os, "fork"):
        raise ConfigurationError(
            "Several workers need an operating system that can fork; leave out --workers and start "
            "several gateways on ports of their own"
        )
    Gateway(settings)  # for what it says of settings that cannot work

    def work(life: WorkerLife) -> None:
        gateway = Gateway(settings)
        with _telemetry(settings):
            structlog.contextvars.bind_contextvars(worker=life.number)
            _run_process(gateway, listener, life, Path(directory))

    with (
        bind(settings.listen) as listener,
        tempfile.TemporaryDirectory(prefix="dictamesh-gateway-") as directory,
    ):
        # Logs only: what exports traces has threads, which do not survive a fork.
        configure_logging(settings.telemetry.service_name, settings.telemetry.log_level)
        Workers(settings.listen.workers, work).run()


@contextlib.contextmanager
def _telemetry(settings: GatewaySettings) -> Iterator[None]:
    shutdown = setup_telemetry(
        settings.telemetry.service_name,
        endpoint=settings.telemetry.otlp_endpoint,
        log_level=settings.telemetry.log_level,
    )
    try:
        yield
    finally:
        shutdown()


def _run_process(
    gateway: Gateway,
    listener: socket.socket,
    life: WorkerLife | None,
    metrics_directory: Path | None = None,
) -> None:
    # Planning runs in threads: the event loop shall get its turn soon.
    sys.setswitchinterval(_SWITCH_SECONDS)
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        if life is not None and metrics_directory is not None:
            metrics = WorkerMetrics(metrics_directory, life.number, gateway.metrics.render_own)
            gateway.metrics.render_all = metrics.of_all
            runner.run(_beside(metrics, _serve_until_signalled(gateway, listener, life)))
        else:
            runner.run(_serve_until_signalled(gateway, listener, life))


async def _beside(metrics: WorkerMetrics, serving: Coroutine[Any, Any, None]) -> None:
    writing = asyncio.create_task(metrics.keep_written())
    try:
        await serving
    finally:
        writing.cancel()


async def _serve_until_signalled(
    gateway: Gateway, listener: socket.socket, life: WorkerLife | None
) -> None:
    running = RunningGateway(gateway, listener, on_ready=life.ready if life else lambda: None)
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, running.stop)
    loop.add_signal_handler(signal.SIGHUP, running.gateway.source.reload_soon)
    if life is None:
        loop.add_signal_handler(signal.SIGINT, running.stop)
    else:

        def parent_gone() -> None:
            loop.remove_reader(life.parent_fd)
            running.stop()

        loop.add_reader(life.parent_fd, parent_gone)
    await running.serve()


class RunningGateway:
    """A gateway on a listening socket."""

    def __init__(
        self,
        gateway: Gateway,
        listener: socket.socket,
        *,
        on_ready: Callable[[], None] = lambda: None,
    ) -> None:
        self.gateway = gateway
        self._on_ready = on_ready
        self._listener = listener
        self._server = _Server(_uvicorn_config(gateway))

    def stop(self) -> None:
        """Finish running requests and end `serve`; called again, end it at once."""
        self.gateway.app.is_stopping = True
        self._server.stop()

    async def serve(self) -> None:
        """Serve until stopped.

        Raises:
            ConfigurationError: if it cannot go on as it is configured.
        """
        beside = asyncio.create_task(self._work_beside_requests())
        # Whatever ends the work beside the requests (a supergraph that cannot be loaded) ends all.
        beside.add_done_callback(lambda _: self.stop())
        try:
            await self._server.serve(sockets=[self._listener])
        finally:
            was_done = beside.done()
            beside.cancel()
            (outcome,) = await asyncio.gather(beside, return_exceptions=True)
            await self.gateway.close()
            _log.info("gateway stopped")
        if was_done and isinstance(outcome, BaseException):
            raise _as_configuration_error(outcome)

    async def _work_beside_requests(self) -> None:
        """Load the supergraph, then watch it and consume events until cancelled."""
        gateway = self.gateway
        await gateway.source.load()
        host, port = self._listener.getsockname()[:2]
        shown_host = f"[{host}]" if ":" in host else host
        path = gateway.settings.listen.path
        _log.info("gateway ready", url=f"http://{shown_host}:{port}{path}", port=port)
        self._on_ready()
        await gateway.follow()


def _as_configuration_error(error: BaseException) -> BaseException:
    while isinstance(error, BaseExceptionGroup) and len(error.exceptions) == 1:
        error = error.exceptions[0]
    if isinstance(error, KitConfigurationError):
        return ConfigurationError(str(error))
    return error


# --- Server ------------------------------------------------------------------------------------


class _Server(uvicorn.Server):
    """uvicorn's server, but for signals and for how it waits for its end."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self._stop_asked = asyncio.Event()

    async def main_loop(self) -> None:
        """Tick once a second (the `date` header) and end at once when asked to."""
        tick = 0
        while not await self.on_tick(tick):
            tick += _TICKS_PER_SECOND
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(1.0):
                    await self._stop_asked.wait()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals to `_serve_until_signalled`: uvicorn would raise them again at the end."""
        yield

    def stop(self) -> None:
        """End gracefully; a second time, at once."""
        if self.should_exit:
            self.force_exit = True
        self.should_exit = True
        self._stop_asked.set()


def _uvicorn_config(gateway: Gateway) -> uvicorn.Config:
    settings = gateway.settings
    return uvicorn.Config(
        app=with_cors(gateway.app, settings.cors),
        loop="none",
        http=bounded_protocol(
            max_header_bytes=settings.limits.max_header_bytes,
            header_timeout_seconds=settings.limits.header_timeout_seconds,
            express=gateway.app.graphql.express,
            express_path=settings.listen.path,
        ),
        ws="none",
        lifespan="off",
        access_log=False,
        log_config=None,
        log_level="error",
        server_header=False,
        proxy_headers=False,  # nothing here depends on who the client says it is
        backlog=_BACKLOG,
        timeout_keep_alive=settings.listen.keep_alive_seconds,
        timeout_graceful_shutdown=settings.listen.shutdown_grace_seconds,
    )


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop]:
    """Take uvloop where there is one: it halves the cost of a request."""
    try:
        import uvloop
    except ImportError:
        return asyncio.new_event_loop
    return uvloop.new_event_loop


def with_cors(app: Any, cors: CorsSettings) -> Any:
    """The application, with what browsers ask of other origins answered where that is allowed."""
    if not cors.allow_origins:
        return app
    from starlette.middleware.cors import CORSMiddleware

    return CORSMiddleware(
        app,
        allow_origins=cors.allow_origins,
        allow_methods=("GET", "POST"),
        allow_headers=cors.allow_headers,
        allow_credentials=cors.allow_credentials,
        max_age=cors.max_age_seconds,
    )


# --- Socket ------------------------------------------------------------------------------------


def bind(listen: ListenSettings) -> socket.socket:
    """Open the listening socket.

    Raises:
        ConfigurationError: if that is not possible, with what to do about it.
    """
    host, port = listen.host, listen.port
    try:
        found = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE | socket.AI_NUMERICSERV
        )
    except (socket.gaierror, UnicodeError) as error:
        raise ConfigurationError(
            f'The host name "{host}" to listen on is not known; use an address of this machine, '
            "such as 127.0.0.1, or 0.0.0.0 for all of them"
        ) from error
    family, kind, protocol, _, address = found[0]
    listener = socket.socket(family, kind, protocol)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        listener.bind(address)
        listener.listen(_BACKLOG)
    except OSError as error:
        listener.close()
        raise ConfigurationError(_why_not_bound(error, host, port)) from error
    listener.setblocking(False)
    return listener


def _why_not_bound(error: OSError, host: str, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        return (
            f"Port {port} on {host} is already in use: stop the program that uses it, or choose "
            "another port with --port"
        )
    if error.errno == errno.EACCES:
        return f"This user may not listen on port {port}: choose a port above 1023 with --port"
    if error.errno == errno.EADDRNOTAVAIL:
        return (
            f"{host} is no address of this machine: use 127.0.0.1, or 0.0.0.0 for all addresses, "
            "with --host"
        )
    return f"It is not possible to listen on {host}, port {port}: {error.strerror}"
