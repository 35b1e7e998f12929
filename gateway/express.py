"""An operation that needs no task: planned before, compiled, a query.

What `Pipeline.run` does around an execution (deadline, hard end, stepping aside, an outcome
whatever happens) is done here from callbacks: the calls of compiled code need no task either, and a
task with the coroutines on its stack would cost a small request more than its execution does.
`Pipeline.start` decides whether an operation is one of these; all others are `run`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextvars import Context
from typing import TypeAlias

import structlog

from gateway.errors import INTERNAL_ERROR
from gateway.executor.compiled import Attempt
from gateway.operation.model import Operation
from gateway.outcome import Outcome, executed, refused, timed_out
from subgraph_kit.resilience.cut_off import Wheel
from subgraph_kit.resilience.deadline import Deadline, context_with

Done: TypeAlias = Callable[[Outcome], None]
"""Called once with what became of an operation, on the event loop. Must not raise."""

_log = structlog.get_logger(__name__)


class ExpressOperation:
    """One operation under way; an `Expiring` of the wheel."""

    __slots__ = (
        "_attempt", "_context", "_done", "_operation", "_seconds", "_task", "_tick", "_wheel",
    )  # fmt: skip

    _context: Context
    _wheel: Wheel
    _tick: int

    def __init__(self, operation: Operation, attempt: Attempt, seconds: float, done: Done) -> None:
        self._operation = operation
        self._attempt = attempt
        self._seconds = seconds
        self._done = done
        self._task: asyncio.Task[None] | None = None

    def begin(self, wheel: Wheel, *, grace_seconds: float) -> None:
        """Begin; `done` may be called before this returns. `wheel` is that of the running loop.

        Subgraph calls end when the operation's time is over, and everything `grace_seconds` later.
        """
        limit = Deadline.after(self._seconds)
        self._context = context_with(limit)
        self._wheel = wheel
        self._tick = self._wheel.add(self, self._seconds + grace_seconds)
        try:
            goes_on = self._attempt.execution.start(limit, self._context, self._ended)
        except Exception:
            self._stop()
            self._failed()
        else:
            if not goes_on:
                self._ended()

    def cancel(self) -> None:
        """End it: nobody wants the answer any more. `done` is not called."""
        self._stop()
        self._wheel.remove(self, self._tick)

    def expire(self) -> None:
        """See `Expiring`."""
        self._stop()
        self._finish(refused(timed_out(self._seconds)))

    def _stop(self) -> None:
        self._attempt.execution.cancel()
        if self._task is not None:
            self._task.cancel()

    def _ended(self) -> None:
        try:
            result = self._attempt.result()
            outcome = None if result is None else executed(self._operation, result)
        except Exception:
            self._failed()
            return
        if outcome is not None:
            self._finish(outcome)
        else:
            self._task = asyncio.get_running_loop().create_task(
                self._step_aside(), context=self._context
            )

    async def _step_aside(self) -> None:
        try:
            outcome = executed(self._operation, await self._attempt.interpret())
        except Exception:
            self._failed()
        else:
            self._finish(outcome)

    def _failed(self) -> None:
        """Call from an `except` clause: no text of an unexpected error may reach a client."""
        _log.exception("request failed", operation_name=self._operation.name)
        self._finish(Outcome(errors=[INTERNAL_ERROR], status=500))

    def _finish(self, outcome: Outcome) -> None:
        self._wheel.remove(self, self._tick)
        done, self._done = self._done, _nobody_asks  # who asked may know this operation
        done(outcome)


def _nobody_asks(_outcome: Outcome) -> None:
    raise AssertionError("an operation has ended twice")
