"""Several processes that serve one listening socket.

One process uses one core. The first process binds the socket, forks the workers and does nothing
but look after them: signals go on to all of them, one that dies is replaced, and when the first
process dies the workers end too. The first worker starts alone: what is wrong with the
configuration is then said once, before there is a second one.

The workers share the socket, nothing else: each has its own caches, its own connections and its own
consumer group, so that every process hears of every change.
"""

from __future__ import annotations

import contextlib
import gc
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NoReturn

import structlog

from gateway.errors import ConfigurationError

_log = structlog.get_logger(__name__)

_POLL_SECONDS = 0.1
_READY = b"+"
_REFUSED = b"-"
_SHORT_LIFE_SECONDS = 5.0
"""A worker that ended sooner is likely to end again: the next one waits a moment."""
_RESTART_WAIT_SECONDS = 2.0
_MAX_REPORT_BYTES = 4096

Work = Callable[["WorkerLife"], None]
"""Serves until it is told to end; runs in a process of its own."""


@dataclass(frozen=True, slots=True)
class WorkerLife:
    """What a worker knows of the process that started it."""

    number: int
    """Counts the workers, from 1; a replacement has the number of what it replaces."""
    parent_fd: int
    """Becomes readable (at its end) when the first process is gone."""
    report_fd: int

    def ready(self) -> None:
        """Say that requests are answered from now on."""
        with contextlib.suppress(OSError):
            os.write(self.report_fd, _READY)


@dataclass(slots=True)
class _Worker:
    number: int
    pid: int
    report_fd: int
    started_at: float


class Workers:
    """Starts `count` workers and keeps as many running."""

    def __init__(self, count: int, work: Work) -> None:
        self._count = count
        self._work = work
        self._workers: dict[int, _Worker] = {}
        self._due: list[tuple[float, int]] = []
        self._stopping = False
        self._parent_end, self._own_end = os.pipe()

    def run(self) -> None:
        """Serve until SIGTERM or SIGINT.

        Raises:
            ConfigurationError: if the workers cannot start as they are configured.
        """
        gc.collect()
        gc.freeze()  # What is shared with the workers stays shared: no collection writes to it.
        try:
            with self._signals():
                first = self._start(1)
                self._await_first(first)
                for number in range(2, self._count + 1):
                    if not self._stopping:
                        self._start(number)
                while self._workers or (self._due and not self._stopping):
                    time.sleep(_POLL_SECONDS)
                    self._look_after()
        finally:
            self._kill()
            os.close(self._parent_end)
            os.close(self._own_end)

    # --- Processes -----------------------------------------------------------------------------

    def _start(self, number: int) -> _Worker:
        report, own_report = os.pipe()
        sys.stdout.flush()
        sys.stderr.flush()
        pid = os.fork()
        if pid == 0:
            os.close(report)
            os.close(self._own_end)
            for sibling in self._workers.values():
                os.close(sibling.report_fd)
            _be_worker(self._work, WorkerLife(number, self._parent_end, own_report))
        os.close(own_report)
        os.set_blocking(report, False)
        worker = _Worker(number, pid, report, time.monotonic())
        self._workers[pid] = worker
        return worker

    def _await_first(self, worker: _Worker) -> None:
        """Wait until the first worker serves; pass on why it cannot."""
        report = b""
        while not report.startswith(_READY):
            ended = self._ended(worker)
            report += _read(worker.report_fd)
            if ended is not None:
                del self._workers[worker.pid]
                os.close(worker.report_fd)
                if report.startswith(_REFUSED):
                    raise ConfigurationError(report[1:].decode(errors="replace"))
                if not self._stopping:
                    raise ConfigurationError(
                        "The first worker ended before it served; its log says why"
                    )
                return
            time.sleep(_POLL_SECONDS / 5)

    def _look_after(self) -> None:
        for worker in list(self._workers.values()):
            status = self._ended(worker)
            if status is None:
                continue
            report = _read(worker.report_fd).lstrip(_READY)
            os.close(worker.report_fd)
            del self._workers[worker.pid]
            if self._stopping:
                continue
            lived = time.monotonic() - worker.started_at
            wait = 0.0 if lived >= _SHORT_LIFE_SECONDS else _RESTART_WAIT_SECONDS
            _log.error(
                "a worker ended; starting another",
                worker=worker.number,
                exit_code=status,
                reason=report[1:].decode(errors="replace") or None,
                wait_ms=round(wait * 1000),
            )
            self._due.append((time.monotonic() + wait, worker.number))
        if self._stopping:
            return
        now = time.monotonic()
        for due in [due for due in self._due if due[0] <= now]:
            self._due.remove(due)
            self._start(due[1])

    def _ended(self, worker: _Worker) -> int | None:
        """The exit code of a worker that ended; negative for a signal."""
        pid, status = os.waitpid(worker.pid, os.WNOHANG)
        return os.waitstatus_to_exitcode(status) if pid else None

    def _kill(self) -> None:
        for worker in self._workers.values():
            with contextlib.suppress(ProcessLookupError):
                os.kill(worker.pid, signal.SIGKILL)
            with contextlib.suppress(ChildProcessError):
                os.waitpid(worker.pid, 0)
            os.close(worker.report_fd)
        self._workers.clear()

    # --- Signals -------------------------------------------------------------------------------

    @contextlib.contextmanager
    def _signals(self) -> Iterator[None]:
        def stop(_number: int, _frame: object) -> None:
            self._stopping = True
            self._tell(signal.SIGTERM)

        def reload(_number: int, _frame: object) -> None:
            self._tell(signal.SIGHUP)

        handlers = {signal.SIGTERM: stop, signal.SIGINT: stop, signal.SIGHUP: reload}
        before = {number: signal.signal(number, handler) for number, handler in handlers.items()}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _tell(self, number: signal.Signals) -> None:
        for worker in list(self._workers.values()):
            with contextlib.suppress(ProcessLookupError):
                os.kill(worker.pid, number)


def _be_worker(work: Work, life: WorkerLife) -> NoReturn:
    """Do the work in this process and end it, whatever happens."""
    code = 1
    try:
        # A terminal's Ctrl-C reaches all processes; the first one passes it on.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        signal.signal(signal.SIGHUP, signal.SIG_IGN)  # until there is something to load again
        work(life)
        code = 0
    except ConfigurationError as error:
        os.write(life.report_fd, _REFUSED + str(error).encode()[:_MAX_REPORT_BYTES])
    except BaseException:
        _log.exception("worker failed", worker=life.number)
    finally:
        with contextlib.suppress(Exception):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(code)


def _read(fd: int) -> bytes:
    try:
        return os.read(fd, _MAX_REPORT_BYTES + 1)
    except BlockingIOError:
        return b""
