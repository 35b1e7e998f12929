"""One execution of compiled code: calls, merging, and stepping aside.

Calls follow each other by callbacks: the end of one merges its answer and begins those that waited
for it. Where a client can `start` a call, it needs no task.

Whatever is not as good as it should be (an error of a subgraph, a missing entity, a null or a
value of another type than promised) ends the compiled execution. Calls in flight are waited for,
so that the interpreter gets every answer that was asked for; nothing else is called.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextvars import Context, copy_context
from typing import Any

import msgspec
import structlog

from gateway.context import RequestContext
from gateway.executor.compiled.compile import CallStep, Collected, CompiledPlan
from gateway.executor.compiled.outcome import StepAsideError
from gateway.executor.compiled.replay import Answer
from gateway.transport.base import (
    SubgraphClient,
    SubgraphRequest,
    SubgraphResponse,
)
from gateway.transport.express import ExpressCall, ExpressClient
from subgraph_kit.resilience.deadline import Deadline, current_deadline

_log = structlog.get_logger(__name__)

_encode = msgspec.json.Encoder().encode

_EXPECTED = (StepAsideError, msgspec.DecodeError, RecursionError, UnicodeDecodeError)
"""What an answer can do; anything else is a defect of ours, worth a line in the log."""


class CompiledExecution:
    """The state of one operation while its compiled plan runs."""

    __slots__ = (
        "_client", "_contextvars", "_ended", "_express", "_headers", "_limit", "_lists",
        "_pending", "_plan", "_security", "_variables", "_waits_for", "has_failed", "recorded",
    )  # fmt: skip

    def __init__(
        self,
        plan: CompiledPlan,
        variables: Mapping[str, Any],
        *,
        client: SubgraphClient,
        context: RequestContext,
    ) -> None:
        self._plan = plan
        self._variables = variables
        self._client = client
        self._express = client if isinstance(client, ExpressClient) else None
        self._headers = context.headers
        self._security = context.security
        self._lists = plan.new_lists()
        self._waits_for = list(plan.schedule.waits_for)
        self._pending: set[_Pending] = set()
        self._ended: Callable[[], None] | None = None
        self.recorded: list[tuple[SubgraphRequest, Answer]] = []
        self.has_failed = False

    def start(self, limit: Deadline | None, context: Context, ended: Callable[[], None]) -> bool:
        """Begin; False if that was all already. Otherwise `ended` is called when it is.

        `limit` is the deadline of the calls. They go on in callbacks, which run in the context of
        a connection; `context` is that in which code runs that has to be awaited.
        """
        self._limit, self._contextvars = limit, context
        self._begin(self._plan.schedule.first)
        if not self._pending:
            return False
        self._ended = ended
        return True

    def result(self) -> msgspec.Struct | None:
        """The client's `data`, ready to be encoded; None if the interpreter has to take over."""
        return None if self.has_failed else self._plan.hide(self._lists)

    async def run(self) -> msgspec.Struct | None:
        """Begin, wait for the end and return the `result`."""
        await self.wait()
        return self.result()

    async def wait(self) -> None:
        """Begin and wait for the end."""
        finished: asyncio.Future[None] = asyncio.get_running_loop().create_future()

        def ended() -> None:
            if not finished.done():
                finished.set_result(None)

        if self.start(current_deadline(), copy_context(), ended):
            try:
                await finished
            except BaseException:
                await asyncio.gather(*self.cancel(), return_exceptions=True)
                raise

    def cancel(self) -> list[asyncio.Task[None]]:
        """End the calls in flight; what is returned has yet to give something back."""
        self.has_failed = True
        self._ended = None
        return [task for pending in self._pending if (task := pending.cancel()) is not None]

    def _begin(self, numbers: Sequence[int]) -> None:
        """Begin the calls whose turn it is, and those after calls that have nothing to ask."""
        calls = self._plan.schedule.calls
        ready = list(numbers)
        for number in ready:  # it grows meanwhile
            if self.has_failed:
                return
            step = calls[number]
            if step is None or not self._call(step, number):
                ready += self._next(number)

    def _next(self, number: int) -> Sequence[int]:
        """Those that waited for this call alone."""
        ready: list[int] = []
        waits_for = self._waits_for
        for other in self._plan.schedule.then[number]:
            waits_for[other] = left = waits_for[other] - 1
            if not left:
                ready.append(other)
        return ready

    def _call(self, step: CallStep, number: int) -> bool:
        """Begin a call; False if there is nothing to ask."""
        variables: dict[str, Any] = {}
        if step.variable_usages:
            values = self._variables
            variables = {name: values[name] for name in step.variable_usages if name in values}
        collected: Collected | None = None
        if step.collect is not None:
            try:
                collected = step.collect(self._lists)
            except Exception as error:
                self._fail(error)
                return False
            if collected is None:
                return False
            variables["representations"] = collected[0]
        request = SubgraphRequest(
            step.subgraph,
            step.operation,
            step.operation_name,
            variables,
            self._headers,
            step.is_mutation,
            True,
            self._security,
        )
        pending = _Pending(self, step, number, collected, request)
        self._pending.add(pending)
        if self._express is not None:
            try:
                pending.call = self._express.start(
                    request, pending.done, self._limit, self._contextvars
                )
            except BaseException:
                self._pending.discard(pending)
                raise
        if pending.call is None and pending in self._pending:
            pending.task = asyncio.get_running_loop().create_task(
                pending.execute(self._client), context=self._contextvars
            )
        return True

    def ended(self, pending: _Pending, outcome: SubgraphResponse | Exception) -> None:
        """Merge an answer and begin what waited for it."""
        self._pending.discard(pending)
        self.recorded.append((pending.request, outcome))
        if not self.has_failed:
            # An unexpected error is the interpreter's to make something of.
            if isinstance(outcome, Exception) or outcome.errors:
                self.has_failed = True
            else:
                try:
                    body = outcome.body
                    if body is None:
                        body = _encode({"data": outcome.data})
                    pending.step.merge(self._lists, body, pending.collected)
                    self._begin(self._next(pending.number))
                except Exception as error:
                    self._fail(error)
        if not self._pending and self._ended is not None:
            ended, self._ended = self._ended, None
            ended()

    def _fail(self, error: Exception) -> None:
        self.has_failed = True
        if not isinstance(error, _EXPECTED):
            # Without the values: they may be personal data.
            _log.error("compiled execution failed", error=type(error).__name__)


class _Pending:
    """A call in flight."""

    __slots__ = ("_execution", "call", "collected", "number", "request", "step", "task")

    def __init__(
        self,
        execution: CompiledExecution,
        step: CallStep,
        number: int,
        collected: Collected | None,
        request: SubgraphRequest,
    ) -> None:
        self._execution = execution
        self.step = step
        self.number = number
        self.collected = collected
        self.request = request
        self.call: ExpressCall | None = None
        self.task: asyncio.Task[None] | None = None

    def done(self, outcome: SubgraphResponse | Exception) -> None:
        """The call has ended."""
        self.call = self.task = None
        self._execution.ended(self, outcome)

    async def execute(self, client: SubgraphClient) -> None:
        """Make the call in a task of its own."""
        try:
            outcome: SubgraphResponse | Exception = await client.execute(self.request)
        except Exception as error:
            outcome = error
        self.done(outcome)

    def cancel(self) -> asyncio.Task[None] | None:
        """End the call; returns what has to be waited for."""
        if self.call is not None:
            return self.call.cancel()
        if self.task is not None:
            self.task.cancel()
        return self.task
